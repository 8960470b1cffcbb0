-- farebox_api.unused_number: a user's number that nobody has or will have.
--
-- Called by   handlers/register, for the answer to a registration of an address that has an account already: it must look
--             like any other, so it names a number, but nobody is made for it
-- Locks       nothing

create or replace function farebox_api.unused_number() returns bigint
language sql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
    select nextval('farebox.user_numbers')
$$;
