-- farebox.verify_journal: checks up to p_limit entries after p_after: both sides exist, and a side has a place in its
-- wallet's chain exactly when it is a user's. With farebox.verify this makes the whole journal sum to zero: what left
-- one wallet is what entered another.
--
-- Called by   scripts/verify and the tests, as the owner, in a loop until `last` is null
-- Locks       nothing; one snapshot a call
-- Returns     as farebox.verify, with `entry` in place of `wallet`

create or replace function farebox.verify_journal(
    p_after uuid, p_limit int, out last uuid, out checked bigint, out violations jsonb)
language sql
stable
set search_path = pg_catalog, pg_temp
as $$
    with e as materialized (
        select x.* from farebox.entries x
         where x.id > coalesce(p_after, '00000000-0000-0000-0000-000000000000')
         order by x.id
         limit p_limit
    ), v as (
        select e.id as entry, 'both sides of an entry are known' as rule, format('%s to %s', e.debit, e.credit) as detail
          from e
          left join farebox.operator_wallets od on od.id = e.debit
          left join farebox.operator_wallets oc on oc.id = e.credit
          left join farebox.wallets wd on wd.id = e.debit
          left join farebox.wallets wc on wc.id = e.credit
         where (od.id is null and wd.id is null) or (oc.id is null and wc.id is null)
            or (wd.id is not null) <> (e.debit_seq is not null) or (wc.id is not null) <> (e.credit_seq is not null)
    )
    select (select max(e.id::text)::uuid from e),
           (select count(*) from e),
           coalesce((select jsonb_agg(jsonb_build_object('entry', v.entry, 'rule', v.rule, 'detail', v.detail)) from v),
                    '[]')
$$;
