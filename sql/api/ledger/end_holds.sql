-- farebox_api.end_holds: ends many holds in one transaction, each request answered for itself: an amount above 0 captures
-- that much, 0 releases the hold.
--
-- Called by   ledger::end_holds, with all that waits
-- Locks       every wallet that has one of the holds, by kind and id
-- Answers     per request: late, unauthorized, forbidden, hold_not_found, behind (entry: the wallet), busy, replayed,
--             hold_already_settled, invalid_amount, wallet_blocked, subscription_expired, insufficient_balance, short, ok; each with the n that
--             the request came with
--             The order above is the order of the checks; callers may rely on it.
-- Replays     a hold ends once: asked for the same amount again it returns the first answer, but for `available`,
--             which is null. Another amount is hold_already_settled, with the amount it ended with.
-- Raises      FB000 when the call itself is malformed; 55P03 when a lock is not had in time
--
-- Less than was held: the rest is free at once. More is a plain spend beside the hold: only if the wallet may spend (else
-- wallet_blocked, subscription_expired) and the rest is free (else `insufficient_balance`; available: what could be captured;
-- held: what this and the other open holds hold), and refused it leaves the hold open; with p_clamp as much as there is is
-- taken, from a wallet that may not spend what was held, and when that is less, the answer is `short`. A hold that lapsed and
-- charged has ended with what it charged. One that lapsed and released is captured late as a plain spend, once, with the
-- checks of one; its release is ok.
-- entry is the capture's, null where there is none, and so are before and after: the wallet's balance before it and when the call
-- returned, what expired or paid a debt in it included; released is what of the hold was not captured; settled_by is the p_entry of
-- the call that ended it, so that a resend can tell that it did.
--
-- The specification and the order of statements are those of farebox_api.spend: a call answers exactly what its requests,
-- sent one at a time in array order, would have been answered. Which wallet a hold is on is learnt before the locks, since
-- it never changes; everything else about the hold is read after them (ledger rules 1 and 8).

create or replace function farebox_api.end_holds(
    p_n int[],                                -- what each request is called in the answer; none twice
    p_caller text[], p_proof bytea[],         -- who calls (farebox.caller_refusal)
    p_entry uuid[],                           -- of the request, and of the entry it may make
    p_hold uuid[], p_amount bigint[], p_clamp boolean[],
    p_description text[], p_metadata json[],  -- null: the hold's
    p_not_after timestamptz,                  -- in the database's clock
    p_skip_locked boolean default false)
returns table (n int, status text, entry uuid, hold uuid, amount bigint, before bigint, after bigint, available bigint,
               held bigint, at timestamptz, released bigint, settled_by uuid)
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
    size constant int := cardinality(p_n);
    t timestamptz;
    wallets uuid[]; -- by request; null: there is no such hold
    locked uuid[];
    behind uuid[];
    refusals text[];
    gate text;
    touched uuid[] := '{}'; -- wallets with a hold that was settled here
    o record;
begin
    -- One request's fields are never paired with another's.
    if size is null or size = 0 or size > 1000 or p_not_after is null
       or not farebox.same_shape(p_n, array_dims(p_caller), array_dims(p_proof), array_dims(p_entry), array_dims(p_hold),
                                array_dims(p_amount), array_dims(p_clamp), array_dims(p_description),
                                array_dims(p_metadata))
       or array_position(p_entry, null) is not null or array_position(p_hold, null) is not null
       or array_position(p_amount, null) is not null or array_position(p_clamp, null) is not null then
        raise exception 'malformed call' using errcode = 'FB000';
    end if;

    select array_agg(h.wallet order by r.n) into wallets
      from unnest(p_hold) with ordinality r(hold, n)
      left join farebox.holds h on h.id = r.hold;

    -- Lock, clock, due.
    select l.locked, l.behind, l.at into locked, behind, t from farebox.lock_wallets(wallets, p_skip_locked, p_not_after) l;
    if t > p_not_after then
        return query select p_n[i], 'late'::text, null::uuid, p_hold[i], null::bigint, null::bigint, null::bigint,
                            null::bigint, null::bigint, t, null::bigint, null::uuid
                       from generate_series(1, size) i;
        return;
    end if;

    -- Read, in new statements.
    refusals := farebox.caller_refusals(p_caller, p_proof, 'hold', '{}', wallets, 'hold_not_found', t);
    select x.subscription_gate into gate from farebox.settings x;

    -- End, one after the other.
    for i in 1 .. size loop
        n := p_n[i];
        hold := p_hold[i];
        entry := null;
        amount := null;
        before := null;
        after := null;
        available := null;
        held := null;
        at := t;
        released := null;
        settled_by := null;
        status := case when refusals[i] is not null then refusals[i]
                       when wallets[i] is null then 'hold_not_found'
                       when wallets[i] = any (behind) then 'behind'
                       when not wallets[i] = any (locked) then 'busy' end;
        if status = 'behind' then
            entry := wallets[i];
        elsif status is null then
            select * into o
              from farebox.end_hold(p_entry[i], p_hold[i], p_amount[i], p_clamp[i], p_description[i], p_metadata[i],
                                    gate, t) p;
            status := o.status;
            entry := o.entry;
            amount := o.amount;
            before := o.before;
            after := o.after;
            available := o.available;
            held := o.held;
            at := o.at;
            released := o.released;
            settled_by := o.settled_by;
            if status in ('ok', 'short') then
                touched := touched || wallets[i];
            end if;
        end if;
        return next;
    end loop;

    update farebox.wallets w set next_event_at = farebox.next_event(w.id) where w.id = any (touched);
end $$;
