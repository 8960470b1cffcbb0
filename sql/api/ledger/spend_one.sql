-- farebox_api.spend_one: takes tokens from one wallet, exactly once per key. A batch of one: the same order of checks and
-- the same answers as farebox_api.spend, by a shorter path.
--
-- Called by   ledger::spend, when one request is all that waits
-- Locks       the wallet
-- Answers     late, unauthorized, forbidden, user_not_found, behind (entry: the wallet), idempotency_key_reused, replayed, invalid_amount,
--             wallet_blocked, subscription_expired, model_unavailable (no price), insufficient_balance (with the amount that
--             was required, available, and what open holds hold), ok
--             The order above is the order of the checks; callers may rely on it.
-- Replays     the same key with the same fingerprint, or the same id without a key, returns the first answer.
-- Raises      FB000 when the call itself is malformed
--
-- The only short path there is: a lone caller waits for this one. Everything else that is batched is an array frame with
-- one inner function a request.

create or replace function farebox_api.spend_one(
    p_caller text, p_proof bytea,             -- who calls (farebox.caller_refusal)
    p_id uuid, p_wallet uuid, p_number bigint,
    p_amount bigint,                          -- tokens, or units when p_model names a price
    p_model text, p_key text, p_fingerprint bytea, p_description text, p_metadata json,
    p_not_after timestamptz,                  -- in the database's clock
    out status text, out entry uuid, out amount bigint, out before bigint, out after bigint, out available bigint,
    out held bigint, out at timestamptz)
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
    w farebox.wallets;
    v_old record;
    v_wallet uuid := p_wallet;
    v_cost bigint := p_amount;
    v_version int;
    v_gate text;
    v_behind boolean := false;
    v_fingerprint constant bytea := case when p_key is not null then p_fingerprint end;
begin
    if p_id is null or p_amount is null or p_not_after is null or num_nonnulls(p_wallet, p_number) <> 1
       or (p_key is not null and p_fingerprint is null) then
        raise exception 'malformed call' using errcode = 'FB000';
    end if;
    if v_wallet is null then
        select u.id into v_wallet from farebox.users u where u.number = p_number; -- a number never changes hands
    end if;

    -- The row that the lock returns is the current one; everything else is read in later statements.
    select x.* into w from farebox.wallets x where x.id = v_wallet for no key update;
    at := clock_timestamp();
    if at > p_not_after then
        status := 'late';
        return;
    end if;
    if w.next_event_at <= at then
        v_behind := farebox.meet_due(v_wallet, at) is null;
        select x.* into w from farebox.wallets x where x.id = v_wallet;
    end if;

    status := farebox.caller_refusal(p_caller, p_proof, 'spend', '{user,device,operator}', w.id, 'user_not_found', at);
    if status is null and w.id is null then
        status := 'user_not_found';
    end if;
    if status is not null then
        return;
    end if;
    if v_behind then
        status := 'behind';
        entry := v_wallet;
        return;
    end if;

    if p_key is not null then
        select e.id, e.amount, e.debit_after, e.created_at, e.fingerprint into v_old
          from farebox.entries e
         where e.debit = v_wallet and e.kind = 'spend' and e.key = p_key and e.debit_seq is not null;
    else
        select e.id, e.amount, e.debit_after, e.created_at, e.fingerprint into v_old
          from farebox.entries e
         where e.id = p_id and e.debit = v_wallet;
    end if;
    if found then
        if v_old.fingerprint is distinct from v_fingerprint then
            status := 'idempotency_key_reused';
            return;
        end if;
        status := 'replayed';
        entry := v_old.id;
        amount := v_old.amount;
        before := v_old.debit_after + v_old.amount;
        after := v_old.debit_after;
        at := v_old.created_at;
        return;
    end if;

    -- A negative spend would be a gift, so the sign is checked here and not only at the edge.
    if p_amount <= 0 or p_amount > (case when p_model is null then 1000000000000 else 1000000 end) then
        status := 'invalid_amount';
        return;
    end if;
    if w.blocked_at is not null then
        status := 'wallet_blocked';
        return;
    end if;
    select s.subscription_gate into v_gate from farebox.settings s;
    if (w.subscription_until <= at and v_gate <> 'never')
       or (w.subscription_until is null and v_gate = 'required') then
        status := 'subscription_expired';
        return;
    end if;
    if p_model is not null then
        select p_amount * m.price, m.version into v_cost, v_version
          from farebox.models m
         where m.use = 'device' and m.name in (p_model, '*')
           and m.valid_from <= at and (m.valid_to is null or m.valid_to > at)
         order by m.name = '*', m.version desc
         limit 1;
        if not found then
            status := 'model_unavailable';
            return;
        end if;
    end if;

    amount := v_cost;
    if w.debt > 0 or v_cost > w.balance - w.held then
        status := 'insufficient_balance';
        available := case when w.debt > 0 then 0 else w.balance - w.held end;
        held := w.held;
        return;
    end if;

    insert into farebox.entries (id, debit, credit, amount, kind, debit_seq, debit_after, burn_from, price_version,
                                 created_at, key, fingerprint, description, metadata)
    values (p_id, v_wallet, farebox.operator_wallet('consumed'), v_cost, 'spend', w.seq + 1, w.balance - v_cost,
            w.burned, v_version, at, p_key, v_fingerprint, p_description, p_metadata);
    update farebox.wallets x
       set balance = x.balance - v_cost, burned = x.burned + v_cost, seq = x.seq + 1
     where x.id = v_wallet;
    status := 'ok';
    entry := p_id;
    before := w.balance;
    after := w.balance - v_cost;
end $$;
