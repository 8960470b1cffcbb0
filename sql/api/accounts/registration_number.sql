-- farebox_api.registration_number: the number that a registration is answered with, before there is a session.
--
-- Called by   handlers/register
-- Locks       nothing
--
-- Of a new user it is the number that the trigger on auth.users gave. A registration of an address that has an account
-- already must look like any other: Supabase Auth makes up an id for it, and here it gets a number that nobody has or will
-- have. It asks for no caller, since nobody has logged in; it tells nothing but a number, and makes and credits nothing.

create or replace function farebox_api.registration_number(p_user uuid) returns bigint
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
begin
    if p_user is null then
        raise exception 'malformed call' using errcode = 'FB000';
    end if;
    return coalesce((select u.number from farebox.users u where u.id = p_user and u.erased_at is null and not u.managed),
                    nextval('farebox.user_numbers') * 1024 + farebox.slot_of(p_user));
end $$;
