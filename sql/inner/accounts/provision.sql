-- farebox.provision: makes sure that a user of Supabase Auth has a row, a number, a wallet and the starting tokens, once.
--
-- Called by   farebox.follow_auth_user for a new account; farebox.account_refusal and farebox_api.balance for one that is
--             not known here yet (it is older than farebox, or its trigger failed)
-- Locks       nothing that exists: the primary key decides between two at once
-- Returns     whether there is such a user now
--
-- auth.users is the only witness: an id that somebody was told, the made-up one of a repeated registration included, gets
-- nothing. Neither does an anonymous user, or new tokens could be had without end. Whoever comes back with an address that
-- had spent its tokens gets a wallet, but no tokens.

create or replace function farebox.provision(p_user uuid) returns boolean
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
    a record;
    u farebox.users;
    v_tokens bigint;
begin
    if exists (select from farebox.users x where x.id = p_user) then
        return true;
    end if;
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
        insert into farebox.users (id, number, phone, email, display_name, provider)
        values (p_user, nextval('farebox.user_numbers') * 1024 + farebox.slot_of(p_user),
                -- A phone that an operator gave to a user of its own stays with that one.
                case when exists (select from farebox.users x where x.phone = a.phone) then null else a.phone end,
                case when char_length(a.email) between 3 and 255 then a.email end, a.display_name, a.provider)
        on conflict do nothing
        returning users.* into u;
        exit when found;
        if exists (select from farebox.users x where x.id = p_user) then
            return true; -- somebody was faster
        end if;
    end loop; -- an operator's number or a phone was in the way

    insert into farebox.wallets (id, kind, owner, created_at) values (u.id, 'user', u.id, u.created_at);
    select s.starting_tokens into v_tokens from farebox.settings s;
    if v_tokens > 0 and not exists (
            select from farebox.used_addresses l
             where l.digest in (farebox.address_digest(u.email), farebox.address_digest(u.phone))) then
        perform from farebox.wallets w where w.id = u.id for no key update;
        perform farebox.post_grant(farebox.new_id(farebox.slot_of(u.id)), u.id, v_tokens, 'promo', null, null, null, null,
                                   'starting tokens', null, u.created_at);
    end if;
    return true;
end $$;
