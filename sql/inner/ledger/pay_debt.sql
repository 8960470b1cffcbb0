-- farebox.pay_debt: pays a wallet's debt from what is free. Every function that credits a wallet ends with it, and so does
-- the end of an open hold, which sets tokens free.
--
-- Called by   grant, transfer, refund, end_hold. (farebox.bring_up_to_date pays as well, in its own way: with everything else that it does.)
-- Locks       nothing: the caller holds the wallet

create or replace function farebox.pay_debt(p_wallet uuid, p_now timestamptz) returns void
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
    w farebox.wallets;
    v_pay bigint;
begin
    select x.* into w from farebox.wallets x where x.id = p_wallet;
    v_pay := least(w.debt, w.balance - w.held);
    if v_pay > 0 then
        insert into farebox.entries (id, debit, credit, amount, kind, debit_seq, debit_after, burn_from, created_at)
        values (farebox.new_id(farebox.slot_of(p_wallet)), p_wallet, farebox.operator_wallet('lent'), v_pay, 'repayment',
                w.seq + 1, w.balance - v_pay, w.burned, p_now);
        update farebox.wallets x
           set balance = x.balance - v_pay, debt = x.debt - v_pay, burned = x.burned + v_pay, seq = x.seq + 1
         where x.id = p_wallet;
    end if;
end $$;
