-- farebox_api.settle: ends many holds in one transaction, each request answered for itself: an amount above 0 captures
-- that much, 0 releases the hold.
--
-- Called by   ledger::settle, with all that waits in its lane
-- Locks       every wallet that has one of the holds, by kind and id
-- Answers     per request: late, unauthorized, forbidden, session_gone, not_found, busy, replayed, already_settled,
--             invalid_amount, blocked, subscription_expired, insufficient, short, ok
--             The order above is the order of the checks; callers may rely on it.
-- Replays     a hold is settled once: asked for the same amount again it returns the first answer, but for `available`,
--             which is null. Another amount is already_settled, with the amount it was settled with.
-- Raises      FB000 when the call itself is malformed; 55P03 when a lock is not had in time
--
-- Less than was held: the rest is free at once. More: only if the rest is free, else `insufficient` (available: what could
-- be captured) and the hold stays open; with p_clamp as much as there is is taken, and when that is less, the answer is
-- `short`. A hold that lapsed and charged is settled with what it charged. One that lapsed and released is captured late
-- as a plain spend, once, with the checks of one (blocked, subscription_expired come up there only); its release is ok.
-- before, after and entry are those of the capture's entry, null where there is none; released is what of the hold was not
-- captured; settled_by is the p_entry of the call that settled it, so that a resend knows its own work.
--
-- The specification and the order of statements are those of farebox_api.spend: a call answers exactly what its requests,
-- sent one at a time in array order, would have been answered. Which wallet a hold is on is learnt before the locks, since
-- it never changes; everything else about the hold is read after them (ledger rules 1 and 8).

create or replace function farebox_api.settle(
    p_entry uuid[],                           -- of the request, and of the entry it may make
    p_hold uuid[], p_amount bigint[], p_clamp boolean[],
    p_description text[], p_metadata json[],  -- null: the hold's
    p_session uuid[], p_user uuid[],          -- of a user's token; null where a service calls
    p_api_key bytea[],                        -- SHA-256 of the key that calls; null under a key of the environment
    p_not_after timestamptz,                  -- in the database's clock
    p_skip_locked boolean default false)
returns table (n int, status text, entry uuid, hold uuid, amount bigint, before bigint, after bigint, available bigint,
               at timestamptz, released bigint, settled_by uuid)
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
    size constant int := cardinality(p_entry);
    t timestamptz;
    due uuid;
    wallets uuid[]; -- by request; null: there is no such hold
    locked uuid[];
    keys_alive bytea[];
    keys_allowed bytea[];
    must_subscribe boolean;
    touched uuid[] := '{}'; -- wallets with a hold that was settled here
    o record;
begin
    -- One request's fields are never paired with another's.
    if size is null or size = 0 or size > 1000 or p_not_after is null
       or cardinality(p_hold) is distinct from size or cardinality(p_amount) is distinct from size
       or cardinality(p_clamp) is distinct from size or cardinality(p_description) is distinct from size
       or cardinality(p_metadata) is distinct from size or cardinality(p_session) is distinct from size
       or cardinality(p_user) is distinct from size or cardinality(p_api_key) is distinct from size
       or array_position(p_entry, null) is not null or array_position(p_hold, null) is not null
       or array_position(p_amount, null) is not null or array_position(p_clamp, null) is not null then
        raise exception 'malformed call' using errcode = 'FB000';
    end if;

    select array_agg(h.wallet order by r.n) into wallets
      from unnest(p_hold) with ordinality r(hold, n)
      left join farebox.holds h on h.id = r.hold;

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
        return query select i, 'late'::text, null::uuid, p_hold[i], null::bigint, null::bigint, null::bigint,
                            null::bigint, t, null::bigint, null::uuid
                       from generate_series(1, size) i;
        return;
    end if;

    -- 3 due
    for due in select w.id from farebox.wallets w where w.id = any (locked) and w.next_event_at <= t order by w.kind, w.id loop
        perform farebox.bring_up_to_date(due, t);
    end loop;

    -- 4 read, in new statements
    select coalesce(array_agg(k.hash), '{}'), coalesce(array_agg(k.hash) filter (where 'hold' = any (k.scopes)), '{}')
      into keys_alive, keys_allowed
      from farebox.api_keys k
     where k.hash = any (p_api_key) and k.revoked_at is null and k.expires_at > t;
    select x.subscription_required into must_subscribe from farebox.settings x;

    -- 5 settle, one after the other
    for i in 1 .. size loop
        n := i;
        hold := p_hold[i];
        entry := null;
        amount := null;
        before := null;
        after := null;
        available := null;
        at := t;
        released := null;
        settled_by := null;
        status := case when p_api_key[i] is not null and not p_api_key[i] = any (keys_alive) then 'unauthorized'
                       when p_api_key[i] is not null and not p_api_key[i] = any (keys_allowed) then 'forbidden'
                       when p_session[i] is not null and not farebox.session_alive(p_session[i], p_user[i], t)
                           then 'session_gone'
                       when wallets[i] is null then 'not_found'
                       when p_skip_locked and not wallets[i] = any (locked) then 'busy' end;
        if status is null then
            select * into o
              from farebox.settle_hold(p_entry[i], p_hold[i], p_amount[i], p_clamp[i], p_description[i], p_metadata[i],
                                       must_subscribe, t) p;
            status := o.status;
            entry := o.entry;
            amount := o.amount;
            before := o.before;
            after := o.after;
            available := o.available;
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
