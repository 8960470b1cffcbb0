-- farebox_api.grant: gives a wallet tokens: its first ones, an operator's gift.
--
-- Called by   handlers/users
-- Locks       the wallet
-- Answers     late, unauthorized, forbidden, user_not_found, behind (entry: the wallet), idempotency_key_reused, replayed, user_not_found (has left),
--             invalid_amount, validation_error (p_expires_at has passed), ok
--             The order above is the order of the checks; callers may rely on it. A key is asked about before who has left:
--             what was granted in time was granted.
-- Replays     the same key with the same fingerprint, or the same id without a key, returns the first answer.
-- Raises      FB000 when the call itself is malformed
--
-- before and after are the wallet's balance before the grant and when the call returned: a debt that it paid is gone from it.

create or replace function farebox_api."grant"(
    p_caller text, p_proof bytea,             -- who calls (farebox.caller_refusal)
    p_id uuid, p_wallet uuid, p_number bigint, p_amount bigint,
    p_class text, p_priority int, p_expires_at timestamptz,
    p_key text, p_fingerprint bytea, p_description text, p_metadata json,
    p_not_after timestamptz,
    out status text, out entry uuid, out amount bigint, out before bigint, out after bigint, out available bigint,
    out held bigint, out at timestamptz)
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
    v_wallet uuid := farebox.resolve_user(p_wallet, p_number);
    v_first record;
    v_balance bigint;
    v_behind boolean;
begin
    if p_id is null or p_amount is null or p_class is null or p_not_after is null
       or num_nonnulls(p_wallet, p_number) <> 1 or (p_key is not null and p_fingerprint is null) then
        raise exception 'malformed call' using errcode = 'FB000';
    end if;

    select l.at, l.behind into at, v_behind from farebox.lock_wallet(v_wallet) l;
    if coalesce(at, clock_timestamp()) > p_not_after then
        status := 'late';
        return;
    end if;
    status := farebox.caller_refusal(p_caller, p_proof, 'grant', '{operator}', v_wallet, 'user_not_found',
                                     coalesce(at, clock_timestamp()));
    if status is null and at is null then
        status := 'user_not_found';
    end if;
    if status is null and v_behind then
        status := 'behind';
        entry := v_wallet;
    end if;
    if status is not null then
        return;
    end if;

    select * into v_first from farebox.replay(v_wallet, 'grant', p_key, p_fingerprint, p_id);
    if v_first.status is not null then
        status := v_first.status;
        entry := v_first.entry;
        amount := v_first.amount;
        before := v_first.before;
        after := v_first.after;
        at := v_first.at;
        return;
    end if;
    if farebox.has_left(v_wallet) then
        status := 'user_not_found';
        return;
    end if;

    select w.balance into v_balance from farebox.wallets w where w.id = v_wallet;
    if p_amount <= 0 or p_amount > 1000000000000 or not farebox.fits(v_balance, p_amount) then
        status := 'invalid_amount';
        return;
    end if;
    if p_expires_at <= at then
        status := 'validation_error';
        return;
    end if;

    after := farebox.post_grant(p_id, v_wallet, p_amount, p_class::farebox.grant_class, p_priority, p_expires_at,
                                p_key, case when p_key is not null then p_fingerprint end, p_description, p_metadata, at);
    status := 'ok';
    entry := p_id;
    amount := p_amount;
    before := v_balance;
end $$;
