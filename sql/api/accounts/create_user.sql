-- farebox_api.create_user: an operator's own user and wallet, with its first tokens.
--
-- Called by   handlers/users
-- Locks       nothing that exists: unique indexes decide between two at once
-- Answers     late, unauthorized, forbidden (also: tokens without the scope grant), idempotency_key_reused, replayed,
--             user_exists, ok
-- Replays     the same key with the same fingerprint, or the same id, returns the first answer.
-- Raises      FB000 when the call itself is malformed
--
-- A user's number has the low 10 bits of the id, the slot of the wallet (farebox.slot_of): p_id is made for p_number, and
-- without one the number is dealt for p_id; an operator's own numbers are stepped over.

create or replace function farebox_api.create_user(
    p_caller text, p_proof bytea,             -- who calls (farebox.caller_refusal)
    p_id uuid, p_number bigint, p_phone text, p_email text, p_tokens bigint, p_entry uuid,
    p_key text, p_fingerprint bytea, p_not_after timestamptz,
    out status text, out user_id uuid, out number bigint, out phone text, out email text, out balance bigint,
    out created_at timestamptz)
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
    u farebox.users;
    v_number bigint := p_number;
    v_taken boolean := false; -- something of this user was another's, or this call's own before
begin
    if p_id is null or p_tokens is null or p_tokens not between 0 and 1000000000000 or p_entry is null
       or p_not_after is null or (p_key is null) <> (p_fingerprint is null)
       or p_number & 1023 <> farebox.slot_of(p_id) then
        raise exception 'malformed call' using errcode = 'FB000';
    end if;
    if clock_timestamp() > p_not_after then
        status := 'late';
        return;
    end if;
    status := farebox.caller_refusal(p_caller, p_proof, 'users', '{}', null, 'forbidden', clock_timestamp());
    if status is null and p_tokens > 0 then
        -- Making users must not be a way to make tokens.
        status := farebox.caller_refusal(p_caller, p_proof, 'grant', '{}', null, 'forbidden', clock_timestamp());
    end if;
    if status is not null then
        return;
    end if;

    loop
        -- Asked before and, after a lost race, again in a new statement: two with one key at once make one user. An id alone
        -- is this call's only where its user came into being by a call without a key.
        select x.* into u from farebox.users x
         where x.created_key = p_key or (p_key is null and x.id = p_id and x.managed and x.created_key is null);
        if found then
            status := case when u.created_fingerprint is not distinct from p_fingerprint then 'replayed'
                           else 'idempotency_key_reused' end;
            exit;
        end if;
        if v_taken and exists (select from farebox.users x where x.id = p_id) then
            status := 'idempotency_key_reused';
            exit;
        end if;
        if v_taken and exists (select from farebox.users x
                                where x.phone = p_phone or (x.managed and x.email = p_email)
                                   or (p_number is not null and x.number = p_number)) then
            status := 'user_exists';
            return;
        end if;
        if p_number is null then
            v_number := nextval('farebox.user_numbers') * 1024 + farebox.slot_of(p_id);
        end if;
        insert into farebox.users (id, number, phone, email, managed, created_key, created_fingerprint)
        values (p_id, v_number, p_phone, p_email, true, p_key, p_fingerprint)
        on conflict do nothing
        returning users.* into u;
        if found then
            insert into farebox.wallets (id, kind, owner, created_at) values (u.id, 'user', u.id, u.created_at);
            if p_tokens > 0 then
                perform from farebox.wallets w where w.id = u.id for no key update;
                perform farebox.post_grant(p_entry, u.id, p_tokens, 'promo', null, null, null, null,
                                           'first tokens', null, u.created_at);
            end if;
            status := 'ok';
            exit;
        end if;
        v_taken := true;
    end loop;

    if status = 'idempotency_key_reused' then
        return;
    end if;
    user_id := u.id;
    number := u.number;
    phone := u.phone;
    email := u.email;
    balance := p_tokens; -- a replay gives the first answer: equal fingerprints have equal tokens
    created_at := u.created_at;
end $$;
