-- farebox_api.grant: gives a wallet tokens: its first ones, an operator's gift.
--
-- Called by   handlers/users
-- Locks       the wallet
-- Answers     late, unauthorized, forbidden, not_found, key_reused, replayed, invalid_amount, invalid_expiry, ok
--             The order above is the order of the checks; callers may rely on it.
-- Replays     the same key with the same fingerprint, or the same id without a key, returns the first answer.
-- Raises      FB000 when the call itself is malformed

create or replace function farebox_api."grant"(
    p_id uuid, p_wallet uuid, p_number bigint, p_amount bigint,
    p_class text, p_priority int, p_expires_at timestamptz,
    p_key text, p_fingerprint bytea, p_description text, p_metadata json,
    p_api_key bytea, p_not_after timestamptz,
    out status text, out entry uuid, out amount bigint, out before bigint, out after bigint, out available bigint,
    out at timestamptz)
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
set jit = off             -- with these no plan made while the tables were small is kept when they are not (ledger rule 7)
set enable_seqscan = off
set enable_hashjoin = off
set enable_mergejoin = off
as $$
declare
    v_wallet uuid := farebox.resolve_user(p_wallet, p_number);
    v_old record;
    v_balance bigint;
    v_fingerprint constant bytea := case when p_key is not null then p_fingerprint end;
begin
    if p_id is null or p_amount is null or p_class is null or p_not_after is null
       or num_nonnulls(p_wallet, p_number) <> 1 or (p_key is not null and p_fingerprint is null) then
        raise exception 'malformed call' using errcode = 'FB000';
    end if;

    at := farebox.touch_wallet(v_wallet);
    if coalesce(at, clock_timestamp()) > p_not_after then
        status := 'late';
        return;
    end if;
    status := farebox.credential_refusal(p_api_key, 'grant');
    if status is not null then
        return;
    end if;
    if at is null then
        status := 'not_found';
        return;
    end if;

    if p_key is not null then
        select e.id, e.amount, e.credit_after, e.created_at, e.fingerprint into v_old
          from farebox.entries e
         where e.credit = v_wallet and e.kind = 'grant' and e.key = p_key and e.debit_seq is null;
    else
        select e.id, e.amount, e.credit_after, e.created_at, e.fingerprint into v_old
          from farebox.entries e
         where e.id = p_id and e.credit = v_wallet;
    end if;
    if found then
        if v_old.fingerprint is distinct from v_fingerprint then
            status := 'key_reused';
            return;
        end if;
        status := 'replayed';
        entry := v_old.id;
        amount := v_old.amount;
        before := v_old.credit_after - v_old.amount;
        after := v_old.credit_after;
        at := v_old.created_at;
        return;
    end if;

    select w.balance into v_balance from farebox.wallets w where w.id = v_wallet;
    if p_amount <= 0 or p_amount > 1000000000000 or v_balance + p_amount > 9007199254740991 then
        status := 'invalid_amount'; -- a balance stays exact in a client whose numbers are doubles
        return;
    end if;
    if p_expires_at <= at then
        status := 'invalid_expiry';
        return;
    end if;

    after := farebox.post_grant(p_id, v_wallet, p_amount, p_class::farebox.grant_class, p_priority, p_expires_at,
                                p_key, v_fingerprint, p_description, p_metadata, at);
    status := 'ok';
    entry := p_id;
    amount := p_amount;
    before := after - p_amount;
end $$;
