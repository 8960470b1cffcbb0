-- farebox.post_expiry: writes the entry of tokens that have expired and takes them off the balance.
--
-- Called by   farebox.refund
-- Locks       nothing: the caller holds the wallet and has taken the tokens off their grant
--
-- Expired tokens were not burned: burn_from stays empty and wallets.burned does not move.

create or replace function farebox.post_expiry(p_wallet uuid, p_amount bigint, p_now timestamptz) returns void
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
    v_after bigint;
    v_seq bigint;
begin
    update farebox.wallets x set balance = x.balance - p_amount, seq = x.seq + 1
     where x.id = p_wallet
    returning x.balance, x.seq into v_after, v_seq;
    insert into farebox.entries (id, debit, credit, amount, kind, debit_seq, debit_after, created_at)
    values (farebox.new_id(farebox.slot_of(p_wallet)), p_wallet, farebox.operator_wallet('expired'), p_amount, 'expire', v_seq,
            v_after, p_now);
end $$;
