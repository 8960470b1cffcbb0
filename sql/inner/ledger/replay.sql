-- farebox.replay: the first answer of a move that makes an entry, if it has been made before.
--
-- Called by   grant, transfer and reverse of farebox_api, after the lock. (spend and spend_one look for themselves: they are
--             the hot path.)
-- Locks       nothing: the caller holds the wallet
-- Returns     status null: this is a new request; idempotency_key_reused: the key, or the id, was another request's;
--             replayed, with what the first answer said
--
-- Looked for by the key, and without a key by the id, which a resend carries. The side is the one that the key is unique on:
-- a move into a wallet is keyed where it arrives, any other where it leaves.

create or replace function farebox.replay(
    p_wallet uuid, p_kind farebox.entry_kind, p_key text, p_fingerprint bytea, p_id uuid,
    out status text, out entry uuid, out amount bigint, out before bigint, out after bigint, out at timestamptz,
    out other uuid,      -- the wallet on its other side
    out reverses uuid)
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
    v_in constant boolean := p_kind in ('grant', 'purchase', 'refund');
    e farebox.entries;
begin
    if p_key is null then
        select x.* into e from farebox.entries x
         where x.id = p_id and x.kind = p_kind and p_wallet = case when v_in then x.credit else x.debit end;
    elsif v_in then
        select x.* into e from farebox.entries x
         where x.credit = p_wallet and x.kind = p_kind and x.key = p_key and x.debit_seq is null;
    else
        select x.* into e from farebox.entries x
         where x.debit = p_wallet and x.kind = p_kind and x.key = p_key and x.debit_seq is not null;
    end if;
    if e.id is null then
        return;
    end if;
    if e.fingerprint is distinct from (case when p_key is not null then p_fingerprint end) then
        status := 'idempotency_key_reused';
        return;
    end if;
    status := 'replayed';
    entry := e.id;
    amount := e.amount;
    after := case when v_in then e.credit_after else e.debit_after end;
    before := after + case when v_in then -e.amount else e.amount end;
    after := coalesce(e.answered, after);
    at := e.created_at;
    other := case when v_in then e.debit else e.credit end;
    reverses := e.reverses;
end $$;
