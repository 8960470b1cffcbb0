-- farebox_api.transfer: moves tokens from one wallet to another, with the class and expiry they have.
--
-- Called by   owners of pools and devices (an operator's allocation)
-- Locks       both wallets in one statement, by kind and id
-- Answers     late, unauthorized, forbidden, not_found, key_reused, replayed, invalid_amount, same_wallet, blocked,
--             insufficient, ok. The order above is the order of the checks; callers may rely on it.
-- Replays     the same key with the same fingerprint, or the same id without a key, returns the first answer.
-- Raises      FB000 when the call itself is malformed
--
-- before, after and available are the paying wallet's. What arrives is one grant for each kind of tokens that left: a
-- transfer that made promo tokens into paid ones would launder them (ledger rule 3).

create or replace function farebox_api.transfer(
    p_id uuid, p_from uuid, p_to uuid, p_amount bigint,
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
    v_from farebox.wallets;
    v_to farebox.wallets;
    v_due uuid;
    v_old record;
    v_first_expiry timestamptz;
    v_fingerprint constant bytea := case when p_key is not null then p_fingerprint end;
begin
    if p_id is null or p_from is null or p_to is null or p_amount is null or p_not_after is null
       or (p_key is not null and p_fingerprint is null) then
        raise exception 'malformed call' using errcode = 'FB000';
    end if;

    perform from farebox.wallets x where x.id in (p_from, p_to) order by x.kind, x.id for no key update;
    at := clock_timestamp();
    if at > p_not_after then
        status := 'late';
        return;
    end if;
    for v_due in
        select x.id from farebox.wallets x
         where x.id in (p_from, p_to) and x.next_event_at <= at order by x.kind, x.id
    loop
        perform farebox.bring_up_to_date(v_due, at);
    end loop;

    status := farebox.credential_refusal(p_api_key, 'grant');
    if status is not null then
        return;
    end if;
    select x.* into v_from from farebox.wallets x where x.id = p_from;
    select x.* into v_to from farebox.wallets x where x.id = p_to;
    if v_from.id is null or v_to.id is null then
        status := 'not_found';
        return;
    end if;

    if p_key is not null then
        select e.id, e.amount, e.debit_after, e.created_at, e.fingerprint, e.credit into v_old
          from farebox.entries e
         where e.debit = p_from and e.kind = 'transfer' and e.key = p_key and e.debit_seq is not null;
    else
        select e.id, e.amount, e.debit_after, e.created_at, e.fingerprint, e.credit into v_old
          from farebox.entries e
         where e.id = p_id and e.debit = p_from;
    end if;
    if found then
        if v_old.fingerprint is distinct from v_fingerprint or v_old.credit <> p_to then
            status := 'key_reused';
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

    if p_amount <= 0 or p_amount > 1000000000000 or v_to.balance + p_amount > 9007199254740991 then
        status := 'invalid_amount';
        return;
    end if;
    if p_from = p_to then
        status := 'same_wallet';
        return;
    end if;
    if v_from.blocked_at is not null then
        status := 'blocked';
        return;
    end if;
    amount := p_amount;
    if v_from.debt > 0 or p_amount > v_from.balance - v_from.held then
        status := 'insufficient';
        available := case when v_from.debt > 0 then 0 else v_from.balance - v_from.held end;
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
        select farebox.uuid_v7(), p_to, p_id, g.class, g.priority, sum(b.burn_to - b.burn_from),
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
