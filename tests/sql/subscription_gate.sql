-- Whom a subscription keeps from spending: each function that asks, under each setting, for a wallet that never had a
-- subscription, one whose subscription runs, and one whose has ended.

begin;
\ir support.psql
select plan(80);
select is((select x.subscription_gate from farebox.settings x), 'ended', 'a database that nobody has changed serves who never had one');

-- Rolled back, so nothing else sees it; a file that edits settings beside this one waits.
create function under(p_gate text) returns void language sql volatile as $$
    update farebox.settings set subscription_gate = p_gate
$$;

create function subscribed(p_wallet uuid, p_had text) returns void language sql volatile as $$
    update farebox.wallets w
       set subscription_until = case p_had when 'active' then now() + interval '1 day' when 'ended' then now() - interval '1 s' end
     where w.id = p_wallet
$$;

-- What somebody is answered who has 100 tokens, by each way to them. A hold is placed before anything is asked of a subscription.
create function tried(p_way text, p_gate text, p_had text) returns text language plpgsql volatile as $$
declare
    w constant uuid := a_wallet(100);
    v_hold uuid;
begin
    perform under('never');
    if p_way like 'capture%' then
        v_hold := held(w, 10);
    end if;
    if p_way = 'capture, late' then
        perform time_passes(w, '2 hours');
    end if;
    perform subscribed(w, p_had), under(p_gate);
    case p_way
        when 'spend' then return (spend_array(r(w, 11))).status;
        when 'spend_one' then return (spend_one(r(w, 11))).status;
        when 'place_holds' then return (place(h(w, 11))).status;
        when 'capture of more', 'capture, late' then return (end_hold(e(v_hold, 11))).status;
        when 'capture of more, clamped' then return brief(end_hold(e(v_hold, 11, true)));
        when 'capture of what was held' then return (end_hold(e(v_hold, 10))).status;
        when 'balance' then
            return (select case when b.can_spend and b.reason is null then 'ok' when not b.can_spend then b.reason end
                      from farebox_api.balance(array[1], array['api_key'], array[proof_of(null, null, null)], array[w],
                                               array[null]::bigint[], array[null]::text[]) b);
    end case;
end $$;

create temp table rules (gate text, had text, may boolean);
insert into rules values
    ('ended', 'never had one', true), ('ended', 'active', true), ('ended', 'ended', false),
    ('required', 'never had one', false), ('required', 'active', true), ('required', 'ended', false),
    ('never', 'never had one', true), ('never', 'active', true), ('never', 'ended', true);

select is(tried(way, gate, had), case when may then 'ok' else 'subscription_expired' end,
          format('%s, %s: who %s', gate, way, had))
  from rules
 cross join (values ('spend'), ('spend_one'), ('place_holds'), ('capture of more'), ('capture, late'), ('balance')) w(way)
 order by way, gate, had;
select is(tried('capture of more, clamped', gate, had), case when may then 'ok 11 100->89 of 89' else 'short 10 100->90 of 90' end,
          format('%s, a clamped capture takes more than was held only where a spend might: who %s', gate, had))
  from rules order by gate, had;
select is(tried('capture of what was held', gate, had), 'ok', format('%s, what was held is captured: who %s', gate, had))
  from rules order by gate, had;

-- Each wallet of a call is judged for itself.
create function together(p_gate text) returns text[] language plpgsql volatile as $$
declare
    a constant uuid := a_wallet(100);
    b constant uuid := a_wallet(100);
    c constant uuid := a_wallet(100);
begin
    perform subscribed(b, 'active'), subscribed(c, 'ended'), under(p_gate);
    return brief_many(r(a, 1), r(b, 1), r(c, 1));
end $$;
select is(together('ended'), array['ok 1 100->99', 'ok 1 100->99', 'subscription_expired'], 'ended: in one call');
select is(together('required'), array['subscription_expired', 'ok 1 100->99', 'subscription_expired'], 'required: in one call');
select is(together('never'), array['ok 1 100->99', 'ok 1 100->99', 'ok 1 100->99'], 'never: in one call');

-- The setting.
select col_default_is('farebox', 'settings', 'subscription_gate', 'ended', 'as the server API has it, unless an operator says otherwise');
select col_not_null('farebox', 'settings', 'subscription_gate', 'there is always a rule');
select throws_ok($$ update farebox.settings set subscription_gate = 'sometimes' $$, '23514', null, 'and no other than the three');
select hasnt_column('farebox', 'settings', 'subscription_required', 'what it replaces is gone');

select * from finish();
rollback;
