-- farebox_api.reverse: takes one entry back, whole or in part, never more than it was.
--
-- Called by   handlers/spend
-- Locks       the wallet of the entry
-- Answers     late, unauthorized, forbidden, entry_not_found, behind (entry: the wallet), idempotency_key_reused, replayed, entry_not_reversible,
--             invalid_amount, reverse_exceeds_entry, invalid_amount (of a spend: the balance would be more than 2^53 - 1, as of
--             no grant), insufficient_balance (of a grant), ok
--             The order above is the order of the checks; callers may rely on it.
-- Replays     the same key with the same fingerprint, or the same id without a key, returns the first answer.
-- Raises      FB000 when the call itself is malformed
--
-- A spend comes back as a `refund` to the grants it burned. A grant is taken back by a `reversal`, which stops at what is
-- unspent of it. Other kinds are corrected by an entry of their own. No amount: all that is left.
-- before and after are the wallet's balance before the move and when the call returned: what of a refund expires again or pays a
-- debt is gone from it. available is what could be reversed; held is what open holds keep from being taken back.

create or replace function farebox_api.reverse(
    p_caller text, p_proof bytea,             -- who calls (farebox.caller_refusal)
    p_id uuid, p_entry uuid, p_amount bigint, p_key text, p_fingerprint bytea, p_description text,
    p_not_after timestamptz,
    out status text, out entry uuid, out amount bigint, out before bigint, out after bigint, out available bigint,
    out held bigint, out at timestamptz)
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
    e farebox.entries;
    w farebox.wallets;
    g farebox.grants;
    v_wallet uuid;
    v_first record;
    v_reversed bigint;
    v_left bigint;
    v_unspent bigint;
    v_behind boolean;
    v_fingerprint constant bytea := case when p_key is not null then p_fingerprint end;
begin
    if p_id is null or p_entry is null or p_not_after is null or (p_key is not null and p_fingerprint is null) then
        raise exception 'malformed call' using errcode = 'FB000';
    end if;

    -- Entries never change, so this one may be read before the lock.
    select x.* into e from farebox.entries x where x.id = p_entry;
    v_wallet := case when e.debit_seq is not null then e.debit else e.credit end;
    select l.at, l.behind into at, v_behind from farebox.lock_wallet(v_wallet) l;
    if coalesce(at, clock_timestamp()) > p_not_after then
        status := 'late';
        return;
    end if;
    status := farebox.caller_refusal(p_caller, p_proof, 'grant', '{operator}', v_wallet, 'entry_not_found',
                                     coalesce(at, clock_timestamp()));
    if status is null and (e.id is null or at is null) then
        status := 'entry_not_found';
    end if;
    if status is null and v_behind then
        status := 'behind';
        entry := v_wallet;
    end if;
    if status is not null then
        return;
    end if;

    select * into v_first from farebox.replay(v_wallet, 'refund', p_key, p_fingerprint, p_id);
    if v_first.status is null then
        select * into v_first from farebox.replay(v_wallet, 'reversal', p_key, p_fingerprint, p_id);
    end if;
    if v_first.status is not null then
        status := v_first.status;
        if v_first.reverses is distinct from p_entry then
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

    if e.kind not in ('spend', 'grant') then
        status := 'entry_not_reversible';
        return;
    end if;
    if p_amount <= 0 then
        status := 'invalid_amount';
        return;
    end if;
    select coalesce(sum(x.amount), 0) into v_reversed from farebox.entries x where x.reverses = p_entry;
    v_left := e.amount - v_reversed;
    if v_left = 0 or p_amount > v_left then
        status := 'reverse_exceeds_entry';
        available := v_left;
        return;
    end if;

    select x.* into w from farebox.wallets x where x.id = v_wallet;
    if e.kind = 'spend' and not farebox.fits(w.balance, coalesce(p_amount, v_left)) then
        status := 'invalid_amount';
        return;
    end if;

    entry := p_id;
    if e.kind = 'spend' then
        amount := coalesce(p_amount, v_left);
        before := w.balance;
        after := farebox.refund(p_id, e, amount, v_reversed, p_key, v_fingerprint, p_description, at);
        status := 'ok';
        return;
    end if;

    perform farebox.flush(v_wallet);
    select x.* into g from farebox.grants x where x.id = p_entry;
    v_unspent := case when g.due then 0 else least(g.remaining, w.balance - w.held) end;
    amount := coalesce(p_amount, least(v_left, v_unspent));
    if amount = 0 or amount > v_unspent then
        status := 'insufficient_balance';
        entry := null;
        amount := coalesce(p_amount, v_left);
        available := v_unspent;
        held := w.held;
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
