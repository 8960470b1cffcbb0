-- farebox_api.transfer: moves tokens from one wallet to another, with the class and expiry they have.
--
-- Called by   owners of pools and devices (an operator's allocation)
-- Locks       both wallets in one statement, by kind and id
-- Answers     late, unauthorized, forbidden, user_not_found, behind (entry: the wallet), idempotency_key_reused, replayed, user_not_found (who would
--             receive has left), invalid_amount, validation_error (to itself), wallet_blocked, insufficient_balance, ok
--             The order above is the order of the checks; callers may rely on it.
-- Replays     the same key with the same fingerprint, or the same id without a key, returns the first answer.
-- Raises      FB000 when the call itself is malformed
--
-- before, after, available and held are the paying wallet's, of which nothing expires and no debt is paid in this call. What
-- arrives is one grant for each kind of tokens that left: a transfer that made promo tokens into paid ones would launder them
-- (ledger rule 3).

create or replace function farebox_api.transfer(
    p_caller text, p_proof bytea,             -- who calls (farebox.caller_refusal)
    p_id uuid, p_from uuid, p_to uuid, p_amount bigint,
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
    v_from farebox.wallets;
    v_to farebox.wallets;
    v_locked uuid[];
    v_behind uuid[];
    v_first record;
    v_first_expiry timestamptz;
    v_fingerprint constant bytea := case when p_key is not null then p_fingerprint end;
begin
    if p_id is null or p_from is null or p_to is null or p_amount is null or p_not_after is null
       or (p_key is not null and p_fingerprint is null) then
        raise exception 'malformed call' using errcode = 'FB000';
    end if;

    select l.locked, l.behind, l.at into v_locked, v_behind, at
      from farebox.lock_wallets(array[p_from, p_to], false, p_not_after) l;
    if at > p_not_after then
        status := 'late';
        return;
    end if;
    status := farebox.caller_refusal(p_caller, p_proof, 'grant', '{operator}', p_from, 'user_not_found', at);
    if status is null and not (p_from = any (v_locked || v_behind) and p_to = any (v_locked || v_behind)) then
        status := 'user_not_found';
    end if;
    if status is null and v_behind <> '{}' then
        status := 'behind';
        entry := v_behind[1];
    end if;
    if status is not null then
        return;
    end if;

    select * into v_first from farebox.replay(p_from, 'transfer', p_key, p_fingerprint, p_id);
    if v_first.status is not null then
        status := v_first.status;
        if v_first.other is distinct from p_to then
            status := 'idempotency_key_reused';
            return;
        end if;
        entry := v_first.entry;
        amount := v_first.amount;
        before := v_first.before;
        after := v_first.after;
        at := v_first.at;
        return;
    end if;
    if farebox.has_left(p_to) then
        status := 'user_not_found';
        return;
    end if;
    select x.* into v_from from farebox.wallets x where x.id = p_from;
    select x.* into v_to from farebox.wallets x where x.id = p_to;

    if p_amount <= 0 or p_amount > 1000000000000 or not farebox.fits(v_to.balance, p_amount) then
        status := 'invalid_amount';
        return;
    end if;
    if p_from = p_to then
        status := 'validation_error';
        return;
    end if;
    if v_from.blocked_at is not null then
        status := 'wallet_blocked';
        return;
    end if;
    amount := p_amount;
    if v_from.debt > 0 or p_amount > v_from.balance - v_from.held then
        status := 'insufficient_balance';
        available := case when v_from.debt > 0 then 0 else v_from.balance - v_from.held end;
        held := v_from.held;
        return;
    end if;

    perform farebox.flush(p_from);
    perform farebox.flush(p_to);
    perform farebox.attribute(p_from, v_from.burned, p_amount);

    insert into farebox.entries (id, debit, credit, amount, kind, debit_seq, debit_after, credit_seq, credit_after,
                                 burn_from, created_at, key, fingerprint, description, metadata)
    values (p_id, p_from, p_to, p_amount, 'transfer', v_from.seq + 1, v_from.balance - p_amount, v_to.seq + 1,
            v_to.balance + p_amount, v_from.burned, at, p_key, v_fingerprint, p_description, p_metadata);

    with arrived as (
        insert into farebox.grants (id, wallet, entry, class, priority, amount, remaining, expires_at, created_at)
        select farebox.new_id(farebox.slot_of(p_to)), p_to, p_id, g.class, g.priority, sum(b.burn_to - b.burn_from),
               sum(b.burn_to - b.burn_from), g.expires_at, at
          from farebox.burns b join farebox.grants g on g.id = b.grant_id
         where b.wallet = p_from and b.burn_from >= v_from.burned
         group by g.class, g.priority, g.expires_at
        returning expires_at
    )
    select min(a.expires_at) into v_first_expiry from arrived a;

    update farebox.wallets x
       set balance = x.balance - p_amount, burned = x.burned + p_amount, attributed = x.attributed + p_amount,
           seq = x.seq + 1
     where x.id = p_from;
    update farebox.wallets x
       set balance = x.balance + p_amount, seq = x.seq + 1, next_event_at = least(x.next_event_at, v_first_expiry)
     where x.id = p_to;
    perform farebox.pay_debt(p_to, at);

    status := 'ok';
    entry := p_id;
    before := v_from.balance;
    after := v_from.balance - p_amount;
end $$;
