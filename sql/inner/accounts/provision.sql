-- farebox.provision: makes sure that a user of Supabase Auth has a row, a number and a wallet, and the starting tokens once
-- it is known whose account it is.
--
-- Called by   farebox.follow_auth_user for an account that is new or has changed; farebox.account_refusal and
--             farebox_api.balance for one that is not known here yet (it is older than farebox, or its trigger failed)
-- Locks       the wallet, when farebox.give_starting_tokens has something to do; the primary key decides between two at once
-- Returns     whether there is such a user now
--
-- auth.users is the only witness: an id that somebody was told, the made-up one of a repeated registration included, gets
-- nothing. Neither does an anonymous user.

create or replace function farebox.provision(p_user uuid) returns boolean
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
    a record;
    u farebox.users;
begin
    select x.* into u from farebox.users x where x.id = p_user;
    if not found then
        if to_regclass('auth.users') is null then
            return false; -- a database without Supabase Auth has only an operator's own users
        end if;
        select nullif(z.email, '') as email,
               -- Before it is confirmed a phone may be anybody's.
               case when z.phone ~ '^[0-9]{5,15}$' and z.phone_confirmed_at is not null then z.phone end as phone,
               nullif(left(btrim(z.raw_user_meta_data ->> 'display_name'), 100), '') as display_name,
               case when coalesce(z.raw_app_meta_data ->> 'provider', '') in ('', 'email', 'phone') then 'local'
                    else left(z.raw_app_meta_data ->> 'provider', 100) end as provider
          into a
          from auth.users z
         where z.id = p_user and not z.is_anonymous and z.deleted_at is null;
        if not found then
            return false;
        end if;

        loop
            insert into farebox.users (id, number, phone, email, display_name, provider, starting_tokens_at)
            values (p_user, nextval('farebox.user_numbers') * 1024 + farebox.slot_of(p_user),
                    -- A phone that an operator gave to a user of its own stays with that one.
                    case when exists (select from farebox.users x where x.phone = a.phone) then null else a.phone end,
                    case when char_length(a.email) between 3 and 255 then a.email end, a.display_name, a.provider, null)
            on conflict do nothing
            returning users.* into u;
            if found then
                insert into farebox.wallets (id, kind, owner, created_at) values (u.id, 'user', u.id, u.created_at);
                exit;
            end if;
            select x.* into u from farebox.users x where x.id = p_user;
            exit when found; -- somebody was faster
        end loop; -- else an operator's number or a phone was in the way
    end if;
    if not u.managed and u.erased_at is null then
        perform farebox.give_starting_tokens(p_user);
    end if;
    return true;
end $$;
