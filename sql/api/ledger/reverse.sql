-- farebox_api.reverse: takes one entry back, whole or in part, never more than it was.
--
-- Called by   handlers/spend
-- Locks       the wallet of the entry
-- Answers     late, unauthorized, forbidden, not_found, key_reused, replayed, not_reversible, invalid_amount, exceeds,
--             insufficient, ok. The order above is the order of the checks; callers may rely on it.
-- Replays     the same key with the same fingerprint, or the same id without a key, returns the first answer.
-- Raises      FB000 when the call itself is malformed
--
-- A spend comes back as a `refund` to the grants it burned. A grant is taken back by a `reversal`, which stops at what is
-- unspent of it. Other kinds are corrected by an entry of their own. No amount: all that is left.
-- before and after are the wallet's; available is what could be reversed.

create or replace function farebox_api.reverse(
    p_id uuid, p_entry uuid, p_amount bigint, p_key text, p_fingerprint bytea, p_description text,
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
    e farebox.entries;
    w farebox.wallets;
    g farebox.grants;
    v_wallet uuid;
    v_first uuid; -- the entry that this key or id made before
    v_old record;
    v_reversed bigint;
    v_left bigint;
    v_unspent bigint;
    v_fingerprint constant bytea := case when p_key is not null then p_fingerprint end;
begin
    if p_id is null or p_entry is null or p_not_after is null or (p_key is not null and p_fingerprint is null) then
        raise exception 'malformed call' using errcode = 'FB000';
    end if;

    -- Entries never change, so this one may be read before the lock.
    select x.* into e from farebox.entries x where x.id = p_entry;
    v_wallet := case when e.debit_seq is not null then e.debit else e.credit end;
    at := farebox.touch_wallet(v_wallet);
    if coalesce(at, clock_timestamp()) > p_not_after then
        status := 'late';
        return;
    end if;
    status := farebox.credential_refusal(p_api_key, 'grant');
    if status is not null then
        return;
    end if;
    if e.id is null or at is null then
        status := 'not_found';
        return;
    end if;

    if p_key is not null then
        v_first := coalesce(
            (select x.id from farebox.entries x
              where x.credit = v_wallet and x.kind = 'refund' and x.key = p_key and x.debit_seq is null),
            (select x.id from farebox.entries x
              where x.debit = v_wallet and x.kind = 'reversal' and x.key = p_key and x.debit_seq is not null));
    else
        v_first := p_id;
    end if;
    select x.id, x.amount, x.created_at, x.fingerprint, x.reverses,
           case when x.kind = 'refund' then x.credit_after - x.amount else x.debit_after + x.amount end as before,
           case when x.kind = 'refund' then x.credit_after else x.debit_after end as after
      into v_old
      from farebox.entries x
     where x.id = v_first;
    if found then
        if v_old.fingerprint is distinct from v_fingerprint or v_old.reverses is distinct from p_entry then
            status := 'key_reused';
            return;
        end if;
        status := 'replayed';
        entry := v_old.id;
        amount := v_old.amount;
        before := v_old.before;
        after := v_old.after;
        at := v_old.created_at;
        return;
    end if;

    if e.kind not in ('spend', 'grant') then
        status := 'not_reversible';
        return;
    end if;
    if p_amount <= 0 then
        status := 'invalid_amount';
        return;
    end if;
    select coalesce(sum(x.amount), 0) into v_reversed from farebox.entries x where x.reverses = p_entry;
    v_left := e.amount - v_reversed;
    if v_left = 0 or p_amount > v_left then
        status := 'exceeds';
        available := v_left;
        return;
    end if;

    entry := p_id;
    if e.kind = 'spend' then
        amount := coalesce(p_amount, v_left);
        after := farebox.refund(p_id, e, amount, v_reversed, p_key, v_fingerprint, p_description, at);
        before := after - amount;
        status := 'ok';
        return;
    end if;

    perform farebox.flush(v_wallet);
    select x.* into g from farebox.grants x where x.id = p_entry;
    select x.* into w from farebox.wallets x where x.id = v_wallet;
    v_unspent := case when g.due then 0 else least(g.remaining, w.balance - w.held) end;
    amount := coalesce(p_amount, least(v_left, v_unspent));
    if amount = 0 or amount > v_unspent then
        status := 'insufficient';
        entry := null;
        amount := coalesce(p_amount, v_left);
        available := v_unspent;
        return;
    end if;
    update farebox.grants x set remaining = x.remaining - reverse.amount where x.id = g.id;
    update farebox.wallets x set balance = x.balance - reverse.amount, seq = x.seq + 1
     where x.id = v_wallet
    returning x.balance into after;
    insert into farebox.entries (id, debit, credit, amount, kind, debit_seq, debit_after, created_at,
                                 key, fingerprint, description, reverses)
    values (p_id, v_wallet, e.debit, amount, 'reversal', w.seq + 1, after, at,
            p_key, v_fingerprint, p_description, p_entry);
    before := w.balance;
    status := 'ok';
end $$;
