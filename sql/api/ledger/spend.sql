-- farebox_api.spend: takes tokens from many wallets in one transaction, each request answered for itself.
--
-- Called by   ledger::spend, with all that waits in the lane
-- Locks       every wallet of the call, by kind and id
-- Answers     per request, as farebox_api.spend_one, and busy: with p_skip_locked, for a wallet that somebody else holds
-- Replays     as farebox_api.spend_one; a key used twice within one call replays too
-- Raises      FB000 when the call itself is malformed; 55P03 when a lock is not had in time
--
-- The specification is one sentence: a call answers exactly what its requests, sent one at a time in array order, would
-- have been answered. So a smaller debit after a refused larger one may fit. The order of statements is the proof:
--   1 lock      every wallet, in a statement of its own
--   2 clock     once, after the locks; past p_not_after nothing happens
--   3 due       wallets whose next_event_at has come are brought up to date
--   4 classify  in a new statement, so in a new READ COMMITTED snapshot: it sees all that the last lock holder committed
--   5 decide    a loop in memory, no SQL but the replays
--   6 write     one INSERT, one UPDATE
-- Never fold 1 into 4: the locked row would be read again, everything else would come from the older snapshot, and a
-- paid request would be answered `insufficient`, or a key used twice (ledger rule 1).

create or replace function farebox_api.spend(
    p_id uuid[], p_wallet uuid[], p_number bigint[], p_amount bigint[],
    p_model text[], p_key text[], p_fingerprint bytea[], p_description text[], p_metadata json[],
    p_session uuid[], p_user uuid[], p_api_key bytea[],
    p_not_after timestamptz,
    p_skip_locked boolean default false)
returns table (n int, status text, entry uuid, amount bigint, before bigint, after bigint, available bigint,
               at timestamptz)
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
set plan_cache_mode = force_generic_plan -- else every small batch is planned anew, at half the speed
set jit = off                            -- else the costs that the next three lines invent cost 6 ms a call
set enable_seqscan = off                 -- a plan made while tables were empty must not be kept (ledger rule 7)
set enable_hashjoin = off
set enable_mergejoin = off
as $$
#variable_conflict use_column
declare
    size constant int := cardinality(p_id);
    consumed constant uuid := '00000000-0000-7000-8000-000000000003';
    nobody constant uuid := '00000000-0000-0000-0000-000000000000';
    t timestamptz;
    due uuid;
    wallets uuid[] := p_wallet; -- by request, numbers resolved
    locked uuid[];
    keys_alive bytea[];
    keys_allowed bytea[];
    must_subscribe boolean;
    old record;
    -- by request
    ns int[]; codes text[]; slots int[]; groups int[]; costs bigint[]; versions int[]; stored uuid[];
    starts bigint[]; helds bigint[]; seqs bigint[]; burns bigint[];
    o_take boolean[]; o_entry uuid[]; o_amount bigint[]; o_before bigint[]; o_after bigint[]; o_available bigint[];
    o_seq bigint[]; o_burn bigint[]; o_at timestamptz[];
    -- by wallet (slot)
    seen boolean[]; w_id uuid[]; w_balance bigint[]; w_held bigint[]; w_seq bigint[]; w_burned bigint[];
    w_sum bigint[]; w_count int[];
    -- by key (the first request that has it)
    owner int[];
    i int; s int; g int; c bigint;
    any_taken boolean := false;
begin
    -- One request's fields are never paired with another's.
    if size is null or size = 0 or size > 1000 or p_not_after is null
       or cardinality(p_wallet) is distinct from size or cardinality(p_number) is distinct from size or cardinality(p_amount) is distinct from size
       or cardinality(p_model) is distinct from size or cardinality(p_key) is distinct from size or cardinality(p_fingerprint) is distinct from size
       or cardinality(p_description) is distinct from size or cardinality(p_metadata) is distinct from size or cardinality(p_session) is distinct from size
       or cardinality(p_user) is distinct from size or cardinality(p_api_key) is distinct from size
       or array_position(p_id, null) is not null or array_position(p_amount, null) is not null
       or exists (select from unnest(p_wallet, p_number, p_key, p_fingerprint) r(wallet, number, key, fingerprint)
                   where num_nonnulls(r.wallet, r.number) <> 1 or (r.key is not null and r.fingerprint is null)) then
        raise exception 'malformed call' using errcode = 'FB000';
    end if;

    -- A number never changes hands, so it is resolved before the locks.
    if array_position(p_wallet, null) is not null then
        select array_agg(coalesce(r.wallet, u.id, nobody) order by r.n) into wallets
          from unnest(p_wallet, p_number) with ordinality r(wallet, number, n)
          left join farebox.users u on u.number = r.number;
    end if;

    -- 1 lock
    if p_skip_locked then
        select coalesce(array_agg(l.id), '{}') into locked
          from (select w.id from farebox.wallets w where w.id = any (wallets)
                 order by w.kind, w.id for no key update skip locked) l;
    else
        perform from farebox.wallets w where w.id = any (wallets) order by w.kind, w.id for no key update;
        locked := wallets;
    end if;

    -- 2 clock
    t := clock_timestamp();
    if t > p_not_after then
        return query select i, 'late'::text, null::uuid, null::bigint, null::bigint, null::bigint, null::bigint, t
                       from generate_series(1, size) i;
        return;
    end if;

    -- 3 due
    for due in select w.id from farebox.wallets w where w.id = any (locked) and w.next_event_at <= t order by w.kind, w.id loop
        perform farebox.bring_up_to_date(due, t);
    end loop;

    -- 4 classify
    select coalesce(array_agg(k.hash), '{}'), coalesce(array_agg(k.hash) filter (where 'spend' = any (k.scopes)), '{}')
      into keys_alive, keys_allowed
      from farebox.api_keys k
     where k.hash = any (p_api_key) and k.revoked_at is null and k.expires_at > t;
    select x.subscription_required into must_subscribe from farebox.settings x;

    select array_agg(q.n), array_agg(q.code), array_agg(q.slot), array_agg(q.grp), array_agg(q.cost),
           array_agg(q.version), array_agg(q.dup), array_agg(q.balance), array_agg(q.held), array_agg(q.seq),
           array_agg(q.burned)
      into ns, codes, slots, groups, costs, versions, stored, starts, helds, seqs, burns
      from (
        select r.n::int,
               case when r.api_key is not null and not r.api_key = any (keys_alive) then 'unauthorized'
                    when r.api_key is not null and not r.api_key = any (keys_allowed) then 'forbidden'
                    when r.session is not null and not farebox.session_alive(r.session, r.caller, t) then 'session_gone'
                    when w.id is null then 'not_found'
                    when p_skip_locked and not w.id = any (locked) then 'busy'
                    when d.id is not null then
                        case when d.fingerprint is not distinct from (case when r.key is not null then r.fingerprint end)
                             then 'replayed' else 'key_reused' end
                    when r.amount <= 0 or r.amount > case when r.model is null then 1000000000000 else 1000000 end
                        then 'invalid_amount'
                    when w.blocked_at is not null then 'blocked'
                    when w.subscription_until <= t or (must_subscribe and w.subscription_until is null)
                        then 'subscription_expired'
                    when r.model is not null and m.price is null then 'unknown_model'
               end as code,
               dense_rank() over (order by r.wallet)::int as slot,
               case when r.key is not null then min(r.n) over (partition by r.wallet, r.key) end::int as grp,
               case when r.model is null then r.amount
                    when r.amount between 1 and 1000000 then r.amount * m.price end as cost,
               m.version, d.id as dup,
               w.balance, case when w.debt > 0 then w.balance else w.held end as held, -- a debt leaves nothing free
               w.seq, w.burned
          from unnest(p_id, wallets, p_amount, p_model, p_key, p_fingerprint, p_session, p_user, p_api_key)
               with ordinality r(id, wallet, amount, model, key, fingerprint, session, caller, api_key, n)
          left join farebox.wallets w on w.id = r.wallet
          left join lateral ( -- by key; without a key by id: that is a resend
               (select x.id, x.fingerprint from farebox.entries x
                 where x.debit = r.wallet and x.kind = 'spend' and x.key = r.key and x.debit_seq is not null)
               union all
               (select x.id, x.fingerprint from farebox.entries x
                 where r.key is null and x.id = r.id and x.debit = r.wallet)
               limit 1) d on true
          left join lateral (
               select p.price, p.version from farebox.models p
                where r.model is not null and p.use = 'device' and p.name in (r.model, '*')
                  and p.valid_from <= t and (p.valid_to is null or p.valid_to > t)
                order by p.name = '*', p.version desc limit 1) m on true
         order by r.n) q;

    -- 5 decide
    w_balance := array_fill(0::bigint, array[size]);
    w_held := w_balance; w_seq := w_balance; w_burned := w_balance; w_sum := w_balance;
    w_count := array_fill(0, array[size]);
    seen := array_fill(false, array[size]);
    owner := array_fill(null::int, array[size]);
    w_id := array_fill(null::uuid, array[size]);
    o_take := seen;
    o_entry := w_id;
    o_amount := array_fill(null::bigint, array[size]);
    o_before := o_amount; o_after := o_amount; o_available := o_amount; o_seq := o_amount; o_burn := o_amount;
    o_at := array_fill(null::timestamptz, array[size]);

    for i in 1 .. size loop
        if ns[i] <> i then
            raise exception 'the order of the requests was lost' using errcode = 'XX000';
        end if;
        g := groups[i];
        if g is not null and owner[g] is not null and (codes[i] is null or codes[i] in ('invalid_amount', 'unknown_model')) then
            -- This key was spent earlier in this very call; the key is asked about before the amount.
            if p_fingerprint[owner[g]] = p_fingerprint[i] then
                codes[i] := 'replayed';
                o_entry[i] := o_entry[owner[g]];
                o_amount[i] := o_amount[owner[g]];
                o_before[i] := o_before[owner[g]];
                o_after[i] := o_after[owner[g]];
                o_at[i] := t;
            else
                codes[i] := 'key_reused';
            end if;
        elsif codes[i] is null then
            s := slots[i];
            c := costs[i];
            o_amount[i] := c;
            if not seen[s] then
                seen[s] := true;
                w_id[s] := wallets[i];
                w_balance[s] := starts[i];
                w_held[s] := helds[i];
                w_seq[s] := seqs[i];
                w_burned[s] := burns[i];
            end if;
            if c <= w_balance[s] - w_held[s] then
                any_taken := true;
                codes[i] := 'ok';
                o_take[i] := true;
                o_entry[i] := p_id[i];
                o_before[i] := w_balance[s];
                o_at[i] := t;
                w_balance[s] := w_balance[s] - c;
                w_seq[s] := w_seq[s] + 1;
                o_after[i] := w_balance[s];
                o_seq[i] := w_seq[s];
                o_burn[i] := w_burned[s];
                w_burned[s] := w_burned[s] + c;
                w_sum[s] := w_sum[s] + c;
                w_count[s] := w_count[s] + 1;
                if g is not null then
                    owner[g] := i;
                end if;
            else
                codes[i] := 'insufficient';
                o_available[i] := w_balance[s] - w_held[s];
            end if;
        elsif codes[i] = 'replayed' then
            select x.amount, x.debit_after, x.created_at into old from farebox.entries x where x.id = stored[i];
            o_entry[i] := stored[i];
            o_amount[i] := old.amount;
            o_before[i] := old.debit_after + old.amount;
            o_after[i] := old.debit_after;
            o_at[i] := old.created_at;
        end if;
    end loop;

    -- 6 write
    if any_taken then
        insert into farebox.entries (id, debit, credit, amount, kind, debit_seq, debit_after, burn_from, price_version,
                                     created_at, key, fingerprint, description, metadata)
        select r.id, r.wallet, consumed, r.cost, 'spend', r.seq, r.after, r.burn, r.version,
               t, r.key, case when r.key is not null then r.fingerprint end, r.description, r.metadata
          from unnest(p_id, wallets, costs, o_seq, o_after, o_burn, versions, p_key, p_fingerprint, p_description,
                      p_metadata, o_take)
               r(id, wallet, cost, seq, after, burn, version, key, fingerprint, description, metadata, take)
         where r.take;
        update farebox.wallets w
           set balance = w.balance - d.total, burned = w.burned + d.total, seq = w.seq + d.count
          from unnest(w_id, w_sum, w_count) d(id, total, count)
         where w.id = d.id and d.count > 0;
    end if;

    return query
        select r.i::int, r.code, r.entry, r.amount, r.before, r.after, r.available, r.at
          from unnest(codes, o_entry, o_amount, o_before, o_after, o_available, o_at)
               with ordinality r(code, entry, amount, before, after, available, at, i);
end $$;
