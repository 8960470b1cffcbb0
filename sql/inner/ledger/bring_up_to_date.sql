-- farebox.bring_up_to_date: does the first p_most things that have fallen due on a wallet: holds lapse, grants expire.
--
-- Called by   farebox.meet_due and farebox_api.catch_up, of a wallet whose next_event_at has come; farebox.end_hold with 0, to
--             let go what the hold kept and to pay a debt from it
-- Locks       nothing: the caller holds the wallet
-- Returns     whether more is due
-- Raises      XX000 when the grants do not cover what is burned: the books would be wrong
--
-- Events happen in the order of their times, holds before grants at the same time. After those of one time the due grants let
-- go what they need not keep, one `expire` entry a grant, and a debt is paid from what all that set free: exactly as if
-- somebody had been there. Where p_most falls between events of one time, letting go and paying are left to the step that
-- does the last of them; nobody sees the wallet in between, since more is due.
--
-- A due grant, earliest expiry first, keeps the smaller of what remains of it and what open holds placed before its expiry
-- need and no earlier one keeps for them. Kept tokens are no event: only the end of a hold sets them free.
--
-- Decided in memory and written at once, as in farebox_api.spend: with statements for each event the wallet would be locked ten
-- times as long. Due grants between whose expiries no open hold was placed are kept for the same holds and make one group, so
-- what holds need is summed once, and looked at a group at a time. Where there are very many groups, or charges burn very many
-- grants, a step ends before p_most.

create or replace function farebox.bring_up_to_date(p_wallet uuid, p_now timestamptz, p_most int) returns boolean
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
    w farebox.wallets;
    -- holds that lapse, in order: what is charged, the entry's place in e_, the first in g_ that may keep tokens for it
    h_id uuid[]; h_at timestamptz[]; h_amount bigint[]; h_charge bigint[]; h_entry int[]; h_keeper int[];
    h_count int;
    h int := 1; -- the next
    -- grants by expiry: those that are due, those that fall due now; behind them whatever else is burned
    g_id uuid[] := '{}'; g_at timestamptz[]; g_left bigint[] := '{}'; g_due boolean[] := '{}'; g_changed boolean[] := '{}';
    g_group int[]; g_need bigint[];
    g_count int; -- without the others
    g int := 1;  -- the next to fall due
    -- groups: what open holds need of them and all before them, by how much that is less since the last look at this one and
    -- all behind it, what remains, and the first and last due grant of which something may remain
    q_need bigint[] := '{}'; q_less bigint[] := '{}'; q_left bigint[] := '{}'; q_first int[] := '{}'; q_last int[] := '{}';
    q_count int := 0;
    q int;
    -- burns, and entries
    b_grant int[] := '{}'; b_from bigint[] := '{}'; b_amount bigint[] := '{}';
    e_kind farebox.entry_kind[] := '{}'; e_amount bigint[] := '{}'; e_after bigint[] := '{}'; e_burn bigint[] := '{}'; e_id uuid[];
    v_at timestamptz;       -- the time at hand
    v_horizon timestamptz;  -- the last time that is dealt with here
    v_left_at timestamptz;  -- the time of the first event that is not
    v_split timestamptz;    -- the time of which the next step does the rest
    v_more boolean := false;
    v_eventful boolean;
    v_kind farebox.entry_kind;
    v_burn bigint;          -- still to be burned
    v_take bigint;
    v_less bigint;
    v_kept bigint;
    v_gone bigint;
    v_place int;
    v_others refcursor;     -- grants that are not due, in burn order
    v_other record;
    v_head int;             -- the one of them that burns now, in g_
    v_slot constant int := farebox.slot_of(p_wallet);
    v_work int := 0;        -- groups and grants looked at
    v_work_most constant int := 20000;
begin
    perform farebox.flush(p_wallet); -- what was burned so far was burned before all this
    select x.* into w from farebox.wallets x where x.id = p_wallet;

    -- 1 read
    select array_agg(x.id), array_agg(x.expires_at), array_agg(x.amount), array_agg(x.charge), count(*)
      into h_id, h_at, h_amount, h_charge, h_count
      from (select y.id, y.expires_at, y.amount,
                   -- Work that had started may have been answered: its estimate is charged, never refunded to zero (rule 4).
                   case when y.on_lapse = 'charge' and y.started_at is not null then y.lapse_amount end as charge
              from farebox.holds y
             where y.wallet = p_wallet and y.open and y.expires_at <= p_now
             order by y.expires_at, y.created_at, y.id
             limit p_most + 1) x;
    select array_agg(x.expires_at), count(*) into g_at, g_count
      from (select y.expires_at
              from farebox.grants y
             where y.wallet = p_wallet and y.remaining > 0 and not y.due and y.expires_at <= p_now
             order by y.expires_at, y.created_at, y.id
             limit p_most + 1) x;
    while h_count + g_count > p_most loop -- too many: without the last
        v_more := true;
        if g_count = 0 or h_at[h_count] > g_at[g_count] then
            v_left_at := h_at[h_count];
            h_count := h_count - 1;
        else
            v_left_at := g_at[g_count];
            g_count := g_count - 1;
        end if;
    end loop;
    h_id := h_id[1:h_count];
    h_at := h_at[1:h_count];
    h_entry := array_fill(null::int, array[h_count]);
    v_horizon := greatest(h_at[h_count], g_at[g_count]);

    -- What open holds need of whom. In this order of times a hold serves the grants behind it.
    if g_count > 0 or exists (select from farebox.grants x where x.wallet = p_wallet and x.remaining > 0 and x.due) then
        with timeline as (
            select x.*,
                   sum(x.amount) over until_here as need,
                   count(*) filter (where x.remaining is not null) over until_here as grants
              from (select y.created_at as at, 1 as place, y.id, y.expires_at, y.created_at, y.amount, null::bigint as remaining,
                           null::boolean as due
                      from farebox.holds y
                     where y.wallet = p_wallet and y.open
                    union all
                    select y.expires_at, 0, y.id, y.expires_at, y.created_at, 0, y.remaining, true
                      from farebox.grants y
                     where y.wallet = p_wallet and y.remaining > 0 and y.due
                    union all
                    (select y.expires_at, 0, y.id, y.expires_at, y.created_at, 0, y.remaining, false
                       from farebox.grants y
                      where y.wallet = p_wallet and y.remaining > 0 and not y.due and y.expires_at <= p_now
                      order by y.expires_at, y.created_at, y.id
                      limit g_count)) x
            window until_here as (order by x.at, x.place, x.created_at, x.id rows unbounded preceding)
        )
        select array_agg(t.id) filter (where t.place = 0), array_agg(t.at) filter (where t.place = 0),
               array_agg(t.remaining) filter (where t.place = 0), array_agg(t.due) filter (where t.place = 0),
               array_agg(t.need::bigint) filter (where t.place = 0), count(*) filter (where t.place = 0),
               count(*) filter (where t.due) + 1,
               array_agg(t.grants::int + 1 order by t.expires_at, t.created_at, t.id)
                   filter (where t.place = 1 and t.expires_at <= h_at[h_count])
          into g_id, g_at, g_left, g_due, g_need, g_count, g, h_keeper
          from (select x.* from timeline x order by x.at, x.place, x.created_at, x.id) t;
        g_changed := array_fill(false, array[g_count]);
        g_group := array_fill(0, array[g_count]);
        for i in 1 .. g_count loop
            if i = 1 or g_need[i] <> g_need[i - 1] then
                q_count := q_count + 1;
                q_need := q_need || g_need[i];
                q_less := q_less || 0::bigint;
                q_left := q_left || 0::bigint;
                q_first := q_first || i;
                q_last := q_last || i - 1;
            end if;
            g_group[i] := q_count;
            if g_due[i] then
                q_left[q_count] := q_left[q_count] + g_left[i];
                q_last[q_count] := i;
            end if;
        end loop;
    else
        g_at := null;
    end if;

    -- 2 decide
    <<times>>
    while h <= h_count or g <= g_count or (p_most = 0 and v_kind is null) loop
        if v_work > v_work_most then
            v_more := true;
            exit;
        end if;
        v_at := least(h_at[h], g_at[g]);
        v_eventful := p_most = 0;
        loop
            if h_at[h] = v_at then
                if v_work > v_work_most then
                    v_more := true;
                    exit times;
                end if;
                v_eventful := true;
                v_kind := 'spend';
                w.held := w.held - h_amount[h];
                w.open_holds := w.open_holds - 1;
                v_burn := case when h_charge[h] is not null then least(h_charge[h], w.balance - w.held) end;
                h_charge[h] := v_burn;
                q := g_group[h_keeper[h]]; -- null where no due grant keeps anything for it
                if q is not null then
                    q_less[q] := q_less[q] + h_amount[h];
                end if;
                if v_burn > 0 then
                    h_entry[h] := cardinality(e_kind) + 1;
                end if;
                h := h + 1;
            else
                while g_at[g] = v_at loop
                    if g_left[g] > 0 then -- else a charge has just burned it
                        v_eventful := true;
                        g_due[g] := true;
                        g_changed[g] := true;
                        q := g_group[g];
                        q_left[q] := q_left[q] + g_left[g];
                        q_last[q] := g;
                    end if;
                    g := g + 1;
                end loop;
                if v_at = v_left_at then
                    v_split := v_at;
                    exit times;
                end if;
                exit when not v_eventful;

                -- Let go. Of a group the last ones lose theirs, since the first keep before them.
                v_kept := 0;
                v_less := 0;
                v_work := v_work + q_count;
                for i in 1 .. q_count loop
                    v_less := v_less + q_less[i];
                    q_less[i] := 0;
                    q_need[i] := q_need[i] - v_less;
                    v_gone := q_left[i] - greatest(0, q_need[i] - v_kept);
                    if v_gone > 0 then
                        q_left[i] := q_left[i] - v_gone;
                        v_place := q_last[i];
                        while v_gone > g_left[v_place] loop
                            v_gone := v_gone - g_left[v_place];
                            v_place := v_place - 1;
                        end loop;
                        for j in v_place .. q_last[i] loop
                            if v_gone > 0 then
                                g_left[j] := g_left[j] - v_gone;
                                g_changed[j] := true;
                                w.balance := w.balance - v_gone;
                                w.seq := w.seq + 1;
                                e_kind := e_kind || 'expire'::farebox.entry_kind;
                                e_amount := e_amount || v_gone;
                                e_after := e_after || w.balance;
                                e_burn := e_burn || null::bigint; -- expired tokens were not burned
                                v_work := v_work + 1;
                            end if;
                            v_gone := g_left[j + 1];
                        end loop;
                        q_last[i] := v_place;
                    end if;
                    v_kept := v_kept + q_left[i];
                end loop;

                v_kind := 'repayment';
                v_burn := least(w.debt, w.balance - w.held);
                w.debt := w.debt - greatest(0, v_burn);
                q := null; -- kept tokens are not for this
            end if;

            if v_burn > 0 then
                w.balance := w.balance - v_burn;
                w.seq := w.seq + 1;
                e_kind := e_kind || v_kind;
                e_amount := e_amount || v_burn;
                e_after := e_after || w.balance;
                e_burn := e_burn || w.burned;
                while v_burn > 0 loop -- in the order of farebox.attribute
                    v_work := v_work + 1;
                    if q <= q_count then
                        if q_left[q] = 0 then
                            q := q + 1;
                            continue;
                        end if;
                        v_place := q_first[q];
                        if g_left[v_place] = 0 then
                            q_first[q] := v_place + 1;
                            continue;
                        end if;
                        v_take := least(v_burn, g_left[v_place]);
                        q_left[q] := q_left[q] - v_take;
                    else
                        if v_head is null or g_left[v_head] = 0 or g_due[v_head] then
                            if v_others is null then
                                open v_others for
                                    select x.id, x.remaining, x.expires_at
                                      from farebox.grants x
                                     where x.wallet = p_wallet and x.remaining > 0 and not x.due
                                     order by x.priority, x.expires_at, x.created_at, x.id;
                            end if;
                            fetch v_others into v_other;
                            if not found then
                                raise exception 'wallet % burned % tokens that no grant covers', p_wallet, v_burn
                                    using errcode = 'XX000';
                            end if;
                            v_head := case when v_other.expires_at <= v_horizon then array_position(g_id, v_other.id) end;
                            if v_head is null then
                                g_id := g_id || v_other.id;
                                g_left := g_left || v_other.remaining;
                                g_due := g_due || false;
                                g_changed := g_changed || false;
                                v_head := cardinality(g_id);
                            end if;
                            continue;
                        end if;
                        v_place := v_head;
                        v_take := least(v_burn, g_left[v_place]);
                    end if;
                    g_left[v_place] := g_left[v_place] - v_take;
                    g_changed[v_place] := true;
                    b_grant := b_grant || v_place;
                    b_from := b_from || w.burned;
                    b_amount := b_amount || v_take;
                    w.burned := w.burned + v_take;
                    v_burn := v_burn - v_take;
                end loop;
            end if;
            exit when v_kind = 'repayment';
        end loop;
    end loop;
    if v_others is not null then
        close v_others;
    end if;

    -- 3 write
    if cardinality(e_kind) > 0 then
        e_id := array(select farebox.new_id(v_slot) from generate_series(1, cardinality(e_kind)));
        insert into farebox.entries (id, debit, credit, amount, kind, debit_seq, debit_after, burn_from, created_at, description)
        select r.id, p_wallet,
               farebox.operator_wallet(case r.kind when 'spend' then 'consumed' when 'expire' then 'expired' else 'lent' end),
               r.amount, r.kind, w.seq - cardinality(e_kind) + r.n, r.after, r.burn_from, p_now,
               case r.kind when 'spend' then 'estimate of a call that was never settled' end
          from unnest(e_id, e_kind, e_amount, e_after, e_burn) with ordinality r(id, kind, amount, after, burn_from, n);
    end if;
    if h > 1 then
        update farebox.holds x
           set open = false, captured = r.charge, entry = e_id[r.entry]
          from unnest(h_id[1:h - 1], h_charge[1:h - 1], h_entry[1:h - 1]) r(id, charge, entry)
         where x.id = r.id;
    end if;
    update farebox.grants x
       set remaining = r.remaining, due = r.due
      from unnest(g_id, g_left, g_due, g_changed) r(id, remaining, due, changed)
     where r.changed and x.id = r.id;
    insert into farebox.burns (wallet, burn_from, burn_to, grant_id)
    select p_wallet, r.burn_from, r.burn_from + r.amount, g_id[r.place]
      from unnest(b_grant, b_from, b_amount) r(place, burn_from, amount);
    update farebox.wallets x
       set balance = w.balance, held = w.held, open_holds = w.open_holds, debt = w.debt, burned = w.burned, attributed = w.burned,
           seq = w.seq, next_event_at = farebox.next_event(p_wallet)
     where x.id = p_wallet
    returning x.next_event_at into v_at;

    -- What was left of a time may have been burned by what was done of it: then nobody else would let go and pay.
    if v_at > v_split then
        return farebox.bring_up_to_date(p_wallet, p_now, 0);
    end if;
    return v_more;
end $$;
