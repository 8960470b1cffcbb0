-- farebox.refund: gives tokens of a spend back to the grants they came from; returns the balance after all that it brings about.
--
-- Called by   farebox_api.reverse
-- Locks       nothing: the caller holds the wallet and has checked that this much of the spend is left
--
-- The spend burned [burn_from, burn_from + amount); refunds take it back from its end. A slice whose grant has expired
-- by now expires again at once, in an entry of its own: a refund is no way around an expiry (ledger rule 3).

create or replace function farebox.refund(
    p_id uuid, p_spend farebox.entries, p_amount bigint, p_refunded bigint, -- by earlier refunds
    p_key text, p_fingerprint bytea, p_description text, p_now timestamptz)
returns bigint
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
    v_wallet constant uuid := p_spend.debit;
    v_to constant bigint := p_spend.burn_from + p_spend.amount - p_refunded;
    v_from constant bigint := v_to - p_amount;
    v_after bigint; -- the entry
    v_answered bigint;
    v_seq bigint;
    v_expired bigint;
    v_returned bigint;
    v_first_expiry timestamptz;
begin
    perform farebox.flush(v_wallet);

    update farebox.wallets x set balance = x.balance + p_amount, seq = x.seq + 1
     where x.id = v_wallet
    returning x.balance, x.seq into v_after, v_seq;

    with slices as (
        select b.grant_id, sum(least(b.burn_to, v_to) - greatest(b.burn_from, v_from)) as amount
          from farebox.burns b
         where b.wallet = v_wallet and b.burn_from < v_to and b.burn_to > v_from
         group by b.grant_id
    ), returned as (
        update farebox.grants g set remaining = g.remaining + s.amount
          from slices s
         where g.id = s.grant_id and g.expires_at > p_now
        returning s.amount, g.expires_at
    )
    select coalesce((select sum(r.amount) from returned r), 0), (select min(r.expires_at) from returned r)
      into v_returned, v_first_expiry;
    v_expired := p_amount - v_returned;

    update farebox.wallets x set next_event_at = least(x.next_event_at, v_first_expiry) where x.id = v_wallet;
    if v_expired > 0 then
        perform farebox.post_expiry(v_wallet, v_expired, p_now);
    end if;
    perform farebox.pay_debt(v_wallet, p_now);

    select x.balance into v_answered from farebox.wallets x where x.id = v_wallet;
    insert into farebox.entries (id, debit, credit, amount, kind, credit_seq, credit_after, answered, created_at,
                                 key, fingerprint, description, reverses)
    values (p_id, p_spend.credit, v_wallet, p_amount, 'refund', v_seq, v_after, nullif(v_answered, v_after), p_now,
            p_key, p_fingerprint, p_description, p_spend.id);
    return v_answered;
end $$;
