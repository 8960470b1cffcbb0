-- farebox_api.entries: a user's entries, newest first, and what each did to the wallet.
--
-- Called by   handlers/balance
-- Locks       the wallet, only when an event is due and nobody else holds it
-- Answers     unauthorized, forbidden, user_not_found, behind (entry: the wallet), ok; the same in every row, and ok with a null
--             entry when there are none
-- Raises      FB000 when the call itself is malformed
--
-- amount is signed: what the entry did to this wallet. p_before is a seq: older entries than that one.

create or replace function farebox_api.entries(
    p_caller text, p_proof bytea,             -- who calls (farebox.caller_refusal)
    p_wallet uuid, p_number bigint, p_limit int, p_before bigint)
returns table (status text, entry uuid, kind text, amount bigint, seq bigint, balance_after bigint, description text,
               metadata json, key text, reverses uuid, created_at timestamptz)
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
    v_wallet uuid := farebox.resolve_user(p_wallet, p_number);
    v_refusal text;
begin
    if num_nonnulls(p_wallet, p_number) <> 1 or p_limit is null or p_limit not between 1 and 1000 then
        raise exception 'malformed call' using errcode = 'FB000';
    end if;
    v_refusal := farebox.caller_refusal(p_caller, p_proof, 'read', '{user,device,billing_key,operator}', v_wallet, 'user_not_found',
                                        clock_timestamp());
    if v_refusal is null and not exists (select from farebox.users u where u.id = v_wallet) then
        v_refusal := 'user_not_found';
    end if;
    if v_refusal is not null then
        return query select v_refusal, null::uuid, null::text, null::bigint, null::bigint, null::bigint, null::text,
                            null::json, null::text, null::uuid, null::timestamptz;
        return;
    end if;

    perform from farebox.wallets w
      where w.id = v_wallet and w.next_event_at <= clock_timestamp() for no key update skip locked;
    if found then
        if farebox.meet_due(v_wallet, clock_timestamp()) is null then
            return query select 'behind'::text, v_wallet, null::text, null::bigint, null::bigint, null::bigint, null::text,
                                null::json, null::text, null::uuid, null::timestamptz;
            return;
        end if;
    end if;

    return query
        select 'ok'::text, x.id, x.kind::text, x.amount, x.seq, x.after, x.description, x.metadata, x.key, x.reverses,
               x.created_at
          from (values (true)) always(row)
          left join lateral (
                (select e.id, e.kind, -e.amount as amount, e.debit_seq as seq, e.debit_after as after, e.description,
                        e.metadata, e.key, e.reverses, e.created_at
                   from farebox.entries e
                  where e.debit = v_wallet and e.debit_seq > 0
                    and e.debit_seq < coalesce(p_before, 9223372036854775807)
                  order by e.debit_seq desc
                  limit p_limit)
                union all
                (select e.id, e.kind, e.amount, e.credit_seq, e.credit_after, e.description,
                        e.metadata, e.key, e.reverses, e.created_at
                   from farebox.entries e
                  where e.credit = v_wallet and e.credit_seq > 0
                    and e.credit_seq < coalesce(p_before, 9223372036854775807)
                  order by e.credit_seq desc
                  limit p_limit)
                order by seq desc
                limit p_limit) x on true;
end $$;
