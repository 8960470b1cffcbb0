-- What the migrations and functions amount to. Written by scripts/snapshot; compared by scripts/test.


-- Name: farebox; Type: SCHEMA; Schema: -

CREATE SCHEMA farebox;

-- Name: farebox_api; Type: SCHEMA; Schema: -

CREATE SCHEMA farebox_api;

-- Name: entry_kind; Type: TYPE; Schema: farebox

CREATE TYPE farebox.entry_kind AS ENUM (
    'grant',
    'purchase',
    'spend',
    'transfer',
    'expire',
    'refund',
    'reversal',
    'debt',
    'repayment'
);

-- Name: grant_class; Type: TYPE; Schema: farebox

CREATE TYPE farebox.grant_class AS ENUM (
    'promo',
    'allotment',
    'paid'
);

-- Name: wallet_kind; Type: TYPE; Schema: farebox

CREATE TYPE farebox.wallet_kind AS ENUM (
    'user',
    'device',
    'pool'
);

-- Name: add_admin(text, text); Type: FUNCTION; Schema: farebox

CREATE FUNCTION farebox.add_admin(p_who text, p_granted_by text) RETURNS uuid
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
declare
    v_ids uuid[];
begin
    select array_agg(u.id) into v_ids
      from farebox.users u
     where u.erased_at is null
       and (u.id::text = lower(p_who) or u.number::text = p_who
            or (u.phone = ltrim(p_who, '+') and exists (
                    select from auth.users z where z.id = u.id and z.phone_confirmed_at is not null))
            or (u.email = lower(p_who) and exists (
                    select from auth.users z where z.id = u.id and z.email_confirmed_at is not null)));
    if cardinality(v_ids) is distinct from 1 then
        return null;
    end if;
    insert into farebox.admins (user_id, granted_by) values (v_ids[1], p_granted_by) on conflict do nothing;
    return v_ids[1];
end $$;

-- Name: address_digest(text); Type: FUNCTION; Schema: farebox

CREATE FUNCTION farebox.address_digest(p_address text) RETURNS bytea
    LANGUAGE sql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
    select sha256(s.address_salt || convert_to(p_address, 'UTF8')) from farebox.settings s
$$;

-- Name: attribute(uuid, bigint, bigint, timestamp with time zone); Type: FUNCTION; Schema: farebox

CREATE FUNCTION farebox.attribute(p_wallet uuid, p_from bigint, p_amount bigint, p_hold_at timestamp with time zone DEFAULT NULL::timestamp with time zone) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
declare
    v_booked bigint;
begin
    if p_amount = 0 then
        return;
    end if;

    with ordered as (
        select g.id, g.remaining,
               sum(g.remaining) over (
                   order by not g.due, case when g.due then 0 else g.priority end, g.expires_at, g.created_at, g.id
               ) - g.remaining as before
          from farebox.grants g
         where g.wallet = p_wallet and g.remaining > 0 and (not g.due or p_hold_at < g.expires_at)
    ), slices as (
        select o.id, o.before, least(o.remaining, p_amount - o.before) as amount
          from ordered o
         where o.before < p_amount
    ), taken as (
        update farebox.grants g set remaining = g.remaining - s.amount
          from slices s
         where g.id = s.id
    ), booked as (
        insert into farebox.burns (wallet, burn_from, burn_to, grant_id)
        select p_wallet, p_from + s.before, p_from + s.before + s.amount, s.id from slices s
    )
    select coalesce(sum(s.amount), 0) into v_booked from slices s;

    if v_booked <> p_amount then
        raise exception 'wallet % burned % tokens that no grant covers', p_wallet, p_amount - v_booked
            using errcode = 'XX000';
    end if;
end $$;

-- Name: bring_up_to_date(uuid, timestamp with time zone); Type: FUNCTION; Schema: farebox

CREATE FUNCTION farebox.bring_up_to_date(p_wallet uuid, p_now timestamp with time zone) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
declare
    v_at timestamptz;
    v_charge bigint;
    v_entry uuid;
    h farebox.holds;
    w farebox.wallets;
begin
    perform farebox.flush(p_wallet);

    loop
        select least(
                   (select min(x.expires_at) from farebox.holds x where x.wallet = p_wallet and x.open),
                   (select min(x.expires_at) from farebox.grants x
                     where x.wallet = p_wallet and x.remaining > 0 and not x.due))
          into v_at;
        exit when v_at is null or v_at > p_now;

        for h in
            select x.* from farebox.holds x
             where x.wallet = p_wallet and x.open and x.expires_at = v_at
             order by x.created_at, x.id
        loop
            update farebox.wallets x set held = x.held - h.amount where x.id = p_wallet returning x.* into w;
            v_charge := null;
            v_entry := null;
            -- A dispatched call may have been answered: its estimate is charged, never refunded to zero (rule 4).
            if h.on_lapse = 'charge' and h.dispatched_at is not null then
                v_charge := least(h.lapse_amount, w.balance - w.held);
            end if;
            if v_charge > 0 then
                v_entry := farebox.uuid_v7();
                perform farebox.attribute(p_wallet, w.burned, v_charge, h.created_at);
                insert into farebox.entries (id, debit, credit, amount, kind, debit_seq, debit_after, burn_from,
                                             created_at, description)
                values (v_entry, p_wallet, '00000000-0000-7000-8000-000000000003', v_charge, 'spend', w.seq + 1,
                        w.balance - v_charge, w.burned, p_now, 'estimate of a call that was never settled');
                update farebox.wallets x
                   set balance = x.balance - v_charge, burned = x.burned + v_charge,
                       attributed = x.attributed + v_charge, seq = x.seq + 1
                 where x.id = p_wallet;
            end if;
            update farebox.holds x set open = false, captured = v_charge, entry = v_entry where x.id = h.id;
        end loop;

        update farebox.grants x set due = true
         where x.wallet = p_wallet and x.remaining > 0 and not x.due and x.expires_at = v_at;
        perform farebox.expire_due(p_wallet, p_now);
        -- What a lapse set free pays a debt before anything later happens, and what that burned is booked before a later
        -- grant expires.
        perform farebox.pay_debt(p_wallet, p_now);
        perform farebox.flush(p_wallet);
    end loop;

    perform farebox.expire_due(p_wallet, p_now); -- what was kept may be free since a hold was settled

    update farebox.wallets x set next_event_at = farebox.next_event(p_wallet) where x.id = p_wallet;
end $$;

-- Name: create_api_key(text, bytea, text, text[], timestamp with time zone); Type: FUNCTION; Schema: farebox

CREATE FUNCTION farebox.create_api_key(p_name text, p_hash bytea, p_prefix text, p_scopes text[], p_expires_at timestamp with time zone DEFAULT NULL::timestamp with time zone) RETURNS uuid
    LANGUAGE sql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
    insert into farebox.api_keys (name, hash, prefix, scopes, expires_at)
    values (p_name, p_hash, p_prefix, p_scopes, coalesce(p_expires_at, 'infinity'))
    returning id
$$;

-- Name: credential_refusal(bytea, text); Type: FUNCTION; Schema: farebox

CREATE FUNCTION farebox.credential_refusal(p_api_key bytea, p_scope text) RETURNS text
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
declare
    v_scopes text[];
begin
    if p_api_key is null then
        return null;
    end if;
    select k.scopes into v_scopes
      from farebox.api_keys k
     where k.hash = p_api_key and k.revoked_at is null and k.expires_at > clock_timestamp();
    if not found then
        return 'unauthorized';
    end if;
    return case when p_scope = any (v_scopes) then null else 'forbidden' end;
end $$;

-- Name: expire_due(uuid, timestamp with time zone); Type: FUNCTION; Schema: farebox

CREATE FUNCTION farebox.expire_due(p_wallet uuid, p_now timestamp with time zone) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
declare
    v_kept bigint := 0;
    v_keep bigint;
    v_gone bigint;
    g farebox.grants;
begin
    for g in
        select x.* from farebox.grants x
         where x.wallet = p_wallet and x.due and x.remaining > 0
         order by x.expires_at, x.created_at, x.id
    loop
        select least(g.remaining, greatest(0, coalesce(sum(h.amount), 0) - v_kept)) into v_keep
          from farebox.holds h
         where h.wallet = p_wallet and h.open and h.created_at < g.expires_at;
        v_kept := v_kept + v_keep;
        v_gone := g.remaining - v_keep;
        if v_gone > 0 then
            update farebox.grants x set remaining = v_keep where x.id = g.id;
            perform farebox.post_expiry(p_wallet, v_gone, p_now);
        end if;
    end loop;
end $$;

-- Name: flush(uuid); Type: FUNCTION; Schema: farebox

CREATE FUNCTION farebox.flush(p_wallet uuid) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
declare
    w farebox.wallets;
begin
    select x.* into w from farebox.wallets x where x.id = p_wallet;
    if w.burned > w.attributed then
        perform farebox.attribute(p_wallet, w.attributed, w.burned - w.attributed);
        update farebox.wallets x set attributed = x.burned where x.id = p_wallet;
    end if;
end $$;

-- Name: follow_auth_user(); Type: FUNCTION; Schema: farebox

CREATE FUNCTION farebox.follow_auth_user() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET jit TO 'off'
    SET enable_seqscan TO 'off'
    SET lock_timeout TO '1s'
    AS $_$
begin
    if tg_op = 'DELETE' then
        perform farebox.forget(old.id);
        return null;
    end if;
    if new.deleted_at is not null then
        perform farebox.forget(new.id);
        return null;
    end if;
    if tg_op = 'UPDATE' then
        -- An address that is free again has had its starting tokens: this account keeps them.
        insert into farebox.used_addresses (digest)
        select farebox.address_digest(y.address)
          from farebox.users u
         cross join lateral (values (u.email, new.email), (u.phone, new.phone)) y(address, next)
         where u.id = new.id and y.address is not null and y.address is distinct from y.next
        on conflict do nothing;
        update farebox.users x
           set email = case when char_length(new.email) between 3 and 255 then new.email end,
               phone = case when new.phone ~ '^[0-9]{5,15}$' and new.phone_confirmed_at is not null
                             and not exists (select from farebox.users y where y.phone = new.phone and y.id <> x.id)
                            then new.phone end
         where x.id = new.id and x.erased_at is null;
    end if;
    perform farebox.provision(new.id);
    return null;
exception when others then
    if tg_op = 'DELETE' or new.deleted_at is not null then
        raise exception 'farebox could not forget this account: delete it again';
    end if;
    raise warning 'farebox: a change of an account was not followed';
    return null;
end $_$;

-- Name: forget(uuid); Type: FUNCTION; Schema: farebox

CREATE FUNCTION farebox.forget(p_user uuid) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
begin
    perform from farebox.wallets w where w.id = p_user for no key update;
    update farebox.wallets w set blocked_at = coalesce(w.blocked_at, clock_timestamp()) where w.id = p_user;
    insert into farebox.used_addresses (digest)
    select farebox.address_digest(x.address)
      from farebox.users u
      join farebox.wallets w on w.id = u.id and (w.burned > 0 or w.held > 0)
     cross join lateral (values (u.email), (u.phone)) x(address)
     where u.id = p_user and x.address is not null
    on conflict do nothing;
    delete from farebox.admins a where a.user_id = p_user;
    delete from farebox.agents g where g.user_id = p_user;
    delete from farebox.billing_keys k where k.user_id = p_user;
    update farebox.users u
       set email = null, phone = null, display_name = null, erased_at = coalesce(u.erased_at, clock_timestamp())
     where u.id = p_user;
end $$;

-- Name: next_event(uuid); Type: FUNCTION; Schema: farebox

CREATE FUNCTION farebox.next_event(p_wallet uuid) RETURNS timestamp with time zone
    LANGUAGE sql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
    select coalesce(least(
               (select min(h.expires_at) from farebox.holds h where h.wallet = p_wallet and h.open),
               (select min(g.expires_at) from farebox.grants g where g.wallet = p_wallet and g.remaining > 0)), 'infinity')
$$;

-- Name: pay_debt(uuid, timestamp with time zone); Type: FUNCTION; Schema: farebox

CREATE FUNCTION farebox.pay_debt(p_wallet uuid, p_now timestamp with time zone) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
declare
    w farebox.wallets;
    v_pay bigint;
begin
    select x.* into w from farebox.wallets x where x.id = p_wallet;
    v_pay := least(w.debt, w.balance - w.held);
    if v_pay > 0 then
        insert into farebox.entries (id, debit, credit, amount, kind, debit_seq, debit_after, burn_from, created_at)
        values (farebox.uuid_v7(), p_wallet, '00000000-0000-7000-8000-000000000005', v_pay, 'repayment',
                w.seq + 1, w.balance - v_pay, w.burned, p_now);
        update farebox.wallets x
           set balance = x.balance - v_pay, debt = x.debt - v_pay, burned = x.burned + v_pay, seq = x.seq + 1
         where x.id = p_wallet;
    end if;
end $$;

-- Name: place_hold(uuid, uuid, bigint, bigint, text, bigint, boolean, text, bytea, text, json, boolean, timestamp with time zone); Type: FUNCTION; Schema: farebox

CREATE FUNCTION farebox.place_hold(p_id uuid, p_wallet uuid, p_amount bigint, p_ttl_ms bigint, p_on_lapse text, p_lapse_amount bigint, p_dispatched boolean, p_key text, p_fingerprint bytea, p_description text, p_metadata json, p_must_subscribe boolean, p_now timestamp with time zone, OUT status text, OUT hold uuid, OUT amount bigint, OUT available bigint, OUT expires_at timestamp with time zone, OUT at timestamp with time zone) RETURNS record
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
declare
    w farebox.wallets;
    h farebox.holds;
    v_free bigint;
    v_fingerprint constant bytea := case when p_key is not null then p_fingerprint end;
begin
    at := p_now;
    if p_key is not null then
        select x.* into h from farebox.holds x where x.wallet = p_wallet and x.key = p_key;
    else
        select x.* into h from farebox.holds x where x.id = p_id and x.wallet = p_wallet;
    end if;
    if found then
        if h.fingerprint is distinct from v_fingerprint then
            status := 'key_reused';
            return;
        end if;
        status := 'replayed';
        hold := h.id;
        amount := h.amount;
        expires_at := h.expires_at;
        at := h.created_at;
        return;
    end if;

    if p_amount not between 1 and 1000000000000 or p_lapse_amount not between 1 and p_amount then
        status := 'invalid_amount';
        return;
    end if;
    select x.* into w from farebox.wallets x where x.id = p_wallet;
    if w.blocked_at is not null then
        status := 'blocked';
        return;
    end if;
    if w.subscription_until <= p_now or (p_must_subscribe and w.subscription_until is null) then
        status := 'subscription_expired';
        return;
    end if;
    amount := p_amount;
    v_free := case when w.debt > 0 then 0 else w.balance - w.held end; -- a debt leaves nothing free
    if p_amount > v_free then
        status := 'insufficient';
        available := v_free;
        return;
    end if;

    hold := p_id;
    expires_at := p_now + p_ttl_ms * interval '1 millisecond';
    available := v_free - p_amount;
    insert into farebox.holds (id, wallet, amount, created_at, expires_at, on_lapse, lapse_amount, dispatched_at,
                               key, fingerprint, description, metadata)
    values (p_id, p_wallet, p_amount, p_now, place_hold.expires_at, p_on_lapse, p_lapse_amount,
            case when p_dispatched then p_now end, p_key, v_fingerprint, p_description, p_metadata);
    update farebox.wallets x
       set held = x.held + p_amount, next_event_at = least(x.next_event_at, place_hold.expires_at)
     where x.id = p_wallet;
    status := 'ok';
end $$;

-- Name: post_expiry(uuid, bigint, timestamp with time zone); Type: FUNCTION; Schema: farebox

CREATE FUNCTION farebox.post_expiry(p_wallet uuid, p_amount bigint, p_now timestamp with time zone) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
declare
    v_after bigint;
    v_seq bigint;
begin
    update farebox.wallets x set balance = x.balance - p_amount, seq = x.seq + 1
     where x.id = p_wallet
    returning x.balance, x.seq into v_after, v_seq;
    insert into farebox.entries (id, debit, credit, amount, kind, debit_seq, debit_after, created_at)
    values (farebox.uuid_v7(), p_wallet, '00000000-0000-7000-8000-000000000004', p_amount, 'expire', v_seq, v_after,
            p_now);
end $$;

-- Name: post_grant(uuid, uuid, bigint, farebox.grant_class, integer, timestamp with time zone, text, bytea, text, json, timestamp with time zone); Type: FUNCTION; Schema: farebox

CREATE FUNCTION farebox.post_grant(p_id uuid, p_wallet uuid, p_amount bigint, p_class farebox.grant_class, p_priority integer, p_expires_at timestamp with time zone, p_key text, p_fingerprint bytea, p_description text, p_metadata json, p_now timestamp with time zone) RETURNS bigint
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
declare
    v_after bigint;
    v_seq bigint;
    v_expires_at constant timestamptz := coalesce(p_expires_at, 'infinity');
begin
    perform farebox.flush(p_wallet); -- what was burned so far was burned without this grant

    update farebox.wallets x
       set balance = x.balance + p_amount, seq = x.seq + 1, next_event_at = least(x.next_event_at, v_expires_at)
     where x.id = p_wallet
    returning x.balance, x.seq into v_after, v_seq;

    insert into farebox.entries (id, debit, credit, amount, kind, credit_seq, credit_after, created_at,
                                 key, fingerprint, description, metadata)
    values (p_id, '00000000-0000-7000-8000-000000000001', p_wallet, p_amount, 'grant', v_seq, v_after, p_now,
            p_key, p_fingerprint, p_description, p_metadata);

    insert into farebox.grants (id, wallet, entry, class, priority, amount, remaining, expires_at, created_at)
    values (p_id, p_wallet, p_id, p_class,
            coalesce(p_priority, case p_class when 'promo' then 100 when 'allotment' then 200 else 300 end),
            p_amount, p_amount, v_expires_at, p_now);

    perform farebox.pay_debt(p_wallet, p_now);
    return v_after;
end $$;

-- Name: provision(uuid); Type: FUNCTION; Schema: farebox

CREATE FUNCTION farebox.provision(p_user uuid) RETURNS boolean
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $_$
declare
    a record;
    u farebox.users;
    v_tokens bigint;
begin
    if exists (select from farebox.users x where x.id = p_user) then
        return true;
    end if;
    if to_regclass('auth.users') is null then
        return false; -- a database without Supabase Auth has only an operator's own users
    end if;
    select nullif(z.email, '') as email,
           -- Before it is confirmed a phone may be anybody's.
           case when z.phone ~ '^[0-9]{5,15}$' and z.phone_confirmed_at is not null then z.phone end as phone,
           nullif(left(btrim(z.raw_user_meta_data ->> 'display_name'), 100), '') as display_name,
           case when coalesce(z.raw_app_meta_data ->> 'provider', '') in ('', 'email', 'phone') then 'local'
                else left(z.raw_app_meta_data ->> 'provider', 100) end as provider
      into a
      from auth.users z
     where z.id = p_user and not z.is_anonymous and z.deleted_at is null;
    if not found then
        return false;
    end if;

    loop
        insert into farebox.users (id, number, phone, email, display_name, provider)
        values (p_user, nextval('farebox.user_numbers'),
                -- A phone that an operator gave to a user of its own stays with that one.
                case when exists (select from farebox.users x where x.phone = a.phone) then null else a.phone end,
                case when char_length(a.email) between 3 and 255 then a.email end, a.display_name, a.provider)
        on conflict do nothing
        returning users.* into u;
        exit when found;
        if exists (select from farebox.users x where x.id = p_user) then
            return true; -- somebody was faster
        end if;
    end loop; -- an operator's number or a phone was in the way

    insert into farebox.wallets (id, kind, owner, created_at) values (u.id, 'user', u.id, u.created_at);
    select s.starting_tokens into v_tokens from farebox.settings s;
    if v_tokens > 0 and not exists (
            select from farebox.used_addresses l
             where l.digest in (farebox.address_digest(u.email), farebox.address_digest(u.phone))) then
        perform from farebox.wallets w where w.id = u.id for no key update;
        perform farebox.post_grant(farebox.uuid_v7(), u.id, v_tokens, 'promo', null, null, null, null,
                                   'starting tokens', null, u.created_at);
    end if;
    return true;
end $_$;

-- Name: entries; Type: TABLE; Schema: farebox

CREATE TABLE farebox.entries (
    id uuid NOT NULL,
    debit uuid NOT NULL,
    credit uuid NOT NULL,
    amount bigint NOT NULL,
    kind farebox.entry_kind NOT NULL,
    debit_seq bigint,
    debit_after bigint,
    credit_seq bigint,
    credit_after bigint,
    burn_from bigint,
    price_version integer,
    created_at timestamp with time zone NOT NULL,
    key text,
    fingerprint bytea,
    description text,
    metadata json,
    reverses uuid,
    CONSTRAINT entries_amount_check CHECK ((amount > 0)),
    CONSTRAINT entries_credit_after_check CHECK ((credit_after >= 0)),
    CONSTRAINT entries_credit_chain CHECK (((credit_seq IS NULL) = (credit_after IS NULL))),
    CONSTRAINT entries_credit_seq_positive CHECK ((credit_seq > 0)),
    CONSTRAINT entries_debit_after_check CHECK ((debit_after >= 0)),
    CONSTRAINT entries_debit_chain CHECK (((debit_seq IS NULL) = (debit_after IS NULL))),
    CONSTRAINT entries_debit_seq_positive CHECK ((debit_seq > 0)),
    CONSTRAINT entries_key_and_fingerprint CHECK (((key IS NULL) = (fingerprint IS NULL))),
    CONSTRAINT entries_key_length CHECK (((char_length(key) >= 1) AND (char_length(key) <= 255))),
    CONSTRAINT entries_touch_a_wallet CHECK (((debit_seq IS NOT NULL) OR (credit_seq IS NOT NULL))),
    CONSTRAINT entries_two_wallets CHECK ((debit <> credit))
);

-- Name: refund(uuid, farebox.entries, bigint, bigint, text, bytea, text, timestamp with time zone); Type: FUNCTION; Schema: farebox

CREATE FUNCTION farebox.refund(p_id uuid, p_spend farebox.entries, p_amount bigint, p_refunded bigint, p_key text, p_fingerprint bytea, p_description text, p_now timestamp with time zone) RETURNS bigint
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
declare
    v_wallet constant uuid := p_spend.debit;
    v_to constant bigint := p_spend.burn_from + p_spend.amount - p_refunded;
    v_from constant bigint := v_to - p_amount;
    v_after bigint;
    v_seq bigint;
    v_expired bigint;
    v_returned bigint;
    v_first_expiry timestamptz;
begin
    perform farebox.flush(v_wallet);

    update farebox.wallets x set balance = x.balance + p_amount, seq = x.seq + 1
     where x.id = v_wallet
    returning x.balance, x.seq into v_after, v_seq;
    insert into farebox.entries (id, debit, credit, amount, kind, credit_seq, credit_after, created_at,
                                 key, fingerprint, description, reverses)
    values (p_id, p_spend.credit, v_wallet, p_amount, 'refund', v_seq, v_after, p_now,
            p_key, p_fingerprint, p_description, p_spend.id);

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
    return v_after;
end $$;

-- Name: refuse_change(); Type: FUNCTION; Schema: farebox

CREATE FUNCTION farebox.refuse_change() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
begin
    raise exception 'the journal is append-only' using errcode = '55000';
end $$;

-- Name: remove_admin(text); Type: FUNCTION; Schema: farebox

CREATE FUNCTION farebox.remove_admin(p_who text) RETURNS bigint
    LANGUAGE sql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
    with removed as (
        delete from farebox.admins a
         using farebox.users u
         where u.id = a.user_id
           and (u.id::text = lower(p_who) or u.number::text = p_who or u.phone = ltrim(p_who, '+')
                or u.email = lower(p_who))
        returning a.user_id)
    select count(*) from removed
$$;

-- Name: resolve_user(uuid, bigint); Type: FUNCTION; Schema: farebox

CREATE FUNCTION farebox.resolve_user(p_wallet uuid, p_number bigint) RETURNS uuid
    LANGUAGE sql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
    select coalesce(p_wallet, (select u.id from farebox.users u where u.number = p_number))
$$;

-- Name: revoke_api_key(text); Type: FUNCTION; Schema: farebox

CREATE FUNCTION farebox.revoke_api_key(p_name_or_prefix text) RETURNS integer
    LANGUAGE sql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
    with revoked as (
        update farebox.api_keys k set revoked_at = clock_timestamp()
         where (k.name = p_name_or_prefix or k.prefix = p_name_or_prefix) and k.revoked_at is null
        returning 1
    )
    select count(*)::int from revoked
$$;

-- Name: session_alive(uuid, uuid, timestamp with time zone); Type: FUNCTION; Schema: farebox

CREATE FUNCTION farebox.session_alive(p_session uuid, p_user uuid, p_now timestamp with time zone) RETURNS boolean
    LANGUAGE sql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
    select exists (
        select from auth.sessions z join auth.users u on u.id = z.user_id
         where z.id = p_session and z.user_id = p_user and (z.not_after is null or z.not_after > p_now)
           and (u.banned_until is null or u.banned_until <= p_now) and u.deleted_at is null)
$$;

-- Name: settle_hold(uuid, uuid, bigint, boolean, text, json, boolean, timestamp with time zone); Type: FUNCTION; Schema: farebox

CREATE FUNCTION farebox.settle_hold(p_entry uuid, p_hold uuid, p_amount bigint, p_clamp boolean, p_description text, p_metadata json, p_must_subscribe boolean, p_now timestamp with time zone, OUT status text, OUT entry uuid, OUT amount bigint, OUT before bigint, OUT after bigint, OUT available bigint, OUT at timestamp with time zone, OUT released bigint, OUT settled_by uuid) RETURNS record
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
declare
    w farebox.wallets;
    h farebox.holds;
    v_free bigint;
    v_take bigint;
    v_kept boolean;
begin
    at := p_now;
    select x.* into h from farebox.holds x where x.id = p_hold;
    if h.captured is not null then
        amount := h.captured;
        if coalesce(h.asked, h.captured) <> p_amount then
            status := 'already_settled';
            return;
        end if;
        select x.debit_after + x.amount, x.debit_after, x.created_at into before, after, at
          from farebox.entries x where x.id = h.entry;
        status := 'replayed';
        entry := h.entry;
        at := coalesce(h.settled_at, at);
        released := greatest(0, h.amount - h.captured);
        settled_by := h.settled_by;
        return;
    end if;

    if p_amount not between 0 and 1000000000000 then
        status := 'invalid_amount';
        return;
    end if;
    select x.* into w from farebox.wallets x where x.id = h.wallet;
    if not h.open and p_amount > 0 then
        if w.blocked_at is not null then
            status := 'blocked';
            return;
        end if;
        if w.subscription_until <= p_now or (p_must_subscribe and w.subscription_until is null) then
            status := 'subscription_expired';
            return;
        end if;
    end if;
    -- A debt leaves nothing free beyond the hold's own tokens.
    v_free := case when h.open then h.amount else 0 end + case when w.debt > 0 then 0 else w.balance - w.held end;
    v_take := least(p_amount, v_free);
    if v_take < p_amount and not p_clamp then
        status := 'insufficient';
        amount := p_amount;
        available := v_free;
        return;
    end if;

    v_kept := h.open and exists (
        select from farebox.grants x where x.wallet = h.wallet and x.remaining > 0 and x.due);
    if v_kept then
        perform farebox.flush(h.wallet);
    end if;
    if v_take > 0 then
        if v_kept then
            perform farebox.attribute(h.wallet, w.burned, v_take, h.created_at);
        end if;
        insert into farebox.entries (id, debit, credit, amount, kind, debit_seq, debit_after, burn_from, created_at,
                                     description, metadata)
        values (p_entry, h.wallet, '00000000-0000-7000-8000-000000000003', v_take, 'spend', w.seq + 1,
                w.balance - v_take, w.burned, p_now, coalesce(p_description, h.description),
                coalesce(p_metadata, h.metadata));
        entry := p_entry;
        before := w.balance;
        after := w.balance - v_take;
    end if;
    -- Without kept tokens a capture burns what a plain spend would, so it only counts as one does (ledger rule 3).
    update farebox.wallets x
       set balance = x.balance - v_take, burned = x.burned + v_take, seq = x.seq + (v_take > 0)::int,
           attributed = x.attributed + case when v_kept then v_take else 0 end,
           held = x.held - case when h.open then h.amount else 0 end
     where x.id = h.wallet;
    update farebox.holds x
       set open = false, captured = v_take, entry = settle_hold.entry, asked = p_amount, settled_by = p_entry,
           settled_at = p_now
     where x.id = p_hold;

    if h.open then
        if v_kept then
            perform farebox.expire_due(h.wallet, p_now);
        end if;
        if w.debt > 0 then
            perform farebox.pay_debt(h.wallet, p_now);
        end if;
    end if;
    available := v_free - v_take;
    if v_kept or w.debt > 0 then
        select case when x.debt > 0 then 0 else x.balance - x.held end into available
          from farebox.wallets x where x.id = h.wallet;
    end if;
    status := case when v_take < p_amount then 'short' else 'ok' end;
    amount := v_take;
    released := greatest(0, h.amount - v_take);
    settled_by := p_entry;
end $$;

-- Name: touch_wallet(uuid); Type: FUNCTION; Schema: farebox

CREATE FUNCTION farebox.touch_wallet(p_wallet uuid) RETURNS timestamp with time zone
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
declare
    v_now timestamptz;
    v_due timestamptz;
begin
    perform from farebox.wallets x where x.id = p_wallet for no key update;
    if not found then
        return null;
    end if;
    v_now := clock_timestamp();
    select x.next_event_at into v_due from farebox.wallets x where x.id = p_wallet;
    if v_due <= v_now then
        perform farebox.bring_up_to_date(p_wallet, v_now);
    end if;
    return v_now;
end $$;

-- Name: uuid_v7(); Type: FUNCTION; Schema: farebox

CREATE FUNCTION farebox.uuid_v7() RETURNS uuid
    LANGUAGE sql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
    -- A random version 4 id gets the milliseconds in its first six bytes; setting bits 52 and 53 turns 0100 into 0111.
    select encode(
        set_bit(set_bit(
            overlay(uuid_send(gen_random_uuid())
                    placing substring(int8send((extract(epoch from clock_timestamp()) * 1000)::bigint) from 3)
                    from 1 for 6),
            52, 1), 53, 1),
        'hex')::uuid
$$;

-- Name: verify(uuid, integer); Type: FUNCTION; Schema: farebox

CREATE FUNCTION farebox.verify(p_after uuid, p_limit integer, OUT last uuid, OUT checked bigint, OUT violations jsonb) RETURNS record
    LANGUAGE sql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET enable_seqscan TO 'off'
    AS $$
    with w as materialized (
        select x.* from farebox.wallets x
         where x.id > coalesce(p_after, '00000000-0000-0000-0000-000000000000')
         order by x.id
         limit p_limit
    ), moves as materialized ( -- the journal as each wallet sees it
        select e.debit as wallet, e.debit_seq as seq, e.debit_after as after, -e.amount as delta, e.kind, e.burn_from,
               e.reverses
          from w cross join lateral (select * from farebox.entries x where x.debit = w.id and x.debit_seq > 0 offset 0) e
        union all
        select e.credit, e.credit_seq, e.credit_after, e.amount, e.kind, null, e.reverses
          from w cross join lateral (select * from farebox.entries x where x.credit = w.id and x.credit_seq > 0 offset 0) e
    ), chain as (
        select m.*, row_number() over pw as place, coalesce(lag(m.after) over pw, 0) as previous
          from moves m
        window pw as (partition by m.wallet order by m.seq)
    ), sums as (
        select c.wallet, count(*) as entries, max(c.seq) as seq, sum(c.delta) as balance,
               count(*) filter (where c.seq <> c.place) as gaps,
               count(*) filter (where c.after <> c.previous + c.delta) as breaks,
               coalesce(sum(-c.delta) filter (where c.burn_from is not null), 0) as burned,
               coalesce(sum(c.delta) filter (where c.kind in ('debt')), 0)
                   + coalesce(sum(c.delta) filter (where c.kind = 'repayment'), 0) as debt
          from chain c
         group by c.wallet
    ), burning as (
        select m.wallet, m.burn_from,
               coalesce(lag(m.burn_from - m.delta) over (partition by m.wallet order by m.burn_from), 0) as expected
          from moves m
         where m.burn_from is not null
    ), v as (
        select w.id as wallet, 'the balance is the sum of the entries' as rule,
               format('balance %s, entries %s', w.balance, coalesce(s.balance, 0)) as detail
          from w left join sums s on s.wallet = w.id where w.balance <> coalesce(s.balance, 0)
        union all
        select w.id, 'seq has no gaps', format('seq %s, entries %s, out of place %s', w.seq, coalesce(s.entries, 0), s.gaps)
          from w left join sums s on s.wallet = w.id
         where w.seq <> coalesce(s.entries, 0) or w.seq <> coalesce(s.seq, 0) or s.gaps > 0
        union all
        select s.wallet, 'each entry continues the balance of the one before', format('%s breaks', s.breaks)
          from sums s where s.breaks > 0
        union all
        select w.id, 'balance >= held >= 0 and debt >= 0', format('balance %s, held %s, debt %s', w.balance, w.held, w.debt)
          from w where w.held < 0 or w.balance < w.held or w.debt < 0
        union all
        select w.id, 'held is the sum of the open holds', format('held %s, holds %s', w.held, h.amount)
          from w cross join lateral (select coalesce(sum(x.amount), 0) as amount from farebox.holds x
                                      where x.wallet = w.id and x.open) h
         where w.held <> h.amount
        union all
        select w.id, 'the grants remaining, less what is unattributed, are the balance',
               format('remaining %s, unattributed %s, balance %s', g.remaining, w.burned - w.attributed, w.balance)
          from w cross join lateral (select coalesce(sum(x.remaining), 0) as remaining from farebox.grants x
                                      where x.wallet = w.id) g
         where g.remaining - (w.burned - w.attributed) <> w.balance
        union all
        select w.id, 'burned is the sum of what entries burned', format('burned %s, entries %s', w.burned, coalesce(s.burned, 0))
          from w left join sums s on s.wallet = w.id where w.burned <> coalesce(s.burned, 0)
        union all
        select distinct b.wallet, 'each entry burns where the one before stopped', ''
          from burning b where b.burn_from <> b.expected
        union all
        select w.id, 'attributed is the sum of the burns', format('attributed %s, burns %s', w.attributed, b.amount)
          from w cross join lateral (select coalesce(sum(x.burn_to - x.burn_from), 0) as amount from farebox.burns x
                                      where x.wallet = w.id) b
         where w.attributed <> b.amount
        union all
        select w.id, 'the debt is what was lent less what was repaid', format('debt %s, entries %s', w.debt, coalesce(s.debt, 0))
          from w left join sums s on s.wallet = w.id where w.debt <> coalesce(s.debt, 0)
        union all
        select distinct m.wallet, 'no more is reversed than the entry was', format('entry %s: %s of %s', e.id, r.amount, e.amount)
          from moves m
         cross join lateral (select * from farebox.entries x where x.id = m.reverses offset 0) e
         cross join lateral (select sum(x.amount) as amount from farebox.entries x where x.reverses = e.id) r
         where r.amount > e.amount
        union all
        select w.id, 'a hold is open or settled, not both', format('hold %s captured %s', h.id, h.captured)
          from w cross join lateral (select * from farebox.holds x where x.wallet = w.id offset 0) h
         where h.open and (h.captured is not null or h.settled_at is not null or h.entry is not null)
        union all
        select w.id, 'what a hold captured is its entry', format('hold %s captured %s, entry %s', h.id, h.captured, e.amount)
          from w cross join lateral (select * from farebox.holds x where x.wallet = w.id offset 0) h
          left join lateral (select * from farebox.entries x where x.id = h.entry offset 0) e on e.debit = w.id and e.kind = 'spend'
         where not h.open and coalesce(e.amount, 0) <> coalesce(h.captured, 0)
    )
    select (select max(w.id::text)::uuid from w),
           (select count(*) from w),
           coalesce((select jsonb_agg(jsonb_build_object('wallet', v.wallet, 'rule', v.rule, 'detail', v.detail)) from v),
                    '[]')
$$;

-- Name: verify_journal(uuid, integer); Type: FUNCTION; Schema: farebox

CREATE FUNCTION farebox.verify_journal(p_after uuid, p_limit integer, OUT last uuid, OUT checked bigint, OUT violations jsonb) RETURNS record
    LANGUAGE sql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
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

-- Name: account(uuid, uuid); Type: FUNCTION; Schema: farebox_api

CREATE FUNCTION farebox_api.account(p_user uuid, p_session uuid, OUT status text, OUT number bigint, OUT email text, OUT phone text, OUT display_name text, OUT provider text, OUT is_admin boolean, OUT created_at timestamp with time zone, OUT agent_id text, OUT agent_status text, OUT billing_key text) RETURNS record
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET jit TO 'off'
    SET enable_seqscan TO 'off'
    AS $$
begin
    if p_user is null then
        raise exception 'malformed call' using errcode = 'FB000';
    end if;
    if p_session is not null and not farebox.session_alive(p_session, p_user, clock_timestamp()) then
        status := 'session_gone';
        return;
    end if;
    if not farebox.provision(p_user) then
        status := 'not_found';
        return;
    end if;
    select 'ok', u.number, u.email, u.phone, u.display_name, u.provider,
           exists (select from farebox.admins a where a.user_id = u.id), u.created_at, g.agent_id, g.status, k.preview
      into status, number, email, phone, display_name, provider, is_admin, created_at, agent_id, agent_status, billing_key
      from farebox.users u
      left join farebox.agents g on g.user_id = u.id
      left join farebox.billing_keys k on k.user_id = u.id and k.revoked_at is null
     where u.id = p_user;
end $$;

-- Name: api_key(bytea); Type: FUNCTION; Schema: farebox_api

CREATE FUNCTION farebox_api.api_key(p_hash bytea) RETURNS TABLE(name text, scopes text[])
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
    select k.name, k.scopes
      from farebox.api_keys k
     where k.hash = p_hash and k.revoked_at is null and k.expires_at > clock_timestamp()
$$;

-- Name: balance(uuid[], bigint[], text[], bytea[]); Type: FUNCTION; Schema: farebox_api

CREATE FUNCTION farebox_api.balance(p_wallet uuid[], p_number bigint[], p_phone text[], p_api_key bytea[]) RETURNS TABLE(n integer, status text, user_id uuid, number bigint, balance bigint, held bigint, debt bigint, blocked boolean, subscription_until timestamp with time zone, subscription_active boolean, can_spend boolean, reason text, low_balance boolean)
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET plan_cache_mode TO 'force_generic_plan'
    SET jit TO 'off'
    SET enable_seqscan TO 'off'
    SET enable_hashjoin TO 'off'
    SET enable_mergejoin TO 'off'
    AS $$
#variable_conflict use_column
declare
    size constant int := cardinality(p_wallet);
    t constant timestamptz := clock_timestamp();
    users uuid[];
    due uuid;
    stuck uuid[] := '{}';
    keys_alive bytea[];
    keys_allowed bytea[];
begin
    if size is null or size = 0 or size > 1000
       or cardinality(p_number) is distinct from size or cardinality(p_phone) is distinct from size or cardinality(p_api_key) is distinct from size
       or exists (select from unnest(p_wallet, p_number, p_phone) r(wallet, number, phone)
                   where num_nonnulls(r.wallet, r.number, r.phone) <> 1) then
        raise exception 'malformed call' using errcode = 'FB000';
    end if;

    select array_agg(coalesce(r.wallet,
                              (select u.id from farebox.users u where u.number = r.number),
                              (select u.id from farebox.users u where u.phone = r.phone)) order by r.n)
      into users
      from unnest(p_wallet, p_number, p_phone) with ordinality r(wallet, number, phone, n);

    -- A user of Supabase Auth who is not known here yet. Looked for among the missing only, so a known one costs nothing.
    perform farebox.provision(m.id)
       from unnest(p_wallet) m(id)
      where m.id is not null and not exists (select from farebox.users u where u.id = m.id);

    if exists (select from farebox.wallets w where w.id = any (users) and w.next_event_at <= t) then
        for due in
            select l.id
              from (select w.id from farebox.wallets w
                     where w.id = any (users) and w.next_event_at <= t
                     order by w.kind, w.id for no key update skip locked) l
        loop
            perform farebox.bring_up_to_date(due, t);
        end loop;
        -- Kept tokens leave a touched wallet due; only one that this call could not lock is stuck.
        select coalesce(array_agg(w.id), '{}') into stuck
          from farebox.wallets w
         where w.id = any (users) and w.next_event_at <= t
           and (exists (select from farebox.holds h where h.wallet = w.id and h.open and h.expires_at <= t)
                or exists (select from farebox.grants g
                            where g.wallet = w.id and g.remaining > 0 and not g.due and g.expires_at <= t));
    end if;

    select coalesce(array_agg(k.hash), '{}'), coalesce(array_agg(k.hash) filter (where 'read' = any (k.scopes)), '{}')
      into keys_alive, keys_allowed
      from farebox.api_keys k
     where k.hash = any (p_api_key) and k.revoked_at is null and k.expires_at > t;

    return query
        select r.n::int, coalesce(refused.status, 'ok'),
               w.id, u.number, w.balance, w.held, w.debt, w.blocked_at is not null, w.subscription_until,
               coalesce(w.subscription_until > t, false),
               why.reason is null, why.reason,
               w.balance < s.low_balance_tokens
          from unnest(users, p_api_key) with ordinality r(id, api_key, n)
         cross join farebox.settings s
          left join farebox.users u0 on u0.id = r.id
         cross join lateral (
               select case when r.api_key is not null and not r.api_key = any (keys_alive) then 'unauthorized'
                           when r.api_key is not null and not r.api_key = any (keys_allowed) then 'forbidden'
                           when u0.id is null then 'not_found'
                           when r.id = any (stuck) then 'busy' end as status) refused
          left join farebox.users u on u.id = r.id and refused.status is null -- who is refused learns nothing
          left join farebox.wallets w on w.id = u.id
         cross join lateral (
               select case when w.blocked_at is not null then 'wallet_blocked'
                           when w.subscription_until <= t
                                or (w.subscription_until is null and s.subscription_required) then 'subscription_expired'
                           when w.debt > 0 or w.balance - w.held <= 0 then 'insufficient_balance' end as reason) why
         order by r.n;
end $$;

-- Name: create_user(uuid, bigint, text, text, bigint, uuid, text, bytea, bytea, timestamp with time zone); Type: FUNCTION; Schema: farebox_api

CREATE FUNCTION farebox_api.create_user(p_id uuid, p_number bigint, p_phone text, p_email text, p_tokens bigint, p_entry uuid, p_key text, p_fingerprint bytea, p_api_key bytea, p_not_after timestamp with time zone, OUT status text, OUT user_id uuid, OUT number bigint, OUT phone text, OUT email text, OUT balance bigint, OUT created_at timestamp with time zone) RETURNS record
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET jit TO 'off'
    SET enable_seqscan TO 'off'
    SET enable_hashjoin TO 'off'
    SET enable_mergejoin TO 'off'
    AS $$
declare
    u farebox.users;
    v_number bigint := p_number;
begin
    if p_id is null or p_tokens is null or p_tokens not between 0 and 1000000000000 or p_entry is null
       or p_not_after is null or (p_key is null) <> (p_fingerprint is null) then
        raise exception 'malformed call' using errcode = 'FB000';
    end if;
    if clock_timestamp() > p_not_after then
        status := 'late';
        return;
    end if;
    status := farebox.credential_refusal(p_api_key, 'users');
    if status is null and p_tokens > 0 then
        status := farebox.credential_refusal(p_api_key, 'grant'); -- making users must not be a way to make tokens
    end if;
    if status is not null then
        return;
    end if;

    loop
        -- Asked before and, after a lost race, again in a new statement: two with one key at once make one user.
        select x.* into u from farebox.users x where x.created_key = p_key or x.id = p_id;
        if found then
            status := case when u.created_fingerprint is not distinct from p_fingerprint then 'replayed'
                           else 'key_reused' end;
            exit;
        end if;
        if p_number is null then
            v_number := nextval('farebox.user_numbers');
        end if;
        insert into farebox.users (id, number, phone, email, managed, created_key, created_fingerprint)
        values (p_id, v_number, p_phone, p_email, true, p_key, p_fingerprint)
        on conflict do nothing
        returning users.* into u;
        if found then
            insert into farebox.wallets (id, kind, owner, created_at) values (u.id, 'user', u.id, u.created_at);
            if p_tokens > 0 then
                perform from farebox.wallets w where w.id = u.id for no key update;
                perform farebox.post_grant(p_entry, u.id, p_tokens, 'promo', null, null, null, null,
                                           'first tokens', null, u.created_at);
            end if;
            status := 'ok';
            exit;
        end if;
        if exists (select from farebox.users x
                    where x.phone = p_phone or (x.managed and x.email = p_email)
                       or (p_number is not null and x.number = p_number)) then
            status := 'exists';
            return;
        end if;
    end loop;

    if status = 'key_reused' then
        return;
    end if;
    user_id := u.id;
    number := u.number;
    phone := u.phone;
    email := u.email;
    balance := p_tokens; -- a replay gives the first answer: equal fingerprints have equal tokens
    created_at := u.created_at;
end $$;

-- Name: dispatch(uuid, bigint, uuid, uuid, bytea, timestamp with time zone); Type: FUNCTION; Schema: farebox_api

CREATE FUNCTION farebox_api.dispatch(p_hold uuid, p_lapse_amount bigint, p_session uuid, p_user uuid, p_api_key bytea, p_not_after timestamp with time zone, OUT status text, OUT hold uuid, OUT amount bigint, OUT expires_at timestamp with time zone, OUT at timestamp with time zone) RETURNS record
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET jit TO 'off'
    SET enable_seqscan TO 'off'
    SET enable_hashjoin TO 'off'
    SET enable_mergejoin TO 'off'
    AS $$
declare
    h farebox.holds;
begin
    if p_hold is null or p_lapse_amount is null or p_not_after is null then
        raise exception 'malformed call' using errcode = 'FB000';
    end if;

    -- The wallet of a hold never changes, so it may be learnt before the lock; the hold itself is read again after it.
    select x.* into h from farebox.holds x where x.id = p_hold;
    at := coalesce(farebox.touch_wallet(h.wallet), clock_timestamp());
    if at > p_not_after then
        status := 'late';
        return;
    end if;
    status := farebox.credential_refusal(p_api_key, 'hold');
    if status is not null then
        return;
    end if;
    if p_session is not null and not farebox.session_alive(p_session, p_user, at) then
        status := 'session_gone';
        return;
    end if;
    if h.id is null then
        status := 'not_found';
        return;
    end if;

    select x.* into h from farebox.holds x where x.id = p_hold;
    hold := p_hold;
    if not h.open then
        status := 'already_settled';
        amount := coalesce(h.captured, 0);
        return;
    end if;
    if h.on_lapse = 'charge' and h.dispatched_at is not null and h.lapse_amount = p_lapse_amount then
        status := 'replayed';
        amount := p_lapse_amount;
        expires_at := h.expires_at;
        at := h.dispatched_at;
        return;
    end if;
    if p_lapse_amount not between 1 and h.amount then
        status := 'invalid_amount';
        return;
    end if;
    update farebox.holds x
       set on_lapse = 'charge', lapse_amount = p_lapse_amount, dispatched_at = coalesce(x.dispatched_at, dispatch.at)
     where x.id = p_hold;
    status := 'ok';
    amount := p_lapse_amount;
    expires_at := h.expires_at;
end $$;

-- Name: erase_account(uuid, uuid); Type: FUNCTION; Schema: farebox_api

CREATE FUNCTION farebox_api.erase_account(p_user uuid, p_session uuid) RETURNS text
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET jit TO 'off'
    SET enable_seqscan TO 'off'
    AS $$
begin
    if p_user is null or p_session is null then
        raise exception 'malformed call' using errcode = 'FB000';
    end if;
    if not farebox.session_alive(p_session, p_user, clock_timestamp()) then
        return 'session_gone';
    end if;
    if not farebox.provision(p_user) then
        return 'not_found';
    end if;
    perform farebox.forget(p_user);
    return 'ok';
end $$;

-- Name: export_account(uuid, uuid); Type: FUNCTION; Schema: farebox_api

CREATE FUNCTION farebox_api.export_account(p_user uuid, p_session uuid, OUT status text, OUT document json) RETURNS record
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET enable_seqscan TO 'off'
    AS $$
begin
    if p_user is null or p_session is null then
        raise exception 'malformed call' using errcode = 'FB000';
    end if;
    if not farebox.session_alive(p_session, p_user, clock_timestamp()) then
        status := 'session_gone';
        return;
    end if;
    select 'ok', json_build_object(
               'user', json_build_object('id', u.id, 'number', u.number, 'email', u.email, 'phone', u.phone,
                                         'display_name', u.display_name, 'provider', u.provider,
                                         'created_at', u.created_at),
               'admin', (select json_build_object('granted_by', a.granted_by, 'granted_at', a.granted_at)
                           from farebox.admins a where a.user_id = u.id),
               'agent', (select json_build_object('agent_id', g.agent_id, 'status', g.status, 'created_at', g.created_at,
                                                  'updated_at', g.updated_at)
                           from farebox.agents g where g.user_id = u.id),
               'billing_keys', (select coalesce(json_agg(json_build_object(
                                           'preview', k.preview, 'created_at', k.created_at, 'revoked_at', k.revoked_at)
                                           order by k.created_at), '[]')
                                  from farebox.billing_keys k where k.user_id = u.id),
               'wallet', (select json_build_object('balance', w.balance, 'held', w.held, 'debt', w.debt,
                                                   'blocked_at', w.blocked_at,
                                                   'subscription_until', w.subscription_until)
                            from farebox.wallets w where w.id = u.id),
               'holds', (select coalesce(json_agg(json_build_object(
                                    'id', h.id, 'amount', h.amount, 'created_at', h.created_at,
                                    'expires_at', h.expires_at, 'open', h.open, 'captured', h.captured,
                                    'description', h.description, 'metadata', h.metadata) order by h.created_at), '[]')
                           from farebox.holds h where h.wallet = u.id and h.open),
               'entries', (select coalesce(json_agg(json_build_object(
                                      'id', e.id, 'kind', e.kind,
                                      'amount', case when e.debit = u.id then -e.amount else e.amount end,
                                      'seq', e.seq, 'created_at', e.created_at, 'description', e.description,
                                      'metadata', e.metadata) order by e.seq desc), '[]')
                             from ((select x.*, x.debit_seq as seq from farebox.entries x
                                     where x.debit = u.id and x.debit_seq > 0 order by x.debit_seq desc limit 10000)
                                   union all
                                   (select x.*, x.credit_seq from farebox.entries x
                                     where x.credit = u.id and x.credit_seq > 0 order by x.credit_seq desc limit 10000)
                                   order by seq desc
                                   limit 10000) e))
      into status, document
      from farebox.users u
     where u.id = p_user;
    status := coalesce(status, 'not_found');
end $$;

-- Name: grant(uuid, uuid, bigint, bigint, text, integer, timestamp with time zone, text, bytea, text, json, bytea, timestamp with time zone); Type: FUNCTION; Schema: farebox_api

CREATE FUNCTION farebox_api."grant"(p_id uuid, p_wallet uuid, p_number bigint, p_amount bigint, p_class text, p_priority integer, p_expires_at timestamp with time zone, p_key text, p_fingerprint bytea, p_description text, p_metadata json, p_api_key bytea, p_not_after timestamp with time zone, OUT status text, OUT entry uuid, OUT amount bigint, OUT before bigint, OUT after bigint, OUT available bigint, OUT at timestamp with time zone) RETURNS record
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET jit TO 'off'
    SET enable_seqscan TO 'off'
    SET enable_hashjoin TO 'off'
    SET enable_mergejoin TO 'off'
    AS $$
declare
    v_wallet uuid := farebox.resolve_user(p_wallet, p_number);
    v_old record;
    v_balance bigint;
    v_fingerprint constant bytea := case when p_key is not null then p_fingerprint end;
begin
    if p_id is null or p_amount is null or p_class is null or p_not_after is null
       or num_nonnulls(p_wallet, p_number) <> 1 or (p_key is not null and p_fingerprint is null) then
        raise exception 'malformed call' using errcode = 'FB000';
    end if;

    at := farebox.touch_wallet(v_wallet);
    if coalesce(at, clock_timestamp()) > p_not_after then
        status := 'late';
        return;
    end if;
    status := farebox.credential_refusal(p_api_key, 'grant');
    if status is not null then
        return;
    end if;
    if at is null then
        status := 'not_found';
        return;
    end if;

    if p_key is not null then
        select e.id, e.amount, e.credit_after, e.created_at, e.fingerprint into v_old
          from farebox.entries e
         where e.credit = v_wallet and e.kind = 'grant' and e.key = p_key and e.debit_seq is null;
    else
        select e.id, e.amount, e.credit_after, e.created_at, e.fingerprint into v_old
          from farebox.entries e
         where e.id = p_id and e.credit = v_wallet;
    end if;
    if found then
        if v_old.fingerprint is distinct from v_fingerprint then
            status := 'key_reused';
            return;
        end if;
        status := 'replayed';
        entry := v_old.id;
        amount := v_old.amount;
        before := v_old.credit_after - v_old.amount;
        after := v_old.credit_after;
        at := v_old.created_at;
        return;
    end if;

    select w.balance into v_balance from farebox.wallets w where w.id = v_wallet;
    if p_amount <= 0 or p_amount > 1000000000000 or v_balance + p_amount > 9007199254740991 then
        status := 'invalid_amount'; -- a balance stays exact in a client whose numbers are doubles
        return;
    end if;
    if p_expires_at <= at then
        status := 'invalid_expiry';
        return;
    end if;

    after := farebox.post_grant(p_id, v_wallet, p_amount, p_class::farebox.grant_class, p_priority, p_expires_at,
                                p_key, v_fingerprint, p_description, p_metadata, at);
    status := 'ok';
    entry := p_id;
    amount := p_amount;
    before := after - p_amount;
end $$;

-- Name: hold(uuid[], uuid[], bigint[], bigint[], bigint[], text[], bigint[], boolean[], text[], bytea[], text[], json[], uuid[], uuid[], bytea[], timestamp with time zone, boolean); Type: FUNCTION; Schema: farebox_api

CREATE FUNCTION farebox_api.hold(p_id uuid[], p_wallet uuid[], p_number bigint[], p_amount bigint[], p_ttl_ms bigint[], p_on_lapse text[], p_lapse_amount bigint[], p_dispatched boolean[], p_key text[], p_fingerprint bytea[], p_description text[], p_metadata json[], p_session uuid[], p_user uuid[], p_api_key bytea[], p_not_after timestamp with time zone, p_skip_locked boolean DEFAULT false) RETURNS TABLE(n integer, status text, hold uuid, amount bigint, available bigint, expires_at timestamp with time zone, at timestamp with time zone)
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET plan_cache_mode TO 'force_generic_plan'
    SET jit TO 'off'
    SET enable_seqscan TO 'off'
    SET enable_hashjoin TO 'off'
    SET enable_mergejoin TO 'off'
    AS $$
#variable_conflict use_column
declare
    size constant int := cardinality(p_id);
    t timestamptz;
    due uuid;
    wallets uuid[] := p_wallet; -- by request, numbers resolved
    locked uuid[];
    passed_by uuid[]; -- locked by somebody else
    keys_alive bytea[];
    keys_allowed bytea[];
    must_subscribe boolean;
    o record;
begin
    -- One request's fields are never paired with another's.
    if size is null or size = 0 or size > 1000 or p_not_after is null
       or cardinality(p_wallet) is distinct from size or cardinality(p_number) is distinct from size
       or cardinality(p_amount) is distinct from size or cardinality(p_ttl_ms) is distinct from size
       or cardinality(p_on_lapse) is distinct from size or cardinality(p_lapse_amount) is distinct from size
       or cardinality(p_dispatched) is distinct from size or cardinality(p_key) is distinct from size
       or cardinality(p_fingerprint) is distinct from size or cardinality(p_description) is distinct from size
       or cardinality(p_metadata) is distinct from size or cardinality(p_session) is distinct from size
       or cardinality(p_user) is distinct from size or cardinality(p_api_key) is distinct from size
       or array_position(p_id, null) is not null or array_position(p_amount, null) is not null
       or array_position(p_dispatched, null) is not null
       or exists (select from unnest(p_wallet, p_number, p_ttl_ms, p_on_lapse, p_lapse_amount, p_key, p_fingerprint)
                         r(wallet, number, ttl_ms, on_lapse, lapse_amount, key, fingerprint)
                   where num_nonnulls(r.wallet, r.number) <> 1 or (r.key is not null and r.fingerprint is null)
                      or r.ttl_ms is null or r.ttl_ms not between 1000 and 86400000
                      or r.on_lapse is null or r.on_lapse not in ('release', 'charge')
                      or (r.on_lapse = 'charge' and r.lapse_amount is null)) then
        raise exception 'malformed call' using errcode = 'FB000';
    end if;

    -- A number never changes hands, so it is resolved before the locks.
    if array_position(p_wallet, null) is not null then
        select array_agg(coalesce(r.wallet, u.id) order by r.n) into wallets
          from unnest(p_wallet, p_number) with ordinality r(wallet, number, n)
          left join farebox.users u on u.number = r.number;
    end if;

    -- 1 lock; what is locked here, and nothing else, may be touched below
    if p_skip_locked then
        select coalesce(array_agg(l.id), '{}') into locked
          from (select w.id from farebox.wallets w where w.id = any (wallets)
                 order by w.kind, w.id for no key update skip locked) l;
    else
        select coalesce(array_agg(l.id), '{}') into locked
          from (select w.id from farebox.wallets w where w.id = any (wallets)
                 order by w.kind, w.id for no key update) l;
    end if;

    -- 2 clock
    t := clock_timestamp();
    if t > p_not_after then
        return query select i, 'late'::text, null::uuid, null::bigint, null::bigint, null::timestamptz, t
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
    select coalesce(array_agg(w.id), '{}') into passed_by
      from farebox.wallets w
     where p_skip_locked and w.id = any (wallets) and not w.id = any (locked);

    -- 5 place, one after the other
    for i in 1 .. size loop
        n := i;
        hold := null;
        amount := null;
        available := null;
        expires_at := null;
        at := t;
        status := case when p_api_key[i] is not null and not p_api_key[i] = any (keys_alive) then 'unauthorized'
                       when p_api_key[i] is not null and not p_api_key[i] = any (keys_allowed) then 'forbidden'
                       when p_session[i] is not null and not farebox.session_alive(p_session[i], p_user[i], t)
                           then 'session_gone'
                       when wallets[i] = any (locked) then null
                       when wallets[i] = any (passed_by) then 'busy'
                       else 'not_found' end;
        if status is null then
            select * into o
              from farebox.place_hold(p_id[i], wallets[i], p_amount[i], p_ttl_ms[i], p_on_lapse[i], p_lapse_amount[i],
                                      p_dispatched[i], p_key[i], p_fingerprint[i], p_description[i], p_metadata[i],
                                      must_subscribe, t) p;
            status := o.status;
            hold := o.hold;
            amount := o.amount;
            available := o.available;
            expires_at := o.expires_at;
            at := o.at;
        end if;
        return next;
    end loop;
end $$;

-- Name: rename_account(uuid, uuid, text); Type: FUNCTION; Schema: farebox_api

CREATE FUNCTION farebox_api.rename_account(p_user uuid, p_session uuid, p_display_name text) RETURNS text
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET jit TO 'off'
    SET enable_seqscan TO 'off'
    AS $$
begin
    if p_user is null or p_session is null or char_length(p_display_name) not between 1 and 100 then
        raise exception 'malformed call' using errcode = 'FB000';
    end if;
    if not farebox.session_alive(p_session, p_user, clock_timestamp()) then
        return 'session_gone';
    end if;
    if not farebox.provision(p_user) then
        return 'not_found';
    end if;
    update farebox.users u set display_name = p_display_name where u.id = p_user and u.erased_at is null;
    return case when found then 'ok' else 'not_found' end;
end $$;

-- Name: reverse(uuid, uuid, bigint, text, bytea, text, bytea, timestamp with time zone); Type: FUNCTION; Schema: farebox_api

CREATE FUNCTION farebox_api.reverse(p_id uuid, p_entry uuid, p_amount bigint, p_key text, p_fingerprint bytea, p_description text, p_api_key bytea, p_not_after timestamp with time zone, OUT status text, OUT entry uuid, OUT amount bigint, OUT before bigint, OUT after bigint, OUT available bigint, OUT at timestamp with time zone) RETURNS record
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET jit TO 'off'
    SET enable_seqscan TO 'off'
    SET enable_hashjoin TO 'off'
    SET enable_mergejoin TO 'off'
    AS $$
declare
    e farebox.entries;
    w farebox.wallets;
    g farebox.grants;
    v_wallet uuid;
    v_first uuid; -- the entry that this key or id made before
    v_old record;
    v_reversed bigint;
    v_left bigint;
    v_unspent bigint;
    v_fingerprint constant bytea := case when p_key is not null then p_fingerprint end;
begin
    if p_id is null or p_entry is null or p_not_after is null or (p_key is not null and p_fingerprint is null) then
        raise exception 'malformed call' using errcode = 'FB000';
    end if;

    -- Entries never change, so this one may be read before the lock.
    select x.* into e from farebox.entries x where x.id = p_entry;
    v_wallet := case when e.debit_seq is not null then e.debit else e.credit end;
    at := farebox.touch_wallet(v_wallet);
    if coalesce(at, clock_timestamp()) > p_not_after then
        status := 'late';
        return;
    end if;
    status := farebox.credential_refusal(p_api_key, 'grant');
    if status is not null then
        return;
    end if;
    if e.id is null or at is null then
        status := 'not_found';
        return;
    end if;

    if p_key is not null then
        v_first := coalesce(
            (select x.id from farebox.entries x
              where x.credit = v_wallet and x.kind = 'refund' and x.key = p_key and x.debit_seq is null),
            (select x.id from farebox.entries x
              where x.debit = v_wallet and x.kind = 'reversal' and x.key = p_key and x.debit_seq is not null));
    else
        v_first := p_id;
    end if;
    select x.id, x.amount, x.created_at, x.fingerprint, x.reverses,
           case when x.kind = 'refund' then x.credit_after - x.amount else x.debit_after + x.amount end as before,
           case when x.kind = 'refund' then x.credit_after else x.debit_after end as after
      into v_old
      from farebox.entries x
     where x.id = v_first;
    if found then
        if v_old.fingerprint is distinct from v_fingerprint or v_old.reverses is distinct from p_entry then
            status := 'key_reused';
            return;
        end if;
        status := 'replayed';
        entry := v_old.id;
        amount := v_old.amount;
        before := v_old.before;
        after := v_old.after;
        at := v_old.created_at;
        return;
    end if;

    if e.kind not in ('spend', 'grant') then
        status := 'not_reversible';
        return;
    end if;
    if p_amount <= 0 then
        status := 'invalid_amount';
        return;
    end if;
    select coalesce(sum(x.amount), 0) into v_reversed from farebox.entries x where x.reverses = p_entry;
    v_left := e.amount - v_reversed;
    if v_left = 0 or p_amount > v_left then
        status := 'exceeds';
        available := v_left;
        return;
    end if;

    entry := p_id;
    if e.kind = 'spend' then
        amount := coalesce(p_amount, v_left);
        after := farebox.refund(p_id, e, amount, v_reversed, p_key, v_fingerprint, p_description, at);
        before := after - amount;
        status := 'ok';
        return;
    end if;

    perform farebox.flush(v_wallet);
    select x.* into g from farebox.grants x where x.id = p_entry;
    select x.* into w from farebox.wallets x where x.id = v_wallet;
    v_unspent := case when g.due then 0 else least(g.remaining, w.balance - w.held) end;
    amount := coalesce(p_amount, least(v_left, v_unspent));
    if amount = 0 or amount > v_unspent then
        status := 'insufficient';
        entry := null;
        amount := coalesce(p_amount, v_left);
        available := v_unspent;
        return;
    end if;
    update farebox.grants x set remaining = x.remaining - reverse.amount where x.id = g.id;
    update farebox.wallets x set balance = x.balance - reverse.amount, seq = x.seq + 1
     where x.id = v_wallet
    returning x.balance into after;
    insert into farebox.entries (id, debit, credit, amount, kind, debit_seq, debit_after, created_at,
                                 key, fingerprint, description, reverses)
    values (p_id, v_wallet, e.debit, amount, 'reversal', w.seq + 1, after, at,
            p_key, v_fingerprint, p_description, p_entry);
    before := w.balance;
    status := 'ok';
end $$;

-- Name: settle(uuid[], uuid[], bigint[], boolean[], text[], json[], uuid[], uuid[], bytea[], timestamp with time zone, boolean); Type: FUNCTION; Schema: farebox_api

CREATE FUNCTION farebox_api.settle(p_entry uuid[], p_hold uuid[], p_amount bigint[], p_clamp boolean[], p_description text[], p_metadata json[], p_session uuid[], p_user uuid[], p_api_key bytea[], p_not_after timestamp with time zone, p_skip_locked boolean DEFAULT false) RETURNS TABLE(n integer, status text, entry uuid, hold uuid, amount bigint, before bigint, after bigint, available bigint, at timestamp with time zone, released bigint, settled_by uuid)
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET plan_cache_mode TO 'force_generic_plan'
    SET jit TO 'off'
    SET enable_seqscan TO 'off'
    SET enable_hashjoin TO 'off'
    SET enable_mergejoin TO 'off'
    AS $$
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

-- Name: spend(uuid[], uuid[], bigint[], bigint[], text[], text[], bytea[], text[], json[], uuid[], uuid[], bytea[], timestamp with time zone, boolean); Type: FUNCTION; Schema: farebox_api

CREATE FUNCTION farebox_api.spend(p_id uuid[], p_wallet uuid[], p_number bigint[], p_amount bigint[], p_model text[], p_key text[], p_fingerprint bytea[], p_description text[], p_metadata json[], p_session uuid[], p_user uuid[], p_api_key bytea[], p_not_after timestamp with time zone, p_skip_locked boolean DEFAULT false) RETURNS TABLE(n integer, status text, entry uuid, amount bigint, before bigint, after bigint, available bigint, at timestamp with time zone)
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET plan_cache_mode TO 'force_generic_plan'
    SET jit TO 'off'
    SET enable_seqscan TO 'off'
    SET enable_hashjoin TO 'off'
    SET enable_mergejoin TO 'off'
    AS $$
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

-- Name: spend_one(uuid, uuid, bigint, bigint, text, text, bytea, text, json, uuid, uuid, bytea, timestamp with time zone); Type: FUNCTION; Schema: farebox_api

CREATE FUNCTION farebox_api.spend_one(p_id uuid, p_wallet uuid, p_number bigint, p_amount bigint, p_model text, p_key text, p_fingerprint bytea, p_description text, p_metadata json, p_session uuid, p_user uuid, p_api_key bytea, p_not_after timestamp with time zone, OUT status text, OUT entry uuid, OUT amount bigint, OUT before bigint, OUT after bigint, OUT available bigint, OUT at timestamp with time zone) RETURNS record
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET plan_cache_mode TO 'force_generic_plan'
    SET jit TO 'off'
    SET enable_seqscan TO 'off'
    AS $$
declare
    w farebox.wallets;
    v_old record;
    v_wallet uuid := p_wallet;
    v_cost bigint := p_amount;
    v_version int;
    v_scopes text[];
    v_fingerprint constant bytea := case when p_key is not null then p_fingerprint end;
begin
    if p_id is null or p_amount is null or p_not_after is null or num_nonnulls(p_wallet, p_number) <> 1
       or (p_key is not null and p_fingerprint is null) then
        raise exception 'malformed call' using errcode = 'FB000';
    end if;
    if v_wallet is null then
        select u.id into v_wallet from farebox.users u where u.number = p_number; -- a number never changes hands
    end if;

    -- The row that the lock returns is the current one; everything else is read in later statements.
    select x.* into w from farebox.wallets x where x.id = v_wallet for no key update;
    at := clock_timestamp();
    if at > p_not_after then
        status := 'late';
        return;
    end if;
    if w.next_event_at <= at then
        perform farebox.bring_up_to_date(v_wallet, at);
        select x.* into w from farebox.wallets x where x.id = v_wallet;
    end if;

    if p_api_key is not null then
        select k.scopes into v_scopes
          from farebox.api_keys k
         where k.hash = p_api_key and k.revoked_at is null and k.expires_at > at;
        if not found then
            status := 'unauthorized';
            return;
        end if;
        if not 'spend' = any (v_scopes) then
            status := 'forbidden';
            return;
        end if;
    end if;
    if p_session is not null and not farebox.session_alive(p_session, p_user, at) then
        status := 'session_gone';
        return;
    end if;
    if w.id is null then
        status := 'not_found';
        return;
    end if;

    if p_key is not null then
        select e.id, e.amount, e.debit_after, e.created_at, e.fingerprint into v_old
          from farebox.entries e
         where e.debit = v_wallet and e.kind = 'spend' and e.key = p_key and e.debit_seq is not null;
    else
        select e.id, e.amount, e.debit_after, e.created_at, e.fingerprint into v_old
          from farebox.entries e
         where e.id = p_id and e.debit = v_wallet;
    end if;
    if found then
        if v_old.fingerprint is distinct from v_fingerprint then
            status := 'key_reused';
            return;
        end if;
        status := 'replayed';
        entry := v_old.id;
        amount := v_old.amount;
        before := v_old.debit_after + v_old.amount;
        after := v_old.debit_after;
        at := v_old.created_at;
        return;
    end if;

    -- A negative spend would be a gift, so the sign is checked here and not only at the edge.
    if p_amount <= 0 or p_amount > (case when p_model is null then 1000000000000 else 1000000 end) then
        status := 'invalid_amount';
        return;
    end if;
    if w.blocked_at is not null then
        status := 'blocked';
        return;
    end if;
    if w.subscription_until <= at
       or (w.subscription_until is null and (select s.subscription_required from farebox.settings s)) then
        status := 'subscription_expired';
        return;
    end if;
    if p_model is not null then
        select p_amount * m.price, m.version into v_cost, v_version
          from farebox.models m
         where m.use = 'device' and m.name in (p_model, '*')
           and m.valid_from <= at and (m.valid_to is null or m.valid_to > at)
         order by m.name = '*', m.version desc
         limit 1;
        if not found then
            status := 'unknown_model';
            return;
        end if;
    end if;

    amount := v_cost;
    if w.debt > 0 or v_cost > w.balance - w.held then
        status := 'insufficient';
        available := case when w.debt > 0 then 0 else w.balance - w.held end;
        return;
    end if;

    insert into farebox.entries (id, debit, credit, amount, kind, debit_seq, debit_after, burn_from, price_version,
                                 created_at, key, fingerprint, description, metadata)
    values (p_id, v_wallet, '00000000-0000-7000-8000-000000000003', v_cost, 'spend', w.seq + 1, w.balance - v_cost,
            w.burned, v_version, at, p_key, v_fingerprint, p_description, p_metadata);
    update farebox.wallets x
       set balance = x.balance - v_cost, burned = x.burned + v_cost, seq = x.seq + 1
     where x.id = v_wallet;
    status := 'ok';
    entry := p_id;
    before := w.balance;
    after := w.balance - v_cost;
end $$;

-- Name: statement(uuid, bigint, integer, bigint, bytea); Type: FUNCTION; Schema: farebox_api

CREATE FUNCTION farebox_api.statement(p_wallet uuid, p_number bigint, p_limit integer, p_before bigint, p_api_key bytea) RETURNS TABLE(status text, entry uuid, kind text, amount bigint, seq bigint, balance_after bigint, description text, metadata json, key text, reverses uuid, created_at timestamp with time zone)
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET enable_seqscan TO 'off'
    AS $$
#variable_conflict use_column
declare
    v_wallet uuid := farebox.resolve_user(p_wallet, p_number);
    v_refusal text;
    v_due uuid;
begin
    if num_nonnulls(p_wallet, p_number) <> 1 or p_limit is null or p_limit not between 1 and 1000 then
        raise exception 'malformed call' using errcode = 'FB000';
    end if;
    v_refusal := farebox.credential_refusal(p_api_key, 'read');
    if v_refusal is null and not exists (select from farebox.users u where u.id = v_wallet) then
        v_refusal := 'not_found';
    end if;
    if v_refusal is not null then
        return query select v_refusal, null::uuid, null::text, null::bigint, null::bigint, null::bigint, null::text,
                            null::json, null::text, null::uuid, null::timestamptz;
        return;
    end if;

    select w.id into v_due from farebox.wallets w
     where w.id = v_wallet and w.next_event_at <= clock_timestamp() for no key update skip locked;
    if found then
        perform farebox.bring_up_to_date(v_due, clock_timestamp());
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

-- Name: transfer(uuid, uuid, uuid, bigint, text, bytea, text, json, bytea, timestamp with time zone); Type: FUNCTION; Schema: farebox_api

CREATE FUNCTION farebox_api.transfer(p_id uuid, p_from uuid, p_to uuid, p_amount bigint, p_key text, p_fingerprint bytea, p_description text, p_metadata json, p_api_key bytea, p_not_after timestamp with time zone, OUT status text, OUT entry uuid, OUT amount bigint, OUT before bigint, OUT after bigint, OUT available bigint, OUT at timestamp with time zone) RETURNS record
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET jit TO 'off'
    SET enable_seqscan TO 'off'
    SET enable_hashjoin TO 'off'
    SET enable_mergejoin TO 'off'
    AS $$
declare
    v_from farebox.wallets;
    v_to farebox.wallets;
    v_due uuid;
    v_old record;
    v_first_expiry timestamptz;
    v_fingerprint constant bytea := case when p_key is not null then p_fingerprint end;
begin
    if p_id is null or p_from is null or p_to is null or p_amount is null or p_not_after is null
       or (p_key is not null and p_fingerprint is null) then
        raise exception 'malformed call' using errcode = 'FB000';
    end if;

    perform from farebox.wallets x where x.id in (p_from, p_to) order by x.kind, x.id for no key update;
    at := clock_timestamp();
    if at > p_not_after then
        status := 'late';
        return;
    end if;
    for v_due in
        select x.id from farebox.wallets x
         where x.id in (p_from, p_to) and x.next_event_at <= at order by x.kind, x.id
    loop
        perform farebox.bring_up_to_date(v_due, at);
    end loop;

    status := farebox.credential_refusal(p_api_key, 'grant');
    if status is not null then
        return;
    end if;
    select x.* into v_from from farebox.wallets x where x.id = p_from;
    select x.* into v_to from farebox.wallets x where x.id = p_to;
    if v_from.id is null or v_to.id is null then
        status := 'not_found';
        return;
    end if;

    if p_key is not null then
        select e.id, e.amount, e.debit_after, e.created_at, e.fingerprint, e.credit into v_old
          from farebox.entries e
         where e.debit = p_from and e.kind = 'transfer' and e.key = p_key and e.debit_seq is not null;
    else
        select e.id, e.amount, e.debit_after, e.created_at, e.fingerprint, e.credit into v_old
          from farebox.entries e
         where e.id = p_id and e.debit = p_from;
    end if;
    if found then
        if v_old.fingerprint is distinct from v_fingerprint or v_old.credit <> p_to then
            status := 'key_reused';
            return;
        end if;
        status := 'replayed';
        entry := v_old.id;
        amount := v_old.amount;
        before := v_old.debit_after + v_old.amount;
        after := v_old.debit_after;
        at := v_old.created_at;
        return;
    end if;

    if p_amount <= 0 or p_amount > 1000000000000 or v_to.balance + p_amount > 9007199254740991 then
        status := 'invalid_amount';
        return;
    end if;
    if p_from = p_to then
        status := 'same_wallet';
        return;
    end if;
    if v_from.blocked_at is not null then
        status := 'blocked';
        return;
    end if;
    amount := p_amount;
    if v_from.debt > 0 or p_amount > v_from.balance - v_from.held then
        status := 'insufficient';
        available := case when v_from.debt > 0 then 0 else v_from.balance - v_from.held end;
        return;
    end if;

    perform farebox.flush(p_from);
    perform farebox.flush(p_to);
    perform farebox.attribute(p_from, v_from.burned, p_amount);

    insert into farebox.entries (id, debit, credit, amount, kind, debit_seq, debit_after, credit_seq, credit_after,
                                 burn_from, created_at, key, fingerprint, description, metadata)
    values (p_id, p_from, p_to, p_amount, 'transfer', v_from.seq + 1, v_from.balance - p_amount, v_to.seq + 1,
            v_to.balance + p_amount, v_from.burned, at, p_key, v_fingerprint, p_description, p_metadata);

    with arrived as (
        insert into farebox.grants (id, wallet, entry, class, priority, amount, remaining, expires_at, created_at)
        select farebox.uuid_v7(), p_to, p_id, g.class, g.priority, sum(b.burn_to - b.burn_from),
               sum(b.burn_to - b.burn_from), g.expires_at, at
          from farebox.burns b join farebox.grants g on g.id = b.grant_id
         where b.wallet = p_from and b.burn_from >= v_from.burned
         group by g.class, g.priority, g.expires_at
        returning expires_at
    )
    select min(a.expires_at) into v_first_expiry from arrived a;

    update farebox.wallets x
       set balance = x.balance - p_amount, burned = x.burned + p_amount, attributed = x.attributed + p_amount,
           seq = x.seq + 1
     where x.id = p_from;
    update farebox.wallets x
       set balance = x.balance + p_amount, seq = x.seq + 1, next_event_at = least(x.next_event_at, v_first_expiry)
     where x.id = p_to;
    perform farebox.pay_debt(p_to, at);

    status := 'ok';
    entry := p_id;
    before := v_from.balance;
    after := v_from.balance - p_amount;
end $$;

-- Name: unused_number(); Type: FUNCTION; Schema: farebox_api

CREATE FUNCTION farebox_api.unused_number() RETURNS bigint
    LANGUAGE sql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
    select nextval('farebox.user_numbers')
$$;

-- Name: admins; Type: TABLE; Schema: farebox

CREATE TABLE farebox.admins (
    user_id uuid NOT NULL,
    granted_by text NOT NULL,
    granted_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    CONSTRAINT admins_granted_by_check CHECK (((char_length(granted_by) >= 1) AND (char_length(granted_by) <= 200)))
);

-- Name: agents; Type: TABLE; Schema: farebox

CREATE TABLE farebox.agents (
    user_id uuid NOT NULL,
    agent_id text NOT NULL,
    status text NOT NULL,
    created_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    updated_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    CONSTRAINT agents_agent_id_check CHECK (((char_length(agent_id) >= 1) AND (char_length(agent_id) <= 200))),
    CONSTRAINT agents_status_check CHECK ((status = ANY (ARRAY['created'::text, 'active'::text, 'failed'::text])))
);

-- Name: api_keys; Type: TABLE; Schema: farebox

CREATE TABLE farebox.api_keys (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    name text NOT NULL,
    hash bytea NOT NULL,
    prefix text NOT NULL,
    scopes text[] NOT NULL,
    created_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    expires_at timestamp with time zone DEFAULT 'infinity'::timestamp with time zone NOT NULL,
    revoked_at timestamp with time zone,
    CONSTRAINT api_keys_hash_check CHECK ((octet_length(hash) = 32)),
    CONSTRAINT api_keys_name_check CHECK (((char_length(name) >= 1) AND (char_length(name) <= 100))),
    CONSTRAINT api_keys_prefix_check CHECK (((char_length(prefix) >= 6) AND (char_length(prefix) <= 12))),
    CONSTRAINT api_keys_scopes_check CHECK (((cardinality(scopes) > 0) AND (scopes <@ ARRAY['read'::text, 'spend'::text, 'hold'::text, 'grant'::text, 'users'::text])))
);

-- Name: billing_keys; Type: TABLE; Schema: farebox

CREATE TABLE farebox.billing_keys (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    user_id uuid NOT NULL,
    hash bytea NOT NULL,
    preview text NOT NULL,
    created_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    revoked_at timestamp with time zone,
    CONSTRAINT billing_keys_hash_check CHECK ((octet_length(hash) = 32)),
    CONSTRAINT billing_keys_preview_check CHECK (((char_length(preview) >= 6) AND (char_length(preview) <= 20)))
);

-- Name: burns; Type: TABLE; Schema: farebox

CREATE TABLE farebox.burns (
    wallet uuid NOT NULL,
    burn_from bigint NOT NULL,
    burn_to bigint NOT NULL,
    grant_id uuid NOT NULL,
    CONSTRAINT burns_not_empty CHECK ((burn_from < burn_to))
);

-- Name: grants; Type: TABLE; Schema: farebox

CREATE TABLE farebox.grants (
    id uuid NOT NULL,
    wallet uuid NOT NULL,
    entry uuid NOT NULL,
    class farebox.grant_class NOT NULL,
    priority integer NOT NULL,
    amount bigint NOT NULL,
    remaining bigint NOT NULL,
    expires_at timestamp with time zone DEFAULT 'infinity'::timestamp with time zone NOT NULL,
    due boolean DEFAULT false NOT NULL,
    created_at timestamp with time zone NOT NULL,
    CONSTRAINT grants_amount_check CHECK ((amount > 0)),
    CONSTRAINT grants_priority_check CHECK (((priority >= 0) AND (priority <= 1000))),
    CONSTRAINT grants_remaining_within_amount CHECK (((remaining >= 0) AND (remaining <= amount)))
);

-- Name: holds; Type: TABLE; Schema: farebox

CREATE TABLE farebox.holds (
    id uuid NOT NULL,
    wallet uuid NOT NULL,
    amount bigint NOT NULL,
    created_at timestamp with time zone NOT NULL,
    expires_at timestamp with time zone NOT NULL,
    open boolean DEFAULT true NOT NULL,
    captured bigint,
    on_lapse text DEFAULT 'release'::text NOT NULL,
    lapse_amount bigint,
    dispatched_at timestamp with time zone,
    entry uuid,
    key text,
    fingerprint bytea,
    description text,
    metadata json,
    asked bigint,
    settled_by uuid,
    settled_at timestamp with time zone,
    CONSTRAINT holds_amount_check CHECK ((amount > 0)),
    CONSTRAINT holds_asked_check CHECK ((asked >= 0)),
    CONSTRAINT holds_captured_check CHECK ((captured >= 0)),
    CONSTRAINT holds_charge_has_amount CHECK (((on_lapse = 'release'::text) OR (lapse_amount IS NOT NULL))),
    CONSTRAINT holds_check CHECK (((lapse_amount >= 1) AND (lapse_amount <= amount))),
    CONSTRAINT holds_key_and_fingerprint CHECK (((key IS NULL) = (fingerprint IS NULL))),
    CONSTRAINT holds_key_length CHECK (((char_length(key) >= 1) AND (char_length(key) <= 255))),
    CONSTRAINT holds_on_lapse_check CHECK ((on_lapse = ANY (ARRAY['release'::text, 'charge'::text]))),
    CONSTRAINT holds_settled_at_once CHECK ((((settled_at IS NULL) = (settled_by IS NULL)) AND ((settled_at IS NULL) = (asked IS NULL))))
);

-- Name: COLUMN holds.captured; Type: COMMENT; Schema: farebox

COMMENT ON COLUMN farebox.holds.captured IS 'What it was settled with, or what its lapse charged; null while it is open and after a lapse that released it.';

-- Name: models; Type: TABLE; Schema: farebox

CREATE TABLE farebox.models (
    use text NOT NULL,
    name text NOT NULL,
    version integer NOT NULL,
    price bigint NOT NULL,
    valid_from timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    valid_to timestamp with time zone,
    CONSTRAINT models_name_check CHECK (((char_length(name) >= 1) AND (char_length(name) <= 200))),
    CONSTRAINT models_price_check CHECK (((price >= 1) AND (price <= 1000000000))),
    CONSTRAINT models_use_check CHECK ((use = ANY (ARRAY['device'::text, 'chat'::text]))),
    CONSTRAINT models_valid_interval CHECK (((valid_to IS NULL) OR (valid_to > valid_from))),
    CONSTRAINT models_version_check CHECK ((version > 0))
);

-- Name: operator_wallets; Type: TABLE; Schema: farebox

CREATE TABLE farebox.operator_wallets (
    id uuid NOT NULL,
    name text NOT NULL
);

-- Name: settings; Type: TABLE; Schema: farebox

CREATE TABLE farebox.settings (
    one boolean DEFAULT true NOT NULL,
    subscription_required boolean DEFAULT false NOT NULL,
    low_balance_tokens bigint DEFAULT 1000 NOT NULL,
    starting_tokens bigint DEFAULT 50000 NOT NULL,
    address_salt bytea DEFAULT decode(replace(((gen_random_uuid())::text || gen_random_uuid()), '-'::text, ''::text), 'hex'::text) NOT NULL,
    CONSTRAINT settings_low_balance_tokens_check CHECK ((low_balance_tokens >= 0)),
    CONSTRAINT settings_one_check CHECK (one),
    CONSTRAINT settings_starting_tokens_check CHECK (((starting_tokens >= 0) AND (starting_tokens <= '1000000000000'::bigint)))
);

-- Name: TABLE settings; Type: COMMENT; Schema: farebox

COMMENT ON TABLE farebox.settings IS 'One row. Edit it here; every call reads it.';

-- Name: COLUMN settings.starting_tokens; Type: COMMENT; Schema: farebox

COMMENT ON COLUMN farebox.settings.starting_tokens IS 'What a new account finds in its wallet, once.';

-- Name: COLUMN settings.address_salt; Type: COMMENT; Schema: farebox

COMMENT ON COLUMN farebox.settings.address_salt IS 'What digests of addresses in farebox.used_addresses are made with. Leave it as it is.';

-- Name: used_addresses; Type: TABLE; Schema: farebox

CREATE TABLE farebox.used_addresses (
    digest bytea NOT NULL,
    used_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    CONSTRAINT used_addresses_digest_check CHECK ((octet_length(digest) = 32))
);

-- Name: user_numbers; Type: SEQUENCE; Schema: farebox

CREATE SEQUENCE farebox.user_numbers
    START WITH 1000000001
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;

-- Name: users; Type: TABLE; Schema: farebox

CREATE TABLE farebox.users (
    id uuid NOT NULL,
    number bigint NOT NULL,
    phone text,
    email text,
    managed boolean DEFAULT false NOT NULL,
    created_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    created_key text,
    created_fingerprint bytea,
    display_name text,
    provider text DEFAULT 'local'::text NOT NULL,
    erased_at timestamp with time zone,
    CONSTRAINT users_created_key_check CHECK (((char_length(created_key) >= 1) AND (char_length(created_key) <= 255))),
    CONSTRAINT users_display_name_check CHECK (((char_length(display_name) >= 1) AND (char_length(display_name) <= 100))),
    CONSTRAINT users_email_check CHECK (((char_length(email) >= 3) AND (char_length(email) <= 255))),
    CONSTRAINT users_erased_keep_nothing CHECK (((erased_at IS NULL) OR ((phone IS NULL) AND (email IS NULL) AND (display_name IS NULL)))),
    CONSTRAINT users_key_and_fingerprint CHECK (((created_key IS NULL) = (created_fingerprint IS NULL))),
    CONSTRAINT users_number_check CHECK (((number >= 1) AND (number <= '9007199254740991'::bigint))),
    CONSTRAINT users_phone_check CHECK ((phone ~ '^[0-9]{5,15}$'::text)),
    CONSTRAINT users_provider_check CHECK (((char_length(provider) >= 1) AND (char_length(provider) <= 100)))
);

-- Name: wallets; Type: TABLE; Schema: farebox

CREATE TABLE farebox.wallets (
    id uuid NOT NULL,
    kind farebox.wallet_kind NOT NULL,
    owner uuid,
    balance bigint DEFAULT 0 NOT NULL,
    held bigint DEFAULT 0 NOT NULL,
    debt bigint DEFAULT 0 NOT NULL,
    burned bigint DEFAULT 0 NOT NULL,
    attributed bigint DEFAULT 0 NOT NULL,
    seq bigint DEFAULT 0 NOT NULL,
    blocked_at timestamp with time zone,
    subscription_until timestamp with time zone,
    next_event_at timestamp with time zone DEFAULT 'infinity'::timestamp with time zone NOT NULL,
    created_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    CONSTRAINT wallets_attributed_within_burned CHECK (((attributed >= 0) AND (burned >= attributed))),
    CONSTRAINT wallets_debt_not_negative CHECK ((debt >= 0)),
    CONSTRAINT wallets_held_within_balance CHECK (((held >= 0) AND (balance >= held)))
)
WITH (fillfactor='50');

-- Name: admins admins_pkey; Type: CONSTRAINT; Schema: farebox

ALTER TABLE ONLY farebox.admins
    ADD CONSTRAINT admins_pkey PRIMARY KEY (user_id);

-- Name: agents agents_pkey; Type: CONSTRAINT; Schema: farebox

ALTER TABLE ONLY farebox.agents
    ADD CONSTRAINT agents_pkey PRIMARY KEY (user_id);

-- Name: api_keys api_keys_hash_key; Type: CONSTRAINT; Schema: farebox

ALTER TABLE ONLY farebox.api_keys
    ADD CONSTRAINT api_keys_hash_key UNIQUE (hash);

-- Name: api_keys api_keys_pkey; Type: CONSTRAINT; Schema: farebox

ALTER TABLE ONLY farebox.api_keys
    ADD CONSTRAINT api_keys_pkey PRIMARY KEY (id);

-- Name: billing_keys billing_keys_hash_key; Type: CONSTRAINT; Schema: farebox

ALTER TABLE ONLY farebox.billing_keys
    ADD CONSTRAINT billing_keys_hash_key UNIQUE (hash);

-- Name: billing_keys billing_keys_pkey; Type: CONSTRAINT; Schema: farebox

ALTER TABLE ONLY farebox.billing_keys
    ADD CONSTRAINT billing_keys_pkey PRIMARY KEY (id);

-- Name: burns burns_pkey; Type: CONSTRAINT; Schema: farebox

ALTER TABLE ONLY farebox.burns
    ADD CONSTRAINT burns_pkey PRIMARY KEY (wallet, burn_from);

-- Name: entries entries_pkey; Type: CONSTRAINT; Schema: farebox

ALTER TABLE ONLY farebox.entries
    ADD CONSTRAINT entries_pkey PRIMARY KEY (id);

-- Name: grants grants_pkey; Type: CONSTRAINT; Schema: farebox

ALTER TABLE ONLY farebox.grants
    ADD CONSTRAINT grants_pkey PRIMARY KEY (id);

-- Name: holds holds_pkey; Type: CONSTRAINT; Schema: farebox

ALTER TABLE ONLY farebox.holds
    ADD CONSTRAINT holds_pkey PRIMARY KEY (id);

-- Name: models models_pkey; Type: CONSTRAINT; Schema: farebox

ALTER TABLE ONLY farebox.models
    ADD CONSTRAINT models_pkey PRIMARY KEY (use, name, version);

-- Name: operator_wallets operator_wallets_name_key; Type: CONSTRAINT; Schema: farebox

ALTER TABLE ONLY farebox.operator_wallets
    ADD CONSTRAINT operator_wallets_name_key UNIQUE (name);

-- Name: operator_wallets operator_wallets_pkey; Type: CONSTRAINT; Schema: farebox

ALTER TABLE ONLY farebox.operator_wallets
    ADD CONSTRAINT operator_wallets_pkey PRIMARY KEY (id);

-- Name: settings settings_pkey; Type: CONSTRAINT; Schema: farebox

ALTER TABLE ONLY farebox.settings
    ADD CONSTRAINT settings_pkey PRIMARY KEY (one);

-- Name: used_addresses used_addresses_pkey; Type: CONSTRAINT; Schema: farebox

ALTER TABLE ONLY farebox.used_addresses
    ADD CONSTRAINT used_addresses_pkey PRIMARY KEY (digest);

-- Name: users users_number_key; Type: CONSTRAINT; Schema: farebox

ALTER TABLE ONLY farebox.users
    ADD CONSTRAINT users_number_key UNIQUE (number);

-- Name: users users_phone_key; Type: CONSTRAINT; Schema: farebox

ALTER TABLE ONLY farebox.users
    ADD CONSTRAINT users_phone_key UNIQUE (phone);

-- Name: users users_pkey; Type: CONSTRAINT; Schema: farebox

ALTER TABLE ONLY farebox.users
    ADD CONSTRAINT users_pkey PRIMARY KEY (id);

-- Name: wallets wallets_pkey; Type: CONSTRAINT; Schema: farebox

ALTER TABLE ONLY farebox.wallets
    ADD CONSTRAINT wallets_pkey PRIMARY KEY (id);

-- Name: billing_keys_live; Type: INDEX; Schema: farebox

CREATE UNIQUE INDEX billing_keys_live ON farebox.billing_keys USING btree (user_id) WHERE (revoked_at IS NULL);

-- Name: billing_keys_user; Type: INDEX; Schema: farebox

CREATE INDEX billing_keys_user ON farebox.billing_keys USING btree (user_id);

-- Name: burns_grant; Type: INDEX; Schema: farebox

CREATE INDEX burns_grant ON farebox.burns USING btree (grant_id);

-- Name: entries_credit_key; Type: INDEX; Schema: farebox

CREATE UNIQUE INDEX entries_credit_key ON farebox.entries USING btree (credit, kind, key) WHERE ((key IS NOT NULL) AND (debit_seq IS NULL));

-- Name: entries_credit_sequence; Type: INDEX; Schema: farebox

CREATE UNIQUE INDEX entries_credit_sequence ON farebox.entries USING btree (credit, credit_seq) WHERE (credit_seq > 0);

-- Name: entries_debit_key; Type: INDEX; Schema: farebox

CREATE UNIQUE INDEX entries_debit_key ON farebox.entries USING btree (debit, kind, key) WHERE ((key IS NOT NULL) AND (debit_seq IS NOT NULL));

-- Name: entries_debit_sequence; Type: INDEX; Schema: farebox

CREATE UNIQUE INDEX entries_debit_sequence ON farebox.entries USING btree (debit, debit_seq) WHERE (debit_seq > 0);

-- Name: entries_reverses; Type: INDEX; Schema: farebox

CREATE INDEX entries_reverses ON farebox.entries USING btree (reverses) WHERE (reverses IS NOT NULL);

-- Name: grants_entry; Type: INDEX; Schema: farebox

CREATE INDEX grants_entry ON farebox.grants USING btree (entry);

-- Name: grants_open; Type: INDEX; Schema: farebox

CREATE INDEX grants_open ON farebox.grants USING btree (wallet, priority, expires_at, created_at) WHERE (remaining > 0);

-- Name: grants_wallet; Type: INDEX; Schema: farebox

CREATE INDEX grants_wallet ON farebox.grants USING btree (wallet);

-- Name: holds_open; Type: INDEX; Schema: farebox

CREATE INDEX holds_open ON farebox.holds USING btree (wallet, expires_at) WHERE open;

-- Name: holds_wallet_key; Type: INDEX; Schema: farebox

CREATE UNIQUE INDEX holds_wallet_key ON farebox.holds USING btree (wallet, key);

-- Name: users_created_key; Type: INDEX; Schema: farebox

CREATE UNIQUE INDEX users_created_key ON farebox.users USING btree (created_key) WHERE (created_key IS NOT NULL);

-- Name: users_managed_email; Type: INDEX; Schema: farebox

CREATE UNIQUE INDEX users_managed_email ON farebox.users USING btree (email) WHERE managed;

-- Name: entries entries_append_only_row; Type: TRIGGER; Schema: farebox

CREATE TRIGGER entries_append_only_row BEFORE DELETE OR UPDATE ON farebox.entries FOR EACH ROW EXECUTE FUNCTION farebox.refuse_change();

ALTER TABLE farebox.entries ENABLE ALWAYS TRIGGER entries_append_only_row;

-- Name: entries entries_append_only_table; Type: TRIGGER; Schema: farebox

CREATE TRIGGER entries_append_only_table BEFORE TRUNCATE ON farebox.entries FOR EACH STATEMENT EXECUTE FUNCTION farebox.refuse_change();

ALTER TABLE farebox.entries ENABLE ALWAYS TRIGGER entries_append_only_table;

-- Name: admins admins_user_id_fkey; Type: FK CONSTRAINT; Schema: farebox

ALTER TABLE ONLY farebox.admins
    ADD CONSTRAINT admins_user_id_fkey FOREIGN KEY (user_id) REFERENCES farebox.users(id);

-- Name: agents agents_user_id_fkey; Type: FK CONSTRAINT; Schema: farebox

ALTER TABLE ONLY farebox.agents
    ADD CONSTRAINT agents_user_id_fkey FOREIGN KEY (user_id) REFERENCES farebox.users(id);

-- Name: billing_keys billing_keys_user_id_fkey; Type: FK CONSTRAINT; Schema: farebox

ALTER TABLE ONLY farebox.billing_keys
    ADD CONSTRAINT billing_keys_user_id_fkey FOREIGN KEY (user_id) REFERENCES farebox.users(id);

-- Name: burns burns_grant_id_fkey; Type: FK CONSTRAINT; Schema: farebox

ALTER TABLE ONLY farebox.burns
    ADD CONSTRAINT burns_grant_id_fkey FOREIGN KEY (grant_id) REFERENCES farebox.grants(id);

-- Name: burns burns_wallet_fkey; Type: FK CONSTRAINT; Schema: farebox

ALTER TABLE ONLY farebox.burns
    ADD CONSTRAINT burns_wallet_fkey FOREIGN KEY (wallet) REFERENCES farebox.wallets(id);

-- Name: grants grants_wallet_fkey; Type: FK CONSTRAINT; Schema: farebox

ALTER TABLE ONLY farebox.grants
    ADD CONSTRAINT grants_wallet_fkey FOREIGN KEY (wallet) REFERENCES farebox.wallets(id);

-- Name: holds holds_wallet_fkey; Type: FK CONSTRAINT; Schema: farebox

ALTER TABLE ONLY farebox.holds
    ADD CONSTRAINT holds_wallet_fkey FOREIGN KEY (wallet) REFERENCES farebox.wallets(id);

-- Name: admins; Type: ROW SECURITY; Schema: farebox

ALTER TABLE farebox.admins ENABLE ROW LEVEL SECURITY;

-- Name: agents; Type: ROW SECURITY; Schema: farebox

ALTER TABLE farebox.agents ENABLE ROW LEVEL SECURITY;

-- Name: api_keys; Type: ROW SECURITY; Schema: farebox

ALTER TABLE farebox.api_keys ENABLE ROW LEVEL SECURITY;

-- Name: billing_keys; Type: ROW SECURITY; Schema: farebox

ALTER TABLE farebox.billing_keys ENABLE ROW LEVEL SECURITY;

-- Name: burns; Type: ROW SECURITY; Schema: farebox

ALTER TABLE farebox.burns ENABLE ROW LEVEL SECURITY;

-- Name: admins deny_all; Type: POLICY; Schema: farebox

CREATE POLICY deny_all ON farebox.admins USING (false) WITH CHECK (false);

-- Name: agents deny_all; Type: POLICY; Schema: farebox

CREATE POLICY deny_all ON farebox.agents USING (false) WITH CHECK (false);

-- Name: api_keys deny_all; Type: POLICY; Schema: farebox

CREATE POLICY deny_all ON farebox.api_keys USING (false) WITH CHECK (false);

-- Name: billing_keys deny_all; Type: POLICY; Schema: farebox

CREATE POLICY deny_all ON farebox.billing_keys USING (false) WITH CHECK (false);

-- Name: burns deny_all; Type: POLICY; Schema: farebox

CREATE POLICY deny_all ON farebox.burns USING (false) WITH CHECK (false);

-- Name: entries deny_all; Type: POLICY; Schema: farebox

CREATE POLICY deny_all ON farebox.entries USING (false) WITH CHECK (false);

-- Name: grants deny_all; Type: POLICY; Schema: farebox

CREATE POLICY deny_all ON farebox.grants USING (false) WITH CHECK (false);

-- Name: holds deny_all; Type: POLICY; Schema: farebox

CREATE POLICY deny_all ON farebox.holds USING (false) WITH CHECK (false);

-- Name: models deny_all; Type: POLICY; Schema: farebox

CREATE POLICY deny_all ON farebox.models USING (false) WITH CHECK (false);

-- Name: operator_wallets deny_all; Type: POLICY; Schema: farebox

CREATE POLICY deny_all ON farebox.operator_wallets USING (false) WITH CHECK (false);

-- Name: settings deny_all; Type: POLICY; Schema: farebox

CREATE POLICY deny_all ON farebox.settings USING (false) WITH CHECK (false);

-- Name: used_addresses deny_all; Type: POLICY; Schema: farebox

CREATE POLICY deny_all ON farebox.used_addresses USING (false) WITH CHECK (false);

-- Name: users deny_all; Type: POLICY; Schema: farebox

CREATE POLICY deny_all ON farebox.users USING (false) WITH CHECK (false);

-- Name: wallets deny_all; Type: POLICY; Schema: farebox

CREATE POLICY deny_all ON farebox.wallets USING (false) WITH CHECK (false);

-- Name: entries; Type: ROW SECURITY; Schema: farebox

ALTER TABLE farebox.entries ENABLE ROW LEVEL SECURITY;

-- Name: grants; Type: ROW SECURITY; Schema: farebox

ALTER TABLE farebox.grants ENABLE ROW LEVEL SECURITY;

-- Name: holds; Type: ROW SECURITY; Schema: farebox

ALTER TABLE farebox.holds ENABLE ROW LEVEL SECURITY;

-- Name: models; Type: ROW SECURITY; Schema: farebox

ALTER TABLE farebox.models ENABLE ROW LEVEL SECURITY;

-- Name: operator_wallets; Type: ROW SECURITY; Schema: farebox

ALTER TABLE farebox.operator_wallets ENABLE ROW LEVEL SECURITY;

-- Name: settings; Type: ROW SECURITY; Schema: farebox

ALTER TABLE farebox.settings ENABLE ROW LEVEL SECURITY;

-- Name: used_addresses; Type: ROW SECURITY; Schema: farebox

ALTER TABLE farebox.used_addresses ENABLE ROW LEVEL SECURITY;

-- Name: users; Type: ROW SECURITY; Schema: farebox

ALTER TABLE farebox.users ENABLE ROW LEVEL SECURITY;

-- Name: wallets; Type: ROW SECURITY; Schema: farebox

ALTER TABLE farebox.wallets ENABLE ROW LEVEL SECURITY;

-- Name: SCHEMA farebox_api; Type: ACL; Schema: -

GRANT USAGE ON SCHEMA farebox_api TO farebox_app;

-- Name: FUNCTION add_admin(p_who text, p_granted_by text); Type: ACL; Schema: farebox

REVOKE ALL ON FUNCTION farebox.add_admin(p_who text, p_granted_by text) FROM PUBLIC;

-- Name: FUNCTION address_digest(p_address text); Type: ACL; Schema: farebox

REVOKE ALL ON FUNCTION farebox.address_digest(p_address text) FROM PUBLIC;

-- Name: FUNCTION attribute(p_wallet uuid, p_from bigint, p_amount bigint, p_hold_at timestamp with time zone); Type: ACL; Schema: farebox

REVOKE ALL ON FUNCTION farebox.attribute(p_wallet uuid, p_from bigint, p_amount bigint, p_hold_at timestamp with time zone) FROM PUBLIC;

-- Name: FUNCTION bring_up_to_date(p_wallet uuid, p_now timestamp with time zone); Type: ACL; Schema: farebox

REVOKE ALL ON FUNCTION farebox.bring_up_to_date(p_wallet uuid, p_now timestamp with time zone) FROM PUBLIC;

-- Name: FUNCTION create_api_key(p_name text, p_hash bytea, p_prefix text, p_scopes text[], p_expires_at timestamp with time zone); Type: ACL; Schema: farebox

REVOKE ALL ON FUNCTION farebox.create_api_key(p_name text, p_hash bytea, p_prefix text, p_scopes text[], p_expires_at timestamp with time zone) FROM PUBLIC;

-- Name: FUNCTION credential_refusal(p_api_key bytea, p_scope text); Type: ACL; Schema: farebox

REVOKE ALL ON FUNCTION farebox.credential_refusal(p_api_key bytea, p_scope text) FROM PUBLIC;

-- Name: FUNCTION expire_due(p_wallet uuid, p_now timestamp with time zone); Type: ACL; Schema: farebox

REVOKE ALL ON FUNCTION farebox.expire_due(p_wallet uuid, p_now timestamp with time zone) FROM PUBLIC;

-- Name: FUNCTION flush(p_wallet uuid); Type: ACL; Schema: farebox

REVOKE ALL ON FUNCTION farebox.flush(p_wallet uuid) FROM PUBLIC;

-- Name: FUNCTION follow_auth_user(); Type: ACL; Schema: farebox

REVOKE ALL ON FUNCTION farebox.follow_auth_user() FROM PUBLIC;

-- Name: FUNCTION forget(p_user uuid); Type: ACL; Schema: farebox

REVOKE ALL ON FUNCTION farebox.forget(p_user uuid) FROM PUBLIC;

-- Name: FUNCTION next_event(p_wallet uuid); Type: ACL; Schema: farebox

REVOKE ALL ON FUNCTION farebox.next_event(p_wallet uuid) FROM PUBLIC;

-- Name: FUNCTION pay_debt(p_wallet uuid, p_now timestamp with time zone); Type: ACL; Schema: farebox

REVOKE ALL ON FUNCTION farebox.pay_debt(p_wallet uuid, p_now timestamp with time zone) FROM PUBLIC;

-- Name: FUNCTION place_hold(p_id uuid, p_wallet uuid, p_amount bigint, p_ttl_ms bigint, p_on_lapse text, p_lapse_amount bigint, p_dispatched boolean, p_key text, p_fingerprint bytea, p_description text, p_metadata json, p_must_subscribe boolean, p_now timestamp with time zone, OUT status text, OUT hold uuid, OUT amount bigint, OUT available bigint, OUT expires_at timestamp with time zone, OUT at timestamp with time zone); Type: ACL; Schema: farebox

REVOKE ALL ON FUNCTION farebox.place_hold(p_id uuid, p_wallet uuid, p_amount bigint, p_ttl_ms bigint, p_on_lapse text, p_lapse_amount bigint, p_dispatched boolean, p_key text, p_fingerprint bytea, p_description text, p_metadata json, p_must_subscribe boolean, p_now timestamp with time zone, OUT status text, OUT hold uuid, OUT amount bigint, OUT available bigint, OUT expires_at timestamp with time zone, OUT at timestamp with time zone) FROM PUBLIC;

-- Name: FUNCTION post_expiry(p_wallet uuid, p_amount bigint, p_now timestamp with time zone); Type: ACL; Schema: farebox

REVOKE ALL ON FUNCTION farebox.post_expiry(p_wallet uuid, p_amount bigint, p_now timestamp with time zone) FROM PUBLIC;

-- Name: FUNCTION post_grant(p_id uuid, p_wallet uuid, p_amount bigint, p_class farebox.grant_class, p_priority integer, p_expires_at timestamp with time zone, p_key text, p_fingerprint bytea, p_description text, p_metadata json, p_now timestamp with time zone); Type: ACL; Schema: farebox

REVOKE ALL ON FUNCTION farebox.post_grant(p_id uuid, p_wallet uuid, p_amount bigint, p_class farebox.grant_class, p_priority integer, p_expires_at timestamp with time zone, p_key text, p_fingerprint bytea, p_description text, p_metadata json, p_now timestamp with time zone) FROM PUBLIC;

-- Name: FUNCTION provision(p_user uuid); Type: ACL; Schema: farebox

REVOKE ALL ON FUNCTION farebox.provision(p_user uuid) FROM PUBLIC;

-- Name: FUNCTION refund(p_id uuid, p_spend farebox.entries, p_amount bigint, p_refunded bigint, p_key text, p_fingerprint bytea, p_description text, p_now timestamp with time zone); Type: ACL; Schema: farebox

REVOKE ALL ON FUNCTION farebox.refund(p_id uuid, p_spend farebox.entries, p_amount bigint, p_refunded bigint, p_key text, p_fingerprint bytea, p_description text, p_now timestamp with time zone) FROM PUBLIC;

-- Name: FUNCTION refuse_change(); Type: ACL; Schema: farebox

REVOKE ALL ON FUNCTION farebox.refuse_change() FROM PUBLIC;

-- Name: FUNCTION remove_admin(p_who text); Type: ACL; Schema: farebox

REVOKE ALL ON FUNCTION farebox.remove_admin(p_who text) FROM PUBLIC;

-- Name: FUNCTION resolve_user(p_wallet uuid, p_number bigint); Type: ACL; Schema: farebox

REVOKE ALL ON FUNCTION farebox.resolve_user(p_wallet uuid, p_number bigint) FROM PUBLIC;

-- Name: FUNCTION revoke_api_key(p_name_or_prefix text); Type: ACL; Schema: farebox

REVOKE ALL ON FUNCTION farebox.revoke_api_key(p_name_or_prefix text) FROM PUBLIC;

-- Name: FUNCTION session_alive(p_session uuid, p_user uuid, p_now timestamp with time zone); Type: ACL; Schema: farebox

REVOKE ALL ON FUNCTION farebox.session_alive(p_session uuid, p_user uuid, p_now timestamp with time zone) FROM PUBLIC;

-- Name: FUNCTION settle_hold(p_entry uuid, p_hold uuid, p_amount bigint, p_clamp boolean, p_description text, p_metadata json, p_must_subscribe boolean, p_now timestamp with time zone, OUT status text, OUT entry uuid, OUT amount bigint, OUT before bigint, OUT after bigint, OUT available bigint, OUT at timestamp with time zone, OUT released bigint, OUT settled_by uuid); Type: ACL; Schema: farebox

REVOKE ALL ON FUNCTION farebox.settle_hold(p_entry uuid, p_hold uuid, p_amount bigint, p_clamp boolean, p_description text, p_metadata json, p_must_subscribe boolean, p_now timestamp with time zone, OUT status text, OUT entry uuid, OUT amount bigint, OUT before bigint, OUT after bigint, OUT available bigint, OUT at timestamp with time zone, OUT released bigint, OUT settled_by uuid) FROM PUBLIC;

-- Name: FUNCTION touch_wallet(p_wallet uuid); Type: ACL; Schema: farebox

REVOKE ALL ON FUNCTION farebox.touch_wallet(p_wallet uuid) FROM PUBLIC;

-- Name: FUNCTION uuid_v7(); Type: ACL; Schema: farebox

REVOKE ALL ON FUNCTION farebox.uuid_v7() FROM PUBLIC;

-- Name: FUNCTION verify(p_after uuid, p_limit integer, OUT last uuid, OUT checked bigint, OUT violations jsonb); Type: ACL; Schema: farebox

REVOKE ALL ON FUNCTION farebox.verify(p_after uuid, p_limit integer, OUT last uuid, OUT checked bigint, OUT violations jsonb) FROM PUBLIC;

-- Name: FUNCTION verify_journal(p_after uuid, p_limit integer, OUT last uuid, OUT checked bigint, OUT violations jsonb); Type: ACL; Schema: farebox

REVOKE ALL ON FUNCTION farebox.verify_journal(p_after uuid, p_limit integer, OUT last uuid, OUT checked bigint, OUT violations jsonb) FROM PUBLIC;

-- Name: FUNCTION account(p_user uuid, p_session uuid, OUT status text, OUT number bigint, OUT email text, OUT phone text, OUT display_name text, OUT provider text, OUT is_admin boolean, OUT created_at timestamp with time zone, OUT agent_id text, OUT agent_status text, OUT billing_key text); Type: ACL; Schema: farebox_api

REVOKE ALL ON FUNCTION farebox_api.account(p_user uuid, p_session uuid, OUT status text, OUT number bigint, OUT email text, OUT phone text, OUT display_name text, OUT provider text, OUT is_admin boolean, OUT created_at timestamp with time zone, OUT agent_id text, OUT agent_status text, OUT billing_key text) FROM PUBLIC;
GRANT ALL ON FUNCTION farebox_api.account(p_user uuid, p_session uuid, OUT status text, OUT number bigint, OUT email text, OUT phone text, OUT display_name text, OUT provider text, OUT is_admin boolean, OUT created_at timestamp with time zone, OUT agent_id text, OUT agent_status text, OUT billing_key text) TO farebox_app;

-- Name: FUNCTION api_key(p_hash bytea); Type: ACL; Schema: farebox_api

REVOKE ALL ON FUNCTION farebox_api.api_key(p_hash bytea) FROM PUBLIC;
GRANT ALL ON FUNCTION farebox_api.api_key(p_hash bytea) TO farebox_app;

-- Name: FUNCTION balance(p_wallet uuid[], p_number bigint[], p_phone text[], p_api_key bytea[]); Type: ACL; Schema: farebox_api

REVOKE ALL ON FUNCTION farebox_api.balance(p_wallet uuid[], p_number bigint[], p_phone text[], p_api_key bytea[]) FROM PUBLIC;
GRANT ALL ON FUNCTION farebox_api.balance(p_wallet uuid[], p_number bigint[], p_phone text[], p_api_key bytea[]) TO farebox_app;

-- Name: FUNCTION create_user(p_id uuid, p_number bigint, p_phone text, p_email text, p_tokens bigint, p_entry uuid, p_key text, p_fingerprint bytea, p_api_key bytea, p_not_after timestamp with time zone, OUT status text, OUT user_id uuid, OUT number bigint, OUT phone text, OUT email text, OUT balance bigint, OUT created_at timestamp with time zone); Type: ACL; Schema: farebox_api

REVOKE ALL ON FUNCTION farebox_api.create_user(p_id uuid, p_number bigint, p_phone text, p_email text, p_tokens bigint, p_entry uuid, p_key text, p_fingerprint bytea, p_api_key bytea, p_not_after timestamp with time zone, OUT status text, OUT user_id uuid, OUT number bigint, OUT phone text, OUT email text, OUT balance bigint, OUT created_at timestamp with time zone) FROM PUBLIC;
GRANT ALL ON FUNCTION farebox_api.create_user(p_id uuid, p_number bigint, p_phone text, p_email text, p_tokens bigint, p_entry uuid, p_key text, p_fingerprint bytea, p_api_key bytea, p_not_after timestamp with time zone, OUT status text, OUT user_id uuid, OUT number bigint, OUT phone text, OUT email text, OUT balance bigint, OUT created_at timestamp with time zone) TO farebox_app;

-- Name: FUNCTION dispatch(p_hold uuid, p_lapse_amount bigint, p_session uuid, p_user uuid, p_api_key bytea, p_not_after timestamp with time zone, OUT status text, OUT hold uuid, OUT amount bigint, OUT expires_at timestamp with time zone, OUT at timestamp with time zone); Type: ACL; Schema: farebox_api

REVOKE ALL ON FUNCTION farebox_api.dispatch(p_hold uuid, p_lapse_amount bigint, p_session uuid, p_user uuid, p_api_key bytea, p_not_after timestamp with time zone, OUT status text, OUT hold uuid, OUT amount bigint, OUT expires_at timestamp with time zone, OUT at timestamp with time zone) FROM PUBLIC;
GRANT ALL ON FUNCTION farebox_api.dispatch(p_hold uuid, p_lapse_amount bigint, p_session uuid, p_user uuid, p_api_key bytea, p_not_after timestamp with time zone, OUT status text, OUT hold uuid, OUT amount bigint, OUT expires_at timestamp with time zone, OUT at timestamp with time zone) TO farebox_app;

-- Name: FUNCTION erase_account(p_user uuid, p_session uuid); Type: ACL; Schema: farebox_api

REVOKE ALL ON FUNCTION farebox_api.erase_account(p_user uuid, p_session uuid) FROM PUBLIC;
GRANT ALL ON FUNCTION farebox_api.erase_account(p_user uuid, p_session uuid) TO farebox_app;

-- Name: FUNCTION export_account(p_user uuid, p_session uuid, OUT status text, OUT document json); Type: ACL; Schema: farebox_api

REVOKE ALL ON FUNCTION farebox_api.export_account(p_user uuid, p_session uuid, OUT status text, OUT document json) FROM PUBLIC;
GRANT ALL ON FUNCTION farebox_api.export_account(p_user uuid, p_session uuid, OUT status text, OUT document json) TO farebox_app;

-- Name: FUNCTION "grant"(p_id uuid, p_wallet uuid, p_number bigint, p_amount bigint, p_class text, p_priority integer, p_expires_at timestamp with time zone, p_key text, p_fingerprint bytea, p_description text, p_metadata json, p_api_key bytea, p_not_after timestamp with time zone, OUT status text, OUT entry uuid, OUT amount bigint, OUT before bigint, OUT after bigint, OUT available bigint, OUT at timestamp with time zone); Type: ACL; Schema: farebox_api

REVOKE ALL ON FUNCTION farebox_api."grant"(p_id uuid, p_wallet uuid, p_number bigint, p_amount bigint, p_class text, p_priority integer, p_expires_at timestamp with time zone, p_key text, p_fingerprint bytea, p_description text, p_metadata json, p_api_key bytea, p_not_after timestamp with time zone, OUT status text, OUT entry uuid, OUT amount bigint, OUT before bigint, OUT after bigint, OUT available bigint, OUT at timestamp with time zone) FROM PUBLIC;
GRANT ALL ON FUNCTION farebox_api."grant"(p_id uuid, p_wallet uuid, p_number bigint, p_amount bigint, p_class text, p_priority integer, p_expires_at timestamp with time zone, p_key text, p_fingerprint bytea, p_description text, p_metadata json, p_api_key bytea, p_not_after timestamp with time zone, OUT status text, OUT entry uuid, OUT amount bigint, OUT before bigint, OUT after bigint, OUT available bigint, OUT at timestamp with time zone) TO farebox_app;

-- Name: FUNCTION hold(p_id uuid[], p_wallet uuid[], p_number bigint[], p_amount bigint[], p_ttl_ms bigint[], p_on_lapse text[], p_lapse_amount bigint[], p_dispatched boolean[], p_key text[], p_fingerprint bytea[], p_description text[], p_metadata json[], p_session uuid[], p_user uuid[], p_api_key bytea[], p_not_after timestamp with time zone, p_skip_locked boolean); Type: ACL; Schema: farebox_api

REVOKE ALL ON FUNCTION farebox_api.hold(p_id uuid[], p_wallet uuid[], p_number bigint[], p_amount bigint[], p_ttl_ms bigint[], p_on_lapse text[], p_lapse_amount bigint[], p_dispatched boolean[], p_key text[], p_fingerprint bytea[], p_description text[], p_metadata json[], p_session uuid[], p_user uuid[], p_api_key bytea[], p_not_after timestamp with time zone, p_skip_locked boolean) FROM PUBLIC;
GRANT ALL ON FUNCTION farebox_api.hold(p_id uuid[], p_wallet uuid[], p_number bigint[], p_amount bigint[], p_ttl_ms bigint[], p_on_lapse text[], p_lapse_amount bigint[], p_dispatched boolean[], p_key text[], p_fingerprint bytea[], p_description text[], p_metadata json[], p_session uuid[], p_user uuid[], p_api_key bytea[], p_not_after timestamp with time zone, p_skip_locked boolean) TO farebox_app;

-- Name: FUNCTION rename_account(p_user uuid, p_session uuid, p_display_name text); Type: ACL; Schema: farebox_api

REVOKE ALL ON FUNCTION farebox_api.rename_account(p_user uuid, p_session uuid, p_display_name text) FROM PUBLIC;
GRANT ALL ON FUNCTION farebox_api.rename_account(p_user uuid, p_session uuid, p_display_name text) TO farebox_app;

-- Name: FUNCTION reverse(p_id uuid, p_entry uuid, p_amount bigint, p_key text, p_fingerprint bytea, p_description text, p_api_key bytea, p_not_after timestamp with time zone, OUT status text, OUT entry uuid, OUT amount bigint, OUT before bigint, OUT after bigint, OUT available bigint, OUT at timestamp with time zone); Type: ACL; Schema: farebox_api

REVOKE ALL ON FUNCTION farebox_api.reverse(p_id uuid, p_entry uuid, p_amount bigint, p_key text, p_fingerprint bytea, p_description text, p_api_key bytea, p_not_after timestamp with time zone, OUT status text, OUT entry uuid, OUT amount bigint, OUT before bigint, OUT after bigint, OUT available bigint, OUT at timestamp with time zone) FROM PUBLIC;
GRANT ALL ON FUNCTION farebox_api.reverse(p_id uuid, p_entry uuid, p_amount bigint, p_key text, p_fingerprint bytea, p_description text, p_api_key bytea, p_not_after timestamp with time zone, OUT status text, OUT entry uuid, OUT amount bigint, OUT before bigint, OUT after bigint, OUT available bigint, OUT at timestamp with time zone) TO farebox_app;

-- Name: FUNCTION settle(p_entry uuid[], p_hold uuid[], p_amount bigint[], p_clamp boolean[], p_description text[], p_metadata json[], p_session uuid[], p_user uuid[], p_api_key bytea[], p_not_after timestamp with time zone, p_skip_locked boolean); Type: ACL; Schema: farebox_api

REVOKE ALL ON FUNCTION farebox_api.settle(p_entry uuid[], p_hold uuid[], p_amount bigint[], p_clamp boolean[], p_description text[], p_metadata json[], p_session uuid[], p_user uuid[], p_api_key bytea[], p_not_after timestamp with time zone, p_skip_locked boolean) FROM PUBLIC;
GRANT ALL ON FUNCTION farebox_api.settle(p_entry uuid[], p_hold uuid[], p_amount bigint[], p_clamp boolean[], p_description text[], p_metadata json[], p_session uuid[], p_user uuid[], p_api_key bytea[], p_not_after timestamp with time zone, p_skip_locked boolean) TO farebox_app;

-- Name: FUNCTION spend(p_id uuid[], p_wallet uuid[], p_number bigint[], p_amount bigint[], p_model text[], p_key text[], p_fingerprint bytea[], p_description text[], p_metadata json[], p_session uuid[], p_user uuid[], p_api_key bytea[], p_not_after timestamp with time zone, p_skip_locked boolean); Type: ACL; Schema: farebox_api

REVOKE ALL ON FUNCTION farebox_api.spend(p_id uuid[], p_wallet uuid[], p_number bigint[], p_amount bigint[], p_model text[], p_key text[], p_fingerprint bytea[], p_description text[], p_metadata json[], p_session uuid[], p_user uuid[], p_api_key bytea[], p_not_after timestamp with time zone, p_skip_locked boolean) FROM PUBLIC;
GRANT ALL ON FUNCTION farebox_api.spend(p_id uuid[], p_wallet uuid[], p_number bigint[], p_amount bigint[], p_model text[], p_key text[], p_fingerprint bytea[], p_description text[], p_metadata json[], p_session uuid[], p_user uuid[], p_api_key bytea[], p_not_after timestamp with time zone, p_skip_locked boolean) TO farebox_app;

-- Name: FUNCTION spend_one(p_id uuid, p_wallet uuid, p_number bigint, p_amount bigint, p_model text, p_key text, p_fingerprint bytea, p_description text, p_metadata json, p_session uuid, p_user uuid, p_api_key bytea, p_not_after timestamp with time zone, OUT status text, OUT entry uuid, OUT amount bigint, OUT before bigint, OUT after bigint, OUT available bigint, OUT at timestamp with time zone); Type: ACL; Schema: farebox_api

REVOKE ALL ON FUNCTION farebox_api.spend_one(p_id uuid, p_wallet uuid, p_number bigint, p_amount bigint, p_model text, p_key text, p_fingerprint bytea, p_description text, p_metadata json, p_session uuid, p_user uuid, p_api_key bytea, p_not_after timestamp with time zone, OUT status text, OUT entry uuid, OUT amount bigint, OUT before bigint, OUT after bigint, OUT available bigint, OUT at timestamp with time zone) FROM PUBLIC;
GRANT ALL ON FUNCTION farebox_api.spend_one(p_id uuid, p_wallet uuid, p_number bigint, p_amount bigint, p_model text, p_key text, p_fingerprint bytea, p_description text, p_metadata json, p_session uuid, p_user uuid, p_api_key bytea, p_not_after timestamp with time zone, OUT status text, OUT entry uuid, OUT amount bigint, OUT before bigint, OUT after bigint, OUT available bigint, OUT at timestamp with time zone) TO farebox_app;

-- Name: FUNCTION statement(p_wallet uuid, p_number bigint, p_limit integer, p_before bigint, p_api_key bytea); Type: ACL; Schema: farebox_api

REVOKE ALL ON FUNCTION farebox_api.statement(p_wallet uuid, p_number bigint, p_limit integer, p_before bigint, p_api_key bytea) FROM PUBLIC;
GRANT ALL ON FUNCTION farebox_api.statement(p_wallet uuid, p_number bigint, p_limit integer, p_before bigint, p_api_key bytea) TO farebox_app;

-- Name: FUNCTION transfer(p_id uuid, p_from uuid, p_to uuid, p_amount bigint, p_key text, p_fingerprint bytea, p_description text, p_metadata json, p_api_key bytea, p_not_after timestamp with time zone, OUT status text, OUT entry uuid, OUT amount bigint, OUT before bigint, OUT after bigint, OUT available bigint, OUT at timestamp with time zone); Type: ACL; Schema: farebox_api

REVOKE ALL ON FUNCTION farebox_api.transfer(p_id uuid, p_from uuid, p_to uuid, p_amount bigint, p_key text, p_fingerprint bytea, p_description text, p_metadata json, p_api_key bytea, p_not_after timestamp with time zone, OUT status text, OUT entry uuid, OUT amount bigint, OUT before bigint, OUT after bigint, OUT available bigint, OUT at timestamp with time zone) FROM PUBLIC;
GRANT ALL ON FUNCTION farebox_api.transfer(p_id uuid, p_from uuid, p_to uuid, p_amount bigint, p_key text, p_fingerprint bytea, p_description text, p_metadata json, p_api_key bytea, p_not_after timestamp with time zone, OUT status text, OUT entry uuid, OUT amount bigint, OUT before bigint, OUT after bigint, OUT available bigint, OUT at timestamp with time zone) TO farebox_app;

-- Name: FUNCTION unused_number(); Type: ACL; Schema: farebox_api

REVOKE ALL ON FUNCTION farebox_api.unused_number() FROM PUBLIC;
GRANT ALL ON FUNCTION farebox_api.unused_number() TO farebox_app;
