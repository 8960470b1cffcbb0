-- farebox_api.spend: takes tokens from many wallets in one transaction, each request answered for itself.
--
-- Called by   ledger::spend, with all that waits
-- Locks       every wallet of the call, by kind and id
-- Answers     per request: late, unauthorized, forbidden, user_not_found, behind (entry: the wallet), busy (with p_skip_locked,
--             for a wallet that somebody else holds), idempotency_key_reused, replayed, invalid_amount, wallet_blocked, subscription_expired,
--             model_unavailable, insufficient_balance, ok; each with the n that the request came with
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
-- Steps 1 to 3 are farebox.lock_wallets. Never fold 1 into 4: the locked row would be read again, everything else would come from the older snapshot, and a
-- paid request would be answered `insufficient_balance`, or a key used twice (ledger rule 1).

create or replace function farebox_api.spend(
    p_n int[],                                -- what each request is called in the answer; none twice
    p_caller text[], p_proof bytea[],         -- who calls (farebox.caller_refusal)
    p_id uuid[], p_wallet uuid[], p_number bigint[], p_amount bigint[],
    p_model text[], p_key text[], p_fingerprint bytea[], p_description text[], p_metadata json[],
    p_not_after timestamptz,
    p_skip_locked boolean default false)
returns table (n int, status text, entry uuid, amount bigint, before bigint, after bigint, available bigint, held bigint,
               at timestamptz)
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
    size constant int := cardinality(p_n);
    nobody constant uuid := '00000000-0000-0000-0000-000000000000';
    t timestamptz;
    wallets uuid[] := p_wallet; -- by request, numbers resolved
    locked uuid[];
    behind uuid[];
    refusals text[];
    gate text;
    old record;
    -- by request
    ns int[]; codes text[]; slots int[]; groups int[]; costs bigint[]; versions int[]; stored uuid[];
    starts bigint[]; unfree bigint[]; in_holds bigint[]; seqs bigint[]; burns bigint[];
    o_take boolean[]; o_entry uuid[]; o_amount bigint[]; o_before bigint[]; o_after bigint[]; o_available bigint[];
    o_held bigint[]; o_seq bigint[]; o_burn bigint[]; o_at timestamptz[];
    -- by wallet (slot)
    seen boolean[]; w_id uuid[]; w_balance bigint[]; w_unfree bigint[]; w_seq bigint[]; w_burned bigint[];
    w_sum bigint[]; w_count int[];
    -- by key (the first request that has it)
    owner int[];
    i int; s int; g int; c bigint;
    any_taken boolean := false;
begin
    -- One request's fields are never paired with another's.
    if size is null or size = 0 or size > 1000 or p_not_after is null
       or not farebox.same_shape(p_n, array_dims(p_caller), array_dims(p_proof), array_dims(p_id), array_dims(p_wallet),
                                array_dims(p_number), array_dims(p_amount), array_dims(p_model), array_dims(p_key),
                                array_dims(p_fingerprint), array_dims(p_description), array_dims(p_metadata))
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

    -- 1 lock, 2 clock, 3 due
    select l.locked, l.behind, l.at into locked, behind, t from farebox.lock_wallets(wallets, p_skip_locked, p_not_after) l;
    if t > p_not_after then
        return query select p_n[i], 'late'::text, null::uuid, null::bigint, null::bigint, null::bigint, null::bigint,
                            null::bigint, t
                       from generate_series(1, size) i;
        return;
    end if;

    -- 4 classify
    refusals := farebox.caller_refusals(p_caller, p_proof, 'spend', '{user,device,operator}', wallets, 'user_not_found', t);
    select x.subscription_gate into gate from farebox.settings x;

    select array_agg(q.n), array_agg(q.code), array_agg(q.slot), array_agg(q.grp), array_agg(q.cost),
           array_agg(q.version), array_agg(q.dup), array_agg(q.balance), array_agg(q.unfree),
           array_agg(q.held), array_agg(q.seq), array_agg(q.burned)
      into ns, codes, slots, groups, costs, versions, stored, starts, unfree, in_holds, seqs, burns
      from (
        select r.n::int,
               case when r.refusal is not null then r.refusal
                    when w.id is null then 'user_not_found'
                    when w.id = any (behind) then 'behind'
                    when p_skip_locked and not w.id = any (locked) then 'busy'
                    when d.id is not null then
                        case when d.fingerprint is not distinct from (case when r.key is not null then r.fingerprint end)
                             then 'replayed' else 'idempotency_key_reused' end
                    when r.amount <= 0 or r.amount > case when r.model is null then 1000000000000 else 1000000 end
                        then 'invalid_amount'
                    when w.blocked_at is not null then 'wallet_blocked'
                    when (w.subscription_until <= t and gate <> 'never')
                         or (w.subscription_until is null and gate = 'required')
                        then 'subscription_expired'
                    when r.model is not null and m.price is null then 'model_unavailable'
               end as code,
               dense_rank() over (order by r.wallet)::int as slot,
               case when r.key is not null then min(r.n) over (partition by r.wallet, r.key) end::int as grp,
               case when r.model is null then r.amount
                    when r.amount between 1 and 1000000 then r.amount * m.price end as cost,
               m.version, d.id as dup,
               w.balance, case when w.debt > 0 then w.balance else w.held end as unfree, -- a debt leaves nothing free
               w.held, w.seq, w.burned
          from unnest(p_id, wallets, p_amount, p_model, p_key, p_fingerprint, refusals)
               with ordinality r(id, wallet, amount, model, key, fingerprint, refusal, n)
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
    w_unfree := w_balance; w_seq := w_balance; w_burned := w_balance; w_sum := w_balance;
    w_count := array_fill(0, array[size]);
    seen := array_fill(false, array[size]);
    owner := array_fill(null::int, array[size]);
    w_id := array_fill(null::uuid, array[size]);
    o_take := seen;
    o_entry := w_id;
    o_amount := array_fill(null::bigint, array[size]);
    o_before := o_amount; o_after := o_amount; o_available := o_amount; o_held := o_amount; o_seq := o_amount; o_burn := o_amount;
    o_at := array_fill(null::timestamptz, array[size]);

    for i in 1 .. size loop
        if ns[i] <> i then
            raise exception 'the order of the requests was lost' using errcode = 'XX000';
        end if;
        g := groups[i];
        if g is not null and owner[g] is not null and (codes[i] is null or codes[i] in ('invalid_amount', 'model_unavailable')) then
            -- This key was spent earlier in this very call; the key is asked about before the amount.
            if p_fingerprint[owner[g]] = p_fingerprint[i] then
                codes[i] := 'replayed';
                o_entry[i] := o_entry[owner[g]];
                o_amount[i] := o_amount[owner[g]];
                o_before[i] := o_before[owner[g]];
                o_after[i] := o_after[owner[g]];
                o_at[i] := t;
            else
                codes[i] := 'idempotency_key_reused';
            end if;
        elsif codes[i] is null then
            s := slots[i];
            c := costs[i];
            o_amount[i] := c;
            if not seen[s] then
                seen[s] := true;
                w_id[s] := wallets[i];
                w_balance[s] := starts[i];
                w_unfree[s] := unfree[i];
                w_seq[s] := seqs[i];
                w_burned[s] := burns[i];
            end if;
            if c <= w_balance[s] - w_unfree[s] then
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
                codes[i] := 'insufficient_balance';
                o_available[i] := w_balance[s] - w_unfree[s];
                o_held[i] := in_holds[i];
            end if;
        elsif codes[i] = 'behind' then
            o_entry[i] := wallets[i];
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
        select r.id, r.wallet, farebox.operator_wallet('consumed'), r.cost, 'spend', r.seq, r.after, r.burn, r.version,
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
        select r.n, r.code, r.entry, r.amount, r.before, r.after, r.available, r.held, r.at
          from unnest(p_n, codes, o_entry, o_amount, o_before, o_after, o_available, o_held, o_at)
               r(n, code, entry, amount, before, after, available, held, at);
end $$;
