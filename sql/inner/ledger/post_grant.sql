-- farebox.post_grant: credits tokens from the operator to a wallet as one grant; returns the balance after all that it brings
-- about: a debt is paid from it, in an entry of its own.
--
-- Called by   farebox_api.grant, farebox_api.create_user
-- Locks       nothing: the caller holds the wallet

create or replace function farebox.post_grant(
    p_id uuid, p_wallet uuid, p_amount bigint, p_class farebox.grant_class, p_priority int, p_expires_at timestamptz,
    p_key text, p_fingerprint bytea, p_description text, p_metadata json, p_now timestamptz)
returns bigint
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
    v_after bigint; -- the entry
    v_answered bigint;
    v_seq bigint;
    v_expires_at constant timestamptz := coalesce(p_expires_at, 'infinity');
begin
    perform farebox.flush(p_wallet); -- what was burned so far was burned without this grant

    update farebox.wallets x
       set balance = x.balance + p_amount, seq = x.seq + 1, next_event_at = least(x.next_event_at, v_expires_at)
     where x.id = p_wallet
    returning x.balance, x.seq into v_after, v_seq;

    insert into farebox.grants (id, wallet, entry, class, priority, amount, remaining, expires_at, created_at)
    values (p_id, p_wallet, p_id, p_class,
            coalesce(p_priority, case p_class when 'promo' then 100 when 'allotment' then 200 else 300 end),
            p_amount, p_amount, v_expires_at, p_now);

    perform farebox.pay_debt(p_wallet, p_now);

    select x.balance into v_answered from farebox.wallets x where x.id = p_wallet;
    insert into farebox.entries (id, debit, credit, amount, kind, credit_seq, credit_after, answered, created_at,
                                 key, fingerprint, description, metadata)
    values (p_id, farebox.operator_wallet('issued'), p_wallet, p_amount, 'grant', v_seq, v_after,
            nullif(v_answered, v_after), p_now, p_key, p_fingerprint, p_description, p_metadata);
    return v_answered;
end $$;
