-- farebox.account_digests: digests of all that tells whose account this is, as Supabase Auth has it at this moment.
--
-- Called by   farebox.give_starting_tokens
-- Locks       nothing
-- Returns     each digest, and whether it is proved that it is this person's: a confirmed address, an identity of another
--             provider. One may come twice.
--
-- Read from auth.users and not from farebox.users, which has no phone that is unconfirmed or an operator's own user's. What
-- proves nothing is not kept, or anybody could use up the tokens of somebody else's address, but it is looked for: whoever
-- says to be somebody who has had them is believed. Identities of the providers `email` and `phone` are the account's own id;
-- one of `web3` is a pair of keys, which cost nothing, so it would be tokens without end.

create or replace function farebox.account_digests(p_user uuid) returns table (digest bytea, proved boolean)
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
begin
    if to_regclass('auth.users') is null then
        return; -- a database without Supabase Auth has only an operator's own users
    end if;
    return query
        select farebox.address_digest(x.address), x.proved
          from auth.users z
         cross join lateral (values
                   (farebox.mailbox(z.email), z.email_confirmed_at is not null),
                   (nullif(z.email, '')::text, false), -- how digests were made until 0.1.0: as the address was written
                   (nullif(z.phone, '')::text, z.phone_confirmed_at is not null)) x(address, proved)
         where z.id = p_user and not z.is_anonymous and z.deleted_at is null and x.address is not null;
    if to_regclass('auth.identities') is not null then
        return query
            select farebox.address_digest(i.provider || ' ' || i.provider_id), true
              from auth.identities i
              join auth.users z on z.id = i.user_id and not z.is_anonymous and z.deleted_at is null
             where i.user_id = p_user and i.provider not in ('email', 'phone', 'web3');
    end if;
end $$;
