-- What the migrations amount to, and how functions are called. Written by scripts/snapshot; compared by scripts/test.


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

-- Name: scope; Type: TYPE; Schema: farebox

CREATE TYPE farebox.scope AS ENUM (
    'read',
    'spend',
    'hold',
    'grant',
    'users',
    'act_as'
);

-- Name: wallet_kind; Type: TYPE; Schema: farebox

CREATE TYPE farebox.wallet_kind AS ENUM (
    'user',
    'device',
    'pool'
);

-- Name: account_digests(uuid); Type: FUNCTION; Schema: farebox

CREATE FUNCTION farebox.account_digests(p_user uuid) RETURNS TABLE(digest bytea, proved boolean)
    LANGUAGE plpgsql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp';

-- Name: account_refusal(text, bytea, uuid); Type: FUNCTION; Schema: farebox

CREATE FUNCTION farebox.account_refusal(p_caller text, p_proof bytea, p_user uuid) RETURNS text
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp';

-- Name: add_admin(text, text); Type: FUNCTION; Schema: farebox

CREATE FUNCTION farebox.add_admin(p_who text, p_granted_by text) RETURNS uuid
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp';

-- Name: address_digest(text); Type: FUNCTION; Schema: farebox

CREATE FUNCTION farebox.address_digest(p_address text) RETURNS bytea
    LANGUAGE sql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp';

-- Name: attribute(uuid, bigint, bigint, timestamp with time zone); Type: FUNCTION; Schema: farebox

CREATE FUNCTION farebox.attribute(p_wallet uuid, p_from bigint, p_amount bigint, p_hold_at timestamp with time zone DEFAULT NULL::timestamp with time zone) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp';

-- Name: auth_trigger(); Type: FUNCTION; Schema: farebox

CREATE FUNCTION farebox.auth_trigger() RETURNS text
    LANGUAGE sql IMMUTABLE
    SET search_path TO 'pg_catalog', 'pg_temp';

-- Name: bring_up_to_date(uuid, timestamp with time zone, integer); Type: FUNCTION; Schema: farebox

CREATE FUNCTION farebox.bring_up_to_date(p_wallet uuid, p_now timestamp with time zone, p_most integer) RETURNS boolean
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp';

-- Name: caller_refusal(text, bytea, farebox.scope, text[], uuid, text, timestamp with time zone); Type: FUNCTION; Schema: farebox

CREATE FUNCTION farebox.caller_refusal(p_caller text, p_proof bytea, p_scope farebox.scope, p_admits text[], p_wallet uuid, p_absent text, p_now timestamp with time zone) RETURNS text
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp';

-- Name: caller_refusals(text[], bytea[], farebox.scope, text[], uuid[], text, timestamp with time zone); Type: FUNCTION; Schema: farebox

CREATE FUNCTION farebox.caller_refusals(p_caller text[], p_proof bytea[], p_scope farebox.scope, p_admits text[], p_wallet uuid[], p_absent text, p_now timestamp with time zone) RETURNS text[]
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp';

-- Name: create_api_key(text, bytea, text, text[], timestamp with time zone); Type: FUNCTION; Schema: farebox

CREATE FUNCTION farebox.create_api_key(p_name text, p_hash bytea, p_preview text, p_scopes text[], p_expires_at timestamp with time zone DEFAULT NULL::timestamp with time zone) RETURNS uuid
    LANGUAGE sql
    SET search_path TO 'pg_catalog', 'pg_temp';

-- Name: end_hold(uuid, uuid, bigint, boolean, text, json, text, timestamp with time zone); Type: FUNCTION; Schema: farebox

CREATE FUNCTION farebox.end_hold(p_entry uuid, p_hold uuid, p_amount bigint, p_clamp boolean, p_description text, p_metadata json, p_gate text, p_now timestamp with time zone, OUT status text, OUT entry uuid, OUT amount bigint, OUT before bigint, OUT after bigint, OUT available bigint, OUT held bigint, OUT at timestamp with time zone, OUT released bigint, OUT settled_by uuid) RETURNS record
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp';

-- Name: environment_names(text); Type: FUNCTION; Schema: farebox

CREATE FUNCTION farebox.environment_names(p_name text) RETURNS text[]
    LANGUAGE sql IMMUTABLE
    SET search_path TO 'pg_catalog', 'pg_temp';

-- Name: fits(bigint, bigint); Type: FUNCTION; Schema: farebox

CREATE FUNCTION farebox.fits(p_balance bigint, p_amount bigint) RETURNS boolean
    LANGUAGE plpgsql IMMUTABLE
    SET search_path TO 'pg_catalog', 'pg_temp';

-- Name: flush(uuid); Type: FUNCTION; Schema: farebox

CREATE FUNCTION farebox.flush(p_wallet uuid) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp';

-- Name: follow_auth_user(); Type: FUNCTION; Schema: farebox

CREATE FUNCTION farebox.follow_auth_user() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET lock_timeout TO '1s'
    SET plan_cache_mode TO 'force_generic_plan'
    SET jit TO 'off'
    SET enable_seqscan TO 'off'
    SET enable_hashjoin TO 'off'
    SET enable_mergejoin TO 'off';

-- Name: follows_auth_users(); Type: FUNCTION; Schema: farebox

CREATE FUNCTION farebox.follows_auth_users() RETURNS boolean
    LANGUAGE sql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp';

-- Name: forget(uuid); Type: FUNCTION; Schema: farebox

CREATE FUNCTION farebox.forget(p_user uuid) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp';

-- Name: give_starting_tokens(uuid); Type: FUNCTION; Schema: farebox

CREATE FUNCTION farebox.give_starting_tokens(p_user uuid) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp';

-- Name: has_left(uuid); Type: FUNCTION; Schema: farebox

CREATE FUNCTION farebox.has_left(p_wallet uuid) RETURNS boolean
    LANGUAGE plpgsql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp';

-- Name: hmac_sha256(bytea, bytea); Type: FUNCTION; Schema: farebox

CREATE FUNCTION farebox.hmac_sha256(p_key bytea, p_message bytea) RETURNS bytea
    LANGUAGE plpgsql IMMUTABLE
    SET search_path TO 'pg_catalog', 'pg_temp';

-- Name: lock_wallet(uuid); Type: FUNCTION; Schema: farebox

CREATE FUNCTION farebox.lock_wallet(p_wallet uuid, OUT at timestamp with time zone, OUT behind boolean) RETURNS record
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp';

-- Name: lock_wallets(uuid[], boolean, timestamp with time zone); Type: FUNCTION; Schema: farebox

CREATE FUNCTION farebox.lock_wallets(p_wallets uuid[], p_skip_locked boolean, p_not_after timestamp with time zone, OUT locked uuid[], OUT behind uuid[], OUT at timestamp with time zone) RETURNS record
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp';

-- Name: mailbox(text); Type: FUNCTION; Schema: farebox

CREATE FUNCTION farebox.mailbox(p_email text) RETURNS text
    LANGUAGE sql IMMUTABLE
    SET search_path TO 'pg_catalog', 'pg_temp';

-- Name: meet_due(uuid, timestamp with time zone, integer); Type: FUNCTION; Schema: farebox

CREATE FUNCTION farebox.meet_due(p_wallet uuid, p_now timestamp with time zone, p_most integer DEFAULT 500) RETURNS integer
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp';

-- Name: new_id(integer); Type: FUNCTION; Schema: farebox

CREATE FUNCTION farebox.new_id(p_slot integer) RETURNS uuid
    LANGUAGE sql
    SET search_path TO 'pg_catalog', 'pg_temp';

-- Name: next_event(uuid); Type: FUNCTION; Schema: farebox

CREATE FUNCTION farebox.next_event(p_wallet uuid) RETURNS timestamp with time zone
    LANGUAGE plpgsql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp';

-- Name: operator_wallet(text); Type: FUNCTION; Schema: farebox

CREATE FUNCTION farebox.operator_wallet(p_name text) RETURNS uuid
    LANGUAGE sql IMMUTABLE
    SET search_path TO 'pg_catalog', 'pg_temp';

-- Name: pay_debt(uuid, timestamp with time zone); Type: FUNCTION; Schema: farebox

CREATE FUNCTION farebox.pay_debt(p_wallet uuid, p_now timestamp with time zone) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp';

-- Name: place_hold(uuid, uuid, bigint, bigint, text, bigint, boolean, text, bytea, text, json, text, timestamp with time zone); Type: FUNCTION; Schema: farebox

CREATE FUNCTION farebox.place_hold(p_id uuid, p_wallet uuid, p_amount bigint, p_ttl_ms bigint, p_on_lapse text, p_lapse_amount bigint, p_started boolean, p_key text, p_fingerprint bytea, p_description text, p_metadata json, p_gate text, p_now timestamp with time zone, OUT status text, OUT hold uuid, OUT amount bigint, OUT available bigint, OUT held bigint, OUT expires_at timestamp with time zone, OUT at timestamp with time zone, OUT state text, OUT captured bigint) RETURNS record
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp';

-- Name: post_expiry(uuid, bigint, timestamp with time zone); Type: FUNCTION; Schema: farebox

CREATE FUNCTION farebox.post_expiry(p_wallet uuid, p_amount bigint, p_now timestamp with time zone) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp';

-- Name: post_grant(uuid, uuid, bigint, farebox.grant_class, integer, timestamp with time zone, text, bytea, text, json, timestamp with time zone); Type: FUNCTION; Schema: farebox

CREATE FUNCTION farebox.post_grant(p_id uuid, p_wallet uuid, p_amount bigint, p_class farebox.grant_class, p_priority integer, p_expires_at timestamp with time zone, p_key text, p_fingerprint bytea, p_description text, p_metadata json, p_now timestamp with time zone) RETURNS bigint
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp';

-- Name: provision(uuid); Type: FUNCTION; Schema: farebox

CREATE FUNCTION farebox.provision(p_user uuid) RETURNS boolean
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp';

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
    answered bigint,
    CONSTRAINT entries_amount_check CHECK ((amount > 0)),
    CONSTRAINT entries_answered_check CHECK ((answered >= 0)),
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

-- Name: COLUMN entries.answered; Type: COMMENT; Schema: farebox

COMMENT ON COLUMN farebox.entries.answered IS 'The balance when the call that made the move returned, where something expired or a debt was paid in it after this entry.';

-- Name: refund(uuid, farebox.entries, bigint, bigint, text, bytea, text, timestamp with time zone); Type: FUNCTION; Schema: farebox

CREATE FUNCTION farebox.refund(p_id uuid, p_spend farebox.entries, p_amount bigint, p_refunded bigint, p_key text, p_fingerprint bytea, p_description text, p_now timestamp with time zone) RETURNS bigint
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp';

-- Name: refuse_change(); Type: FUNCTION; Schema: farebox

CREATE FUNCTION farebox.refuse_change() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp';

-- Name: register_environment_keys(text[], bytea[]); Type: FUNCTION; Schema: farebox

CREATE FUNCTION farebox.register_environment_keys(p_names text[], p_hashes bytea[]) RETURNS SETOF text
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp';

-- Name: remove_admin(text); Type: FUNCTION; Schema: farebox

CREATE FUNCTION farebox.remove_admin(p_who text) RETURNS bigint
    LANGUAGE sql
    SET search_path TO 'pg_catalog', 'pg_temp';

-- Name: replay(uuid, farebox.entry_kind, text, bytea, uuid); Type: FUNCTION; Schema: farebox

CREATE FUNCTION farebox.replay(p_wallet uuid, p_kind farebox.entry_kind, p_key text, p_fingerprint bytea, p_id uuid, OUT status text, OUT entry uuid, OUT amount bigint, OUT before bigint, OUT after bigint, OUT at timestamp with time zone, OUT other uuid, OUT reverses uuid) RETURNS record
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp';

-- Name: resolve_user(uuid, bigint); Type: FUNCTION; Schema: farebox

CREATE FUNCTION farebox.resolve_user(p_wallet uuid, p_number bigint) RETURNS uuid
    LANGUAGE plpgsql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp';

-- Name: revoke_key(text); Type: FUNCTION; Schema: farebox

CREATE FUNCTION farebox.revoke_key(p_name_or_preview text) RETURNS integer
    LANGUAGE sql
    SET search_path TO 'pg_catalog', 'pg_temp';

-- Name: same_shape(integer[], text[]); Type: FUNCTION; Schema: farebox

CREATE FUNCTION farebox.same_shape(p_n integer[], VARIADIC p_dims text[]) RETURNS boolean
    LANGUAGE plpgsql IMMUTABLE
    SET search_path TO 'pg_catalog', 'pg_temp';

-- Name: session_user(bytea, timestamp with time zone); Type: FUNCTION; Schema: farebox

CREATE FUNCTION farebox."session_user"(p_proof bytea, p_now timestamp with time zone) RETURNS uuid
    LANGUAGE plpgsql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp';

-- Name: slot_of(uuid); Type: FUNCTION; Schema: farebox

CREATE FUNCTION farebox.slot_of(p_id uuid) RETURNS integer
    LANGUAGE sql IMMUTABLE
    SET search_path TO 'pg_catalog', 'pg_temp';

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
    started_at timestamp with time zone,
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

-- Name: state_of(farebox.holds); Type: FUNCTION; Schema: farebox

CREATE FUNCTION farebox.state_of(h farebox.holds) RETURNS text
    LANGUAGE plpgsql IMMUTABLE
    SET search_path TO 'pg_catalog', 'pg_temp';

-- Name: verify(uuid, integer); Type: FUNCTION; Schema: farebox

CREATE FUNCTION farebox.verify(p_after uuid, p_limit integer, OUT last uuid, OUT checked bigint, OUT violations jsonb, OUT old_numbers bigint) RETURNS record
    LANGUAGE sql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET enable_seqscan TO 'off';

-- Name: verify_accounts(); Type: FUNCTION; Schema: farebox

CREATE FUNCTION farebox.verify_accounts() RETURNS jsonb
    LANGUAGE sql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp';

-- Name: verify_journal(uuid, integer); Type: FUNCTION; Schema: farebox

CREATE FUNCTION farebox.verify_journal(p_after uuid, p_limit integer, OUT last uuid, OUT checked bigint, OUT violations jsonb) RETURNS record
    LANGUAGE sql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp';

-- Name: account(text, bytea, uuid); Type: FUNCTION; Schema: farebox_api

CREATE FUNCTION farebox_api.account(p_caller text, p_proof bytea, p_user uuid, OUT status text, OUT number bigint, OUT email text, OUT phone text, OUT display_name text, OUT provider text, OUT is_admin boolean, OUT created_at timestamp with time zone, OUT agent_id text, OUT agent_status text, OUT billing_key text) RETURNS record
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET plan_cache_mode TO 'force_generic_plan'
    SET jit TO 'off'
    SET enable_seqscan TO 'off'
    SET enable_hashjoin TO 'off'
    SET enable_mergejoin TO 'off';

-- Name: balance(integer[], text[], bytea[], uuid[], bigint[], text[]); Type: FUNCTION; Schema: farebox_api

CREATE FUNCTION farebox_api.balance(p_n integer[], p_caller text[], p_proof bytea[], p_wallet uuid[], p_number bigint[], p_phone text[]) RETURNS TABLE(n integer, status text, user_id uuid, number bigint, balance bigint, held bigint, debt bigint, blocked boolean, subscription_until timestamp with time zone, subscription_active boolean, can_spend boolean, reason text, low_balance boolean)
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET plan_cache_mode TO 'force_generic_plan'
    SET jit TO 'off'
    SET enable_seqscan TO 'off'
    SET enable_hashjoin TO 'off'
    SET enable_mergejoin TO 'off';

-- Name: catch_up(uuid); Type: FUNCTION; Schema: farebox_api

CREATE FUNCTION farebox_api.catch_up(p_wallet uuid) RETURNS boolean
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET plan_cache_mode TO 'force_generic_plan'
    SET jit TO 'off'
    SET enable_seqscan TO 'off'
    SET enable_hashjoin TO 'off'
    SET enable_mergejoin TO 'off';

-- Name: create_user(text, bytea, uuid, bigint, text, text, bigint, uuid, text, bytea, timestamp with time zone); Type: FUNCTION; Schema: farebox_api

CREATE FUNCTION farebox_api.create_user(p_caller text, p_proof bytea, p_id uuid, p_number bigint, p_phone text, p_email text, p_tokens bigint, p_entry uuid, p_key text, p_fingerprint bytea, p_not_after timestamp with time zone, OUT status text, OUT user_id uuid, OUT number bigint, OUT phone text, OUT email text, OUT balance bigint, OUT created_at timestamp with time zone) RETURNS record
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET plan_cache_mode TO 'force_generic_plan'
    SET jit TO 'off'
    SET enable_seqscan TO 'off'
    SET enable_hashjoin TO 'off'
    SET enable_mergejoin TO 'off';

-- Name: end_holds(integer[], text[], bytea[], uuid[], uuid[], bigint[], boolean[], text[], json[], timestamp with time zone, boolean); Type: FUNCTION; Schema: farebox_api

CREATE FUNCTION farebox_api.end_holds(p_n integer[], p_caller text[], p_proof bytea[], p_entry uuid[], p_hold uuid[], p_amount bigint[], p_clamp boolean[], p_description text[], p_metadata json[], p_not_after timestamp with time zone, p_skip_locked boolean DEFAULT false) RETURNS TABLE(n integer, status text, entry uuid, hold uuid, amount bigint, before bigint, after bigint, available bigint, held bigint, at timestamp with time zone, released bigint, settled_by uuid)
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET plan_cache_mode TO 'force_generic_plan'
    SET jit TO 'off'
    SET enable_seqscan TO 'off'
    SET enable_hashjoin TO 'off'
    SET enable_mergejoin TO 'off';

-- Name: entries(text, bytea, uuid, bigint, integer, bigint); Type: FUNCTION; Schema: farebox_api

CREATE FUNCTION farebox_api.entries(p_caller text, p_proof bytea, p_wallet uuid, p_number bigint, p_limit integer, p_before bigint) RETURNS TABLE(status text, entry uuid, kind text, amount bigint, seq bigint, balance_after bigint, description text, metadata json, key text, reverses uuid, created_at timestamp with time zone)
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET plan_cache_mode TO 'force_generic_plan'
    SET jit TO 'off'
    SET enable_seqscan TO 'off'
    SET enable_hashjoin TO 'off'
    SET enable_mergejoin TO 'off';

-- Name: erase_account(text, bytea, uuid); Type: FUNCTION; Schema: farebox_api

CREATE FUNCTION farebox_api.erase_account(p_caller text, p_proof bytea, p_user uuid, OUT status text) RETURNS text
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET plan_cache_mode TO 'force_generic_plan'
    SET jit TO 'off'
    SET enable_seqscan TO 'off'
    SET enable_hashjoin TO 'off'
    SET enable_mergejoin TO 'off';

-- Name: export_account(text, bytea, uuid); Type: FUNCTION; Schema: farebox_api

CREATE FUNCTION farebox_api.export_account(p_caller text, p_proof bytea, p_user uuid, OUT status text, OUT document json) RETURNS record
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET plan_cache_mode TO 'force_generic_plan'
    SET jit TO 'off'
    SET enable_seqscan TO 'off'
    SET enable_hashjoin TO 'off'
    SET enable_mergejoin TO 'off';

-- Name: find_credential(bytea); Type: FUNCTION; Schema: farebox_api

CREATE FUNCTION farebox_api.find_credential(p_hash bytea) RETURNS TABLE(kind text, owner uuid, name text, scopes text[])
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET plan_cache_mode TO 'force_generic_plan'
    SET jit TO 'off'
    SET enable_seqscan TO 'off'
    SET enable_hashjoin TO 'off'
    SET enable_mergejoin TO 'off';

-- Name: grant(text, bytea, uuid, uuid, bigint, bigint, text, integer, timestamp with time zone, text, bytea, text, json, timestamp with time zone); Type: FUNCTION; Schema: farebox_api

CREATE FUNCTION farebox_api."grant"(p_caller text, p_proof bytea, p_id uuid, p_wallet uuid, p_number bigint, p_amount bigint, p_class text, p_priority integer, p_expires_at timestamp with time zone, p_key text, p_fingerprint bytea, p_description text, p_metadata json, p_not_after timestamp with time zone, OUT status text, OUT entry uuid, OUT amount bigint, OUT before bigint, OUT after bigint, OUT available bigint, OUT held bigint, OUT at timestamp with time zone) RETURNS record
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET plan_cache_mode TO 'force_generic_plan'
    SET jit TO 'off'
    SET enable_seqscan TO 'off'
    SET enable_hashjoin TO 'off'
    SET enable_mergejoin TO 'off';

-- Name: mark_started(text, bytea, uuid, bigint, timestamp with time zone); Type: FUNCTION; Schema: farebox_api

CREATE FUNCTION farebox_api.mark_started(p_caller text, p_proof bytea, p_hold uuid, p_lapse_amount bigint, p_not_after timestamp with time zone, OUT status text, OUT hold uuid, OUT amount bigint, OUT expires_at timestamp with time zone, OUT at timestamp with time zone) RETURNS record
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET plan_cache_mode TO 'force_generic_plan'
    SET jit TO 'off'
    SET enable_seqscan TO 'off'
    SET enable_hashjoin TO 'off'
    SET enable_mergejoin TO 'off';

-- Name: place_holds(integer[], text[], bytea[], uuid[], uuid[], bigint[], bigint[], bigint[], text[], bigint[], boolean[], text[], bytea[], text[], json[], timestamp with time zone, boolean); Type: FUNCTION; Schema: farebox_api

CREATE FUNCTION farebox_api.place_holds(p_n integer[], p_caller text[], p_proof bytea[], p_id uuid[], p_wallet uuid[], p_number bigint[], p_amount bigint[], p_ttl_ms bigint[], p_on_lapse text[], p_lapse_amount bigint[], p_started boolean[], p_key text[], p_fingerprint bytea[], p_description text[], p_metadata json[], p_not_after timestamp with time zone, p_skip_locked boolean DEFAULT false) RETURNS TABLE(n integer, status text, hold uuid, amount bigint, available bigint, held bigint, expires_at timestamp with time zone, at timestamp with time zone, state text, captured bigint)
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET plan_cache_mode TO 'force_generic_plan'
    SET jit TO 'off'
    SET enable_seqscan TO 'off'
    SET enable_hashjoin TO 'off'
    SET enable_mergejoin TO 'off';

-- Name: registration_ids(text, text); Type: FUNCTION; Schema: farebox_api

CREATE FUNCTION farebox_api.registration_ids(p_email text, p_phone text, OUT id uuid, OUT number bigint) RETURNS record
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET plan_cache_mode TO 'force_generic_plan'
    SET jit TO 'off'
    SET enable_seqscan TO 'off'
    SET enable_hashjoin TO 'off'
    SET enable_mergejoin TO 'off';

-- Name: rename_account(text, bytea, uuid, text); Type: FUNCTION; Schema: farebox_api

CREATE FUNCTION farebox_api.rename_account(p_caller text, p_proof bytea, p_user uuid, p_display_name text, OUT status text) RETURNS text
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET plan_cache_mode TO 'force_generic_plan'
    SET jit TO 'off'
    SET enable_seqscan TO 'off'
    SET enable_hashjoin TO 'off'
    SET enable_mergejoin TO 'off';

-- Name: reverse(text, bytea, uuid, uuid, bigint, text, bytea, text, timestamp with time zone); Type: FUNCTION; Schema: farebox_api

CREATE FUNCTION farebox_api.reverse(p_caller text, p_proof bytea, p_id uuid, p_entry uuid, p_amount bigint, p_key text, p_fingerprint bytea, p_description text, p_not_after timestamp with time zone, OUT status text, OUT entry uuid, OUT amount bigint, OUT before bigint, OUT after bigint, OUT available bigint, OUT held bigint, OUT at timestamp with time zone) RETURNS record
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET plan_cache_mode TO 'force_generic_plan'
    SET jit TO 'off'
    SET enable_seqscan TO 'off'
    SET enable_hashjoin TO 'off'
    SET enable_mergejoin TO 'off';

-- Name: session_stands(bytea); Type: FUNCTION; Schema: farebox_api

CREATE FUNCTION farebox_api.session_stands(p_proof bytea) RETURNS boolean
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET plan_cache_mode TO 'force_generic_plan'
    SET jit TO 'off'
    SET enable_seqscan TO 'off'
    SET enable_hashjoin TO 'off'
    SET enable_mergejoin TO 'off';

-- Name: spend(integer[], text[], bytea[], uuid[], uuid[], bigint[], bigint[], text[], text[], bytea[], text[], json[], timestamp with time zone, boolean); Type: FUNCTION; Schema: farebox_api

CREATE FUNCTION farebox_api.spend(p_n integer[], p_caller text[], p_proof bytea[], p_id uuid[], p_wallet uuid[], p_number bigint[], p_amount bigint[], p_model text[], p_key text[], p_fingerprint bytea[], p_description text[], p_metadata json[], p_not_after timestamp with time zone, p_skip_locked boolean DEFAULT false) RETURNS TABLE(n integer, status text, entry uuid, amount bigint, before bigint, after bigint, available bigint, held bigint, at timestamp with time zone)
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET plan_cache_mode TO 'force_generic_plan'
    SET jit TO 'off'
    SET enable_seqscan TO 'off'
    SET enable_hashjoin TO 'off'
    SET enable_mergejoin TO 'off';

-- Name: spend_one(text, bytea, uuid, uuid, bigint, bigint, text, text, bytea, text, json, timestamp with time zone); Type: FUNCTION; Schema: farebox_api

CREATE FUNCTION farebox_api.spend_one(p_caller text, p_proof bytea, p_id uuid, p_wallet uuid, p_number bigint, p_amount bigint, p_model text, p_key text, p_fingerprint bytea, p_description text, p_metadata json, p_not_after timestamp with time zone, OUT status text, OUT entry uuid, OUT amount bigint, OUT before bigint, OUT after bigint, OUT available bigint, OUT held bigint, OUT at timestamp with time zone) RETURNS record
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET plan_cache_mode TO 'force_generic_plan'
    SET jit TO 'off'
    SET enable_seqscan TO 'off'
    SET enable_hashjoin TO 'off'
    SET enable_mergejoin TO 'off';

-- Name: transfer(text, bytea, uuid, uuid, uuid, bigint, text, bytea, text, json, timestamp with time zone); Type: FUNCTION; Schema: farebox_api

CREATE FUNCTION farebox_api.transfer(p_caller text, p_proof bytea, p_id uuid, p_from uuid, p_to uuid, p_amount bigint, p_key text, p_fingerprint bytea, p_description text, p_metadata json, p_not_after timestamp with time zone, OUT status text, OUT entry uuid, OUT amount bigint, OUT before bigint, OUT after bigint, OUT available bigint, OUT held bigint, OUT at timestamp with time zone) RETURNS record
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET plan_cache_mode TO 'force_generic_plan'
    SET jit TO 'off'
    SET enable_seqscan TO 'off'
    SET enable_hashjoin TO 'off'
    SET enable_mergejoin TO 'off';

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

-- Name: burns; Type: TABLE; Schema: farebox

CREATE TABLE farebox.burns (
    wallet uuid NOT NULL,
    burn_from bigint NOT NULL,
    burn_to bigint NOT NULL,
    grant_id uuid NOT NULL,
    CONSTRAINT burns_not_empty CHECK ((burn_from < burn_to))
);

-- Name: credentials; Type: TABLE; Schema: farebox

CREATE TABLE farebox.credentials (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    kind text NOT NULL,
    hash bytea NOT NULL,
    owner uuid,
    name text,
    scopes farebox.scope[] DEFAULT '{}'::farebox.scope[] NOT NULL,
    preview text NOT NULL,
    created_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    expires_at timestamp with time zone DEFAULT 'infinity'::timestamp with time zone NOT NULL,
    revoked_at timestamp with time zone,
    CONSTRAINT credentials_api_key_has_scopes CHECK (
CASE
    WHEN (kind = 'api_key'::text) THEN ((name IS NOT NULL) AND (cardinality(scopes) > 0) AND (char_length(preview) <= 13))
    ELSE (cardinality(scopes) = 0)
END),
    CONSTRAINT credentials_hash_check CHECK ((octet_length(hash) = 32)),
    CONSTRAINT credentials_kind_check CHECK ((kind = ANY (ARRAY['api_key'::text, 'device'::text, 'billing_key'::text, 'admin_session'::text, 'enrolment_key'::text, 'provider'::text]))),
    CONSTRAINT credentials_name_check CHECK (((char_length(name) >= 1) AND (char_length(name) <= 100))),
    CONSTRAINT credentials_owned CHECK (((kind = ANY (ARRAY['device'::text, 'billing_key'::text, 'admin_session'::text])) = (owner IS NOT NULL))),
    CONSTRAINT credentials_preview_check CHECK (((char_length(preview) >= 6) AND (char_length(preview) <= 20)))
);

-- Name: TABLE credentials; Type: COMMENT; Schema: farebox

COMMENT ON TABLE farebox.credentials IS 'API keys (those of the environment too), billing keys and whatever else proves who calls, by its SHA-256. Set revoked_at to end one.';

-- Name: COLUMN credentials.owner; Type: COMMENT; Schema: farebox

COMMENT ON COLUMN farebox.credentials.owner IS 'Whose it is: a user, a device, an operator. An API key is nobody''s.';

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
    low_balance_tokens bigint DEFAULT 1000 NOT NULL,
    starting_tokens bigint DEFAULT 50000 NOT NULL,
    address_salt bytea DEFAULT decode(replace(((gen_random_uuid())::text || gen_random_uuid()), '-'::text, ''::text), 'hex'::text) NOT NULL,
    subscription_gate text DEFAULT 'ended'::text NOT NULL,
    CONSTRAINT settings_low_balance_tokens_check CHECK ((low_balance_tokens >= 0)),
    CONSTRAINT settings_one_check CHECK (one),
    CONSTRAINT settings_starting_tokens_check CHECK (((starting_tokens >= 0) AND (starting_tokens <= '1000000000000'::bigint))),
    CONSTRAINT settings_subscription_gate CHECK ((subscription_gate = ANY (ARRAY['ended'::text, 'required'::text, 'never'::text])))
);

-- Name: TABLE settings; Type: COMMENT; Schema: farebox

COMMENT ON TABLE farebox.settings IS 'One row. Edit it here; every call reads it.';

-- Name: COLUMN settings.starting_tokens; Type: COMMENT; Schema: farebox

COMMENT ON COLUMN farebox.settings.starting_tokens IS 'What a new account finds in its wallet, once.';

-- Name: COLUMN settings.address_salt; Type: COMMENT; Schema: farebox

COMMENT ON COLUMN farebox.settings.address_salt IS 'What digests of addresses in farebox.used_addresses are made with. Leave it as it is.';

-- Name: COLUMN settings.subscription_gate; Type: COMMENT; Schema: farebox

COMMENT ON COLUMN farebox.settings.subscription_gate IS 'ended: whose subscription has ended may not spend, who never had one may. required: who has none that runs may not. never: all may.';

-- Name: used_addresses; Type: TABLE; Schema: farebox

CREATE TABLE farebox.used_addresses (
    digest bytea NOT NULL,
    used_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    blocked_at timestamp with time zone,
    CONSTRAINT used_addresses_digest_check CHECK ((octet_length(digest) = 32))
);

-- Name: TABLE used_addresses; Type: COMMENT; Schema: farebox

COMMENT ON TABLE farebox.used_addresses IS 'Digests of addresses and identities that have had their starting tokens. To let one have them again, delete its row.';

-- Name: COLUMN used_addresses.blocked_at; Type: COMMENT; Schema: farebox

COMMENT ON COLUMN farebox.used_addresses.blocked_at IS 'Its last owner left with a wallet that an operator had blocked: whoever comes with it begins blocked.';

-- Name: user_addresses; Type: TABLE; Schema: farebox

CREATE TABLE farebox.user_addresses (
    user_id uuid NOT NULL,
    digest bytea NOT NULL
);

-- Name: TABLE user_addresses; Type: COMMENT; Schema: farebox

COMMENT ON TABLE farebox.user_addresses IS 'Which digests of farebox.used_addresses are of a user who is there.';

-- Name: user_numbers; Type: SEQUENCE; Schema: farebox

CREATE SEQUENCE farebox.user_numbers
    START WITH 1000000001
    INCREMENT BY 1
    NO MINVALUE
    MAXVALUE 4398046511103
    CACHE 1;

-- Name: SEQUENCE user_numbers; Type: COMMENT; Schema: farebox

COMMENT ON SEQUENCE farebox.user_numbers IS 'Numbers of users without their low 10 bits, which are those of the user''s id.';

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
    starting_tokens_at timestamp with time zone DEFAULT clock_timestamp(),
    CONSTRAINT users_created_key_check CHECK (((char_length(created_key) >= 1) AND (char_length(created_key) <= 255))),
    CONSTRAINT users_display_name_check CHECK (((char_length(display_name) >= 1) AND (char_length(display_name) <= 100))),
    CONSTRAINT users_email_check CHECK (((char_length(email) >= 3) AND (char_length(email) <= 255))),
    CONSTRAINT users_erased_keep_nothing CHECK (((erased_at IS NULL) OR ((phone IS NULL) AND (email IS NULL) AND (display_name IS NULL)))),
    CONSTRAINT users_key_and_fingerprint CHECK (((created_key IS NULL) = (created_fingerprint IS NULL))),
    CONSTRAINT users_number_check CHECK (((number >= 1) AND (number <= '9007199254740991'::bigint))),
    CONSTRAINT users_phone_check CHECK ((phone ~ '^[0-9]{5,15}$'::text)),
    CONSTRAINT users_provider_check CHECK (((char_length(provider) >= 1) AND (char_length(provider) <= 100)))
);

-- Name: COLUMN users.starting_tokens_at; Type: COMMENT; Schema: farebox

COMMENT ON COLUMN farebox.users.starting_tokens_at IS 'When a person had their turn at the starting tokens, and got none if an address or identity of theirs had had them.';

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
    open_holds integer DEFAULT 0 NOT NULL,
    CONSTRAINT wallets_attributed_within_burned CHECK (((attributed >= 0) AND (burned >= attributed))),
    CONSTRAINT wallets_debt_not_negative CHECK ((debt >= 0)),
    CONSTRAINT wallets_held_within_balance CHECK (((held >= 0) AND (balance >= held))),
    CONSTRAINT wallets_open_holds_not_negative CHECK ((open_holds >= 0))
)
WITH (fillfactor='50');

-- Name: COLUMN wallets.open_holds; Type: COMMENT; Schema: farebox

COMMENT ON COLUMN farebox.wallets.open_holds IS 'How many open holds it has: no more are placed at 10,000. A wallet of before may have more, until they end.';

-- Name: admins admins_pkey; Type: CONSTRAINT; Schema: farebox

ALTER TABLE ONLY farebox.admins
    ADD CONSTRAINT admins_pkey PRIMARY KEY (user_id);

-- Name: agents agents_pkey; Type: CONSTRAINT; Schema: farebox

ALTER TABLE ONLY farebox.agents
    ADD CONSTRAINT agents_pkey PRIMARY KEY (user_id);

-- Name: burns burns_pkey; Type: CONSTRAINT; Schema: farebox

ALTER TABLE ONLY farebox.burns
    ADD CONSTRAINT burns_pkey PRIMARY KEY (wallet, burn_from);

-- Name: credentials credentials_hash_key; Type: CONSTRAINT; Schema: farebox

ALTER TABLE ONLY farebox.credentials
    ADD CONSTRAINT credentials_hash_key UNIQUE (hash);

-- Name: credentials credentials_pkey; Type: CONSTRAINT; Schema: farebox

ALTER TABLE ONLY farebox.credentials
    ADD CONSTRAINT credentials_pkey PRIMARY KEY (id);

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

-- Name: user_addresses user_addresses_pkey; Type: CONSTRAINT; Schema: farebox

ALTER TABLE ONLY farebox.user_addresses
    ADD CONSTRAINT user_addresses_pkey PRIMARY KEY (user_id, digest);

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

-- Name: burns_grant; Type: INDEX; Schema: farebox

CREATE INDEX burns_grant ON farebox.burns USING btree (grant_id);

-- Name: credentials_live_billing_key; Type: INDEX; Schema: farebox

CREATE UNIQUE INDEX credentials_live_billing_key ON farebox.credentials USING btree (owner) WHERE ((kind = 'billing_key'::text) AND (revoked_at IS NULL));

-- Name: credentials_owner; Type: INDEX; Schema: farebox

CREATE INDEX credentials_owner ON farebox.credentials USING btree (owner) WHERE (owner IS NOT NULL);

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

-- Name: grants_due; Type: INDEX; Schema: farebox

CREATE INDEX grants_due ON farebox.grants USING btree (wallet, expires_at, created_at, id) WHERE ((remaining > 0) AND (NOT due));

-- Name: grants_entry; Type: INDEX; Schema: farebox

CREATE INDEX grants_entry ON farebox.grants USING btree (entry);

-- Name: grants_kept; Type: INDEX; Schema: farebox

CREATE INDEX grants_kept ON farebox.grants USING btree (wallet, expires_at, created_at, id) WHERE ((remaining > 0) AND due);

-- Name: grants_open; Type: INDEX; Schema: farebox

CREATE INDEX grants_open ON farebox.grants USING btree (wallet, priority, expires_at, created_at) WHERE (remaining > 0);

-- Name: grants_wallet; Type: INDEX; Schema: farebox

CREATE INDEX grants_wallet ON farebox.grants USING btree (wallet);

-- Name: holds_due; Type: INDEX; Schema: farebox

CREATE INDEX holds_due ON farebox.holds USING btree (wallet, expires_at, created_at, id) WHERE open;

-- Name: holds_wallet_key; Type: INDEX; Schema: farebox

CREATE UNIQUE INDEX holds_wallet_key ON farebox.holds USING btree (wallet, key);

-- Name: user_addresses_digest; Type: INDEX; Schema: farebox

CREATE INDEX user_addresses_digest ON farebox.user_addresses USING btree (digest);

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

-- Name: user_addresses user_addresses_digest_fkey; Type: FK CONSTRAINT; Schema: farebox

ALTER TABLE ONLY farebox.user_addresses
    ADD CONSTRAINT user_addresses_digest_fkey FOREIGN KEY (digest) REFERENCES farebox.used_addresses(digest) ON DELETE CASCADE;

-- Name: user_addresses user_addresses_user_id_fkey; Type: FK CONSTRAINT; Schema: farebox

ALTER TABLE ONLY farebox.user_addresses
    ADD CONSTRAINT user_addresses_user_id_fkey FOREIGN KEY (user_id) REFERENCES farebox.users(id);

-- Name: admins; Type: ROW SECURITY; Schema: farebox

ALTER TABLE farebox.admins ENABLE ROW LEVEL SECURITY;

-- Name: agents; Type: ROW SECURITY; Schema: farebox

ALTER TABLE farebox.agents ENABLE ROW LEVEL SECURITY;

-- Name: burns; Type: ROW SECURITY; Schema: farebox

ALTER TABLE farebox.burns ENABLE ROW LEVEL SECURITY;

-- Name: credentials; Type: ROW SECURITY; Schema: farebox

ALTER TABLE farebox.credentials ENABLE ROW LEVEL SECURITY;

-- Name: admins deny_all; Type: POLICY; Schema: farebox

CREATE POLICY deny_all ON farebox.admins USING (false) WITH CHECK (false);

-- Name: agents deny_all; Type: POLICY; Schema: farebox

CREATE POLICY deny_all ON farebox.agents USING (false) WITH CHECK (false);

-- Name: burns deny_all; Type: POLICY; Schema: farebox

CREATE POLICY deny_all ON farebox.burns USING (false) WITH CHECK (false);

-- Name: credentials deny_all; Type: POLICY; Schema: farebox

CREATE POLICY deny_all ON farebox.credentials USING (false) WITH CHECK (false);

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

-- Name: user_addresses deny_all; Type: POLICY; Schema: farebox

CREATE POLICY deny_all ON farebox.user_addresses USING (false) WITH CHECK (false);

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

-- Name: user_addresses; Type: ROW SECURITY; Schema: farebox

ALTER TABLE farebox.user_addresses ENABLE ROW LEVEL SECURITY;

-- Name: users; Type: ROW SECURITY; Schema: farebox

ALTER TABLE farebox.users ENABLE ROW LEVEL SECURITY;

-- Name: wallets; Type: ROW SECURITY; Schema: farebox

ALTER TABLE farebox.wallets ENABLE ROW LEVEL SECURITY;

-- Name: SCHEMA farebox_api; Type: ACL; Schema: -

GRANT USAGE ON SCHEMA farebox_api TO farebox_app;

-- Name: FUNCTION account_digests(p_user uuid); Type: ACL; Schema: farebox

REVOKE ALL ON FUNCTION farebox.account_digests(p_user uuid) FROM PUBLIC;

-- Name: FUNCTION account_refusal(p_caller text, p_proof bytea, p_user uuid); Type: ACL; Schema: farebox

REVOKE ALL ON FUNCTION farebox.account_refusal(p_caller text, p_proof bytea, p_user uuid) FROM PUBLIC;

-- Name: FUNCTION add_admin(p_who text, p_granted_by text); Type: ACL; Schema: farebox

REVOKE ALL ON FUNCTION farebox.add_admin(p_who text, p_granted_by text) FROM PUBLIC;

-- Name: FUNCTION address_digest(p_address text); Type: ACL; Schema: farebox

REVOKE ALL ON FUNCTION farebox.address_digest(p_address text) FROM PUBLIC;

-- Name: FUNCTION attribute(p_wallet uuid, p_from bigint, p_amount bigint, p_hold_at timestamp with time zone); Type: ACL; Schema: farebox

REVOKE ALL ON FUNCTION farebox.attribute(p_wallet uuid, p_from bigint, p_amount bigint, p_hold_at timestamp with time zone) FROM PUBLIC;

-- Name: FUNCTION auth_trigger(); Type: ACL; Schema: farebox

REVOKE ALL ON FUNCTION farebox.auth_trigger() FROM PUBLIC;

-- Name: FUNCTION bring_up_to_date(p_wallet uuid, p_now timestamp with time zone, p_most integer); Type: ACL; Schema: farebox

REVOKE ALL ON FUNCTION farebox.bring_up_to_date(p_wallet uuid, p_now timestamp with time zone, p_most integer) FROM PUBLIC;

-- Name: FUNCTION caller_refusal(p_caller text, p_proof bytea, p_scope farebox.scope, p_admits text[], p_wallet uuid, p_absent text, p_now timestamp with time zone); Type: ACL; Schema: farebox

REVOKE ALL ON FUNCTION farebox.caller_refusal(p_caller text, p_proof bytea, p_scope farebox.scope, p_admits text[], p_wallet uuid, p_absent text, p_now timestamp with time zone) FROM PUBLIC;

-- Name: FUNCTION caller_refusals(p_caller text[], p_proof bytea[], p_scope farebox.scope, p_admits text[], p_wallet uuid[], p_absent text, p_now timestamp with time zone); Type: ACL; Schema: farebox

REVOKE ALL ON FUNCTION farebox.caller_refusals(p_caller text[], p_proof bytea[], p_scope farebox.scope, p_admits text[], p_wallet uuid[], p_absent text, p_now timestamp with time zone) FROM PUBLIC;

-- Name: FUNCTION create_api_key(p_name text, p_hash bytea, p_preview text, p_scopes text[], p_expires_at timestamp with time zone); Type: ACL; Schema: farebox

REVOKE ALL ON FUNCTION farebox.create_api_key(p_name text, p_hash bytea, p_preview text, p_scopes text[], p_expires_at timestamp with time zone) FROM PUBLIC;

-- Name: FUNCTION end_hold(p_entry uuid, p_hold uuid, p_amount bigint, p_clamp boolean, p_description text, p_metadata json, p_gate text, p_now timestamp with time zone, OUT status text, OUT entry uuid, OUT amount bigint, OUT before bigint, OUT after bigint, OUT available bigint, OUT held bigint, OUT at timestamp with time zone, OUT released bigint, OUT settled_by uuid); Type: ACL; Schema: farebox

REVOKE ALL ON FUNCTION farebox.end_hold(p_entry uuid, p_hold uuid, p_amount bigint, p_clamp boolean, p_description text, p_metadata json, p_gate text, p_now timestamp with time zone, OUT status text, OUT entry uuid, OUT amount bigint, OUT before bigint, OUT after bigint, OUT available bigint, OUT held bigint, OUT at timestamp with time zone, OUT released bigint, OUT settled_by uuid) FROM PUBLIC;

-- Name: FUNCTION environment_names(p_name text); Type: ACL; Schema: farebox

REVOKE ALL ON FUNCTION farebox.environment_names(p_name text) FROM PUBLIC;

-- Name: FUNCTION fits(p_balance bigint, p_amount bigint); Type: ACL; Schema: farebox

REVOKE ALL ON FUNCTION farebox.fits(p_balance bigint, p_amount bigint) FROM PUBLIC;

-- Name: FUNCTION flush(p_wallet uuid); Type: ACL; Schema: farebox

REVOKE ALL ON FUNCTION farebox.flush(p_wallet uuid) FROM PUBLIC;

-- Name: FUNCTION follow_auth_user(); Type: ACL; Schema: farebox

REVOKE ALL ON FUNCTION farebox.follow_auth_user() FROM PUBLIC;

-- Name: FUNCTION follows_auth_users(); Type: ACL; Schema: farebox

REVOKE ALL ON FUNCTION farebox.follows_auth_users() FROM PUBLIC;

-- Name: FUNCTION forget(p_user uuid); Type: ACL; Schema: farebox

REVOKE ALL ON FUNCTION farebox.forget(p_user uuid) FROM PUBLIC;

-- Name: FUNCTION give_starting_tokens(p_user uuid); Type: ACL; Schema: farebox

REVOKE ALL ON FUNCTION farebox.give_starting_tokens(p_user uuid) FROM PUBLIC;

-- Name: FUNCTION has_left(p_wallet uuid); Type: ACL; Schema: farebox

REVOKE ALL ON FUNCTION farebox.has_left(p_wallet uuid) FROM PUBLIC;

-- Name: FUNCTION hmac_sha256(p_key bytea, p_message bytea); Type: ACL; Schema: farebox

REVOKE ALL ON FUNCTION farebox.hmac_sha256(p_key bytea, p_message bytea) FROM PUBLIC;

-- Name: FUNCTION lock_wallet(p_wallet uuid, OUT at timestamp with time zone, OUT behind boolean); Type: ACL; Schema: farebox

REVOKE ALL ON FUNCTION farebox.lock_wallet(p_wallet uuid, OUT at timestamp with time zone, OUT behind boolean) FROM PUBLIC;

-- Name: FUNCTION lock_wallets(p_wallets uuid[], p_skip_locked boolean, p_not_after timestamp with time zone, OUT locked uuid[], OUT behind uuid[], OUT at timestamp with time zone); Type: ACL; Schema: farebox

REVOKE ALL ON FUNCTION farebox.lock_wallets(p_wallets uuid[], p_skip_locked boolean, p_not_after timestamp with time zone, OUT locked uuid[], OUT behind uuid[], OUT at timestamp with time zone) FROM PUBLIC;

-- Name: FUNCTION mailbox(p_email text); Type: ACL; Schema: farebox

REVOKE ALL ON FUNCTION farebox.mailbox(p_email text) FROM PUBLIC;

-- Name: FUNCTION meet_due(p_wallet uuid, p_now timestamp with time zone, p_most integer); Type: ACL; Schema: farebox

REVOKE ALL ON FUNCTION farebox.meet_due(p_wallet uuid, p_now timestamp with time zone, p_most integer) FROM PUBLIC;

-- Name: FUNCTION new_id(p_slot integer); Type: ACL; Schema: farebox

REVOKE ALL ON FUNCTION farebox.new_id(p_slot integer) FROM PUBLIC;

-- Name: FUNCTION next_event(p_wallet uuid); Type: ACL; Schema: farebox

REVOKE ALL ON FUNCTION farebox.next_event(p_wallet uuid) FROM PUBLIC;

-- Name: FUNCTION operator_wallet(p_name text); Type: ACL; Schema: farebox

REVOKE ALL ON FUNCTION farebox.operator_wallet(p_name text) FROM PUBLIC;

-- Name: FUNCTION pay_debt(p_wallet uuid, p_now timestamp with time zone); Type: ACL; Schema: farebox

REVOKE ALL ON FUNCTION farebox.pay_debt(p_wallet uuid, p_now timestamp with time zone) FROM PUBLIC;

-- Name: FUNCTION place_hold(p_id uuid, p_wallet uuid, p_amount bigint, p_ttl_ms bigint, p_on_lapse text, p_lapse_amount bigint, p_started boolean, p_key text, p_fingerprint bytea, p_description text, p_metadata json, p_gate text, p_now timestamp with time zone, OUT status text, OUT hold uuid, OUT amount bigint, OUT available bigint, OUT held bigint, OUT expires_at timestamp with time zone, OUT at timestamp with time zone, OUT state text, OUT captured bigint); Type: ACL; Schema: farebox

REVOKE ALL ON FUNCTION farebox.place_hold(p_id uuid, p_wallet uuid, p_amount bigint, p_ttl_ms bigint, p_on_lapse text, p_lapse_amount bigint, p_started boolean, p_key text, p_fingerprint bytea, p_description text, p_metadata json, p_gate text, p_now timestamp with time zone, OUT status text, OUT hold uuid, OUT amount bigint, OUT available bigint, OUT held bigint, OUT expires_at timestamp with time zone, OUT at timestamp with time zone, OUT state text, OUT captured bigint) FROM PUBLIC;

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

-- Name: FUNCTION register_environment_keys(p_names text[], p_hashes bytea[]); Type: ACL; Schema: farebox

REVOKE ALL ON FUNCTION farebox.register_environment_keys(p_names text[], p_hashes bytea[]) FROM PUBLIC;

-- Name: FUNCTION remove_admin(p_who text); Type: ACL; Schema: farebox

REVOKE ALL ON FUNCTION farebox.remove_admin(p_who text) FROM PUBLIC;

-- Name: FUNCTION replay(p_wallet uuid, p_kind farebox.entry_kind, p_key text, p_fingerprint bytea, p_id uuid, OUT status text, OUT entry uuid, OUT amount bigint, OUT before bigint, OUT after bigint, OUT at timestamp with time zone, OUT other uuid, OUT reverses uuid); Type: ACL; Schema: farebox

REVOKE ALL ON FUNCTION farebox.replay(p_wallet uuid, p_kind farebox.entry_kind, p_key text, p_fingerprint bytea, p_id uuid, OUT status text, OUT entry uuid, OUT amount bigint, OUT before bigint, OUT after bigint, OUT at timestamp with time zone, OUT other uuid, OUT reverses uuid) FROM PUBLIC;

-- Name: FUNCTION resolve_user(p_wallet uuid, p_number bigint); Type: ACL; Schema: farebox

REVOKE ALL ON FUNCTION farebox.resolve_user(p_wallet uuid, p_number bigint) FROM PUBLIC;

-- Name: FUNCTION revoke_key(p_name_or_preview text); Type: ACL; Schema: farebox

REVOKE ALL ON FUNCTION farebox.revoke_key(p_name_or_preview text) FROM PUBLIC;

-- Name: FUNCTION same_shape(p_n integer[], VARIADIC p_dims text[]); Type: ACL; Schema: farebox

REVOKE ALL ON FUNCTION farebox.same_shape(p_n integer[], VARIADIC p_dims text[]) FROM PUBLIC;

-- Name: FUNCTION "session_user"(p_proof bytea, p_now timestamp with time zone); Type: ACL; Schema: farebox

REVOKE ALL ON FUNCTION farebox."session_user"(p_proof bytea, p_now timestamp with time zone) FROM PUBLIC;

-- Name: FUNCTION slot_of(p_id uuid); Type: ACL; Schema: farebox

REVOKE ALL ON FUNCTION farebox.slot_of(p_id uuid) FROM PUBLIC;

-- Name: FUNCTION state_of(h farebox.holds); Type: ACL; Schema: farebox

REVOKE ALL ON FUNCTION farebox.state_of(h farebox.holds) FROM PUBLIC;

-- Name: FUNCTION verify(p_after uuid, p_limit integer, OUT last uuid, OUT checked bigint, OUT violations jsonb, OUT old_numbers bigint); Type: ACL; Schema: farebox

REVOKE ALL ON FUNCTION farebox.verify(p_after uuid, p_limit integer, OUT last uuid, OUT checked bigint, OUT violations jsonb, OUT old_numbers bigint) FROM PUBLIC;

-- Name: FUNCTION verify_accounts(); Type: ACL; Schema: farebox

REVOKE ALL ON FUNCTION farebox.verify_accounts() FROM PUBLIC;

-- Name: FUNCTION verify_journal(p_after uuid, p_limit integer, OUT last uuid, OUT checked bigint, OUT violations jsonb); Type: ACL; Schema: farebox

REVOKE ALL ON FUNCTION farebox.verify_journal(p_after uuid, p_limit integer, OUT last uuid, OUT checked bigint, OUT violations jsonb) FROM PUBLIC;

-- Name: FUNCTION account(p_caller text, p_proof bytea, p_user uuid, OUT status text, OUT number bigint, OUT email text, OUT phone text, OUT display_name text, OUT provider text, OUT is_admin boolean, OUT created_at timestamp with time zone, OUT agent_id text, OUT agent_status text, OUT billing_key text); Type: ACL; Schema: farebox_api

REVOKE ALL ON FUNCTION farebox_api.account(p_caller text, p_proof bytea, p_user uuid, OUT status text, OUT number bigint, OUT email text, OUT phone text, OUT display_name text, OUT provider text, OUT is_admin boolean, OUT created_at timestamp with time zone, OUT agent_id text, OUT agent_status text, OUT billing_key text) FROM PUBLIC;
GRANT ALL ON FUNCTION farebox_api.account(p_caller text, p_proof bytea, p_user uuid, OUT status text, OUT number bigint, OUT email text, OUT phone text, OUT display_name text, OUT provider text, OUT is_admin boolean, OUT created_at timestamp with time zone, OUT agent_id text, OUT agent_status text, OUT billing_key text) TO farebox_app;

-- Name: FUNCTION balance(p_n integer[], p_caller text[], p_proof bytea[], p_wallet uuid[], p_number bigint[], p_phone text[]); Type: ACL; Schema: farebox_api

REVOKE ALL ON FUNCTION farebox_api.balance(p_n integer[], p_caller text[], p_proof bytea[], p_wallet uuid[], p_number bigint[], p_phone text[]) FROM PUBLIC;
GRANT ALL ON FUNCTION farebox_api.balance(p_n integer[], p_caller text[], p_proof bytea[], p_wallet uuid[], p_number bigint[], p_phone text[]) TO farebox_app;

-- Name: FUNCTION catch_up(p_wallet uuid); Type: ACL; Schema: farebox_api

REVOKE ALL ON FUNCTION farebox_api.catch_up(p_wallet uuid) FROM PUBLIC;
GRANT ALL ON FUNCTION farebox_api.catch_up(p_wallet uuid) TO farebox_app;

-- Name: FUNCTION create_user(p_caller text, p_proof bytea, p_id uuid, p_number bigint, p_phone text, p_email text, p_tokens bigint, p_entry uuid, p_key text, p_fingerprint bytea, p_not_after timestamp with time zone, OUT status text, OUT user_id uuid, OUT number bigint, OUT phone text, OUT email text, OUT balance bigint, OUT created_at timestamp with time zone); Type: ACL; Schema: farebox_api

REVOKE ALL ON FUNCTION farebox_api.create_user(p_caller text, p_proof bytea, p_id uuid, p_number bigint, p_phone text, p_email text, p_tokens bigint, p_entry uuid, p_key text, p_fingerprint bytea, p_not_after timestamp with time zone, OUT status text, OUT user_id uuid, OUT number bigint, OUT phone text, OUT email text, OUT balance bigint, OUT created_at timestamp with time zone) FROM PUBLIC;
GRANT ALL ON FUNCTION farebox_api.create_user(p_caller text, p_proof bytea, p_id uuid, p_number bigint, p_phone text, p_email text, p_tokens bigint, p_entry uuid, p_key text, p_fingerprint bytea, p_not_after timestamp with time zone, OUT status text, OUT user_id uuid, OUT number bigint, OUT phone text, OUT email text, OUT balance bigint, OUT created_at timestamp with time zone) TO farebox_app;

-- Name: FUNCTION end_holds(p_n integer[], p_caller text[], p_proof bytea[], p_entry uuid[], p_hold uuid[], p_amount bigint[], p_clamp boolean[], p_description text[], p_metadata json[], p_not_after timestamp with time zone, p_skip_locked boolean); Type: ACL; Schema: farebox_api

REVOKE ALL ON FUNCTION farebox_api.end_holds(p_n integer[], p_caller text[], p_proof bytea[], p_entry uuid[], p_hold uuid[], p_amount bigint[], p_clamp boolean[], p_description text[], p_metadata json[], p_not_after timestamp with time zone, p_skip_locked boolean) FROM PUBLIC;
GRANT ALL ON FUNCTION farebox_api.end_holds(p_n integer[], p_caller text[], p_proof bytea[], p_entry uuid[], p_hold uuid[], p_amount bigint[], p_clamp boolean[], p_description text[], p_metadata json[], p_not_after timestamp with time zone, p_skip_locked boolean) TO farebox_app;

-- Name: FUNCTION entries(p_caller text, p_proof bytea, p_wallet uuid, p_number bigint, p_limit integer, p_before bigint); Type: ACL; Schema: farebox_api

REVOKE ALL ON FUNCTION farebox_api.entries(p_caller text, p_proof bytea, p_wallet uuid, p_number bigint, p_limit integer, p_before bigint) FROM PUBLIC;
GRANT ALL ON FUNCTION farebox_api.entries(p_caller text, p_proof bytea, p_wallet uuid, p_number bigint, p_limit integer, p_before bigint) TO farebox_app;

-- Name: FUNCTION erase_account(p_caller text, p_proof bytea, p_user uuid, OUT status text); Type: ACL; Schema: farebox_api

REVOKE ALL ON FUNCTION farebox_api.erase_account(p_caller text, p_proof bytea, p_user uuid, OUT status text) FROM PUBLIC;
GRANT ALL ON FUNCTION farebox_api.erase_account(p_caller text, p_proof bytea, p_user uuid, OUT status text) TO farebox_app;

-- Name: FUNCTION export_account(p_caller text, p_proof bytea, p_user uuid, OUT status text, OUT document json); Type: ACL; Schema: farebox_api

REVOKE ALL ON FUNCTION farebox_api.export_account(p_caller text, p_proof bytea, p_user uuid, OUT status text, OUT document json) FROM PUBLIC;
GRANT ALL ON FUNCTION farebox_api.export_account(p_caller text, p_proof bytea, p_user uuid, OUT status text, OUT document json) TO farebox_app;

-- Name: FUNCTION find_credential(p_hash bytea); Type: ACL; Schema: farebox_api

REVOKE ALL ON FUNCTION farebox_api.find_credential(p_hash bytea) FROM PUBLIC;
GRANT ALL ON FUNCTION farebox_api.find_credential(p_hash bytea) TO farebox_app;

-- Name: FUNCTION "grant"(p_caller text, p_proof bytea, p_id uuid, p_wallet uuid, p_number bigint, p_amount bigint, p_class text, p_priority integer, p_expires_at timestamp with time zone, p_key text, p_fingerprint bytea, p_description text, p_metadata json, p_not_after timestamp with time zone, OUT status text, OUT entry uuid, OUT amount bigint, OUT before bigint, OUT after bigint, OUT available bigint, OUT held bigint, OUT at timestamp with time zone); Type: ACL; Schema: farebox_api

REVOKE ALL ON FUNCTION farebox_api."grant"(p_caller text, p_proof bytea, p_id uuid, p_wallet uuid, p_number bigint, p_amount bigint, p_class text, p_priority integer, p_expires_at timestamp with time zone, p_key text, p_fingerprint bytea, p_description text, p_metadata json, p_not_after timestamp with time zone, OUT status text, OUT entry uuid, OUT amount bigint, OUT before bigint, OUT after bigint, OUT available bigint, OUT held bigint, OUT at timestamp with time zone) FROM PUBLIC;
GRANT ALL ON FUNCTION farebox_api."grant"(p_caller text, p_proof bytea, p_id uuid, p_wallet uuid, p_number bigint, p_amount bigint, p_class text, p_priority integer, p_expires_at timestamp with time zone, p_key text, p_fingerprint bytea, p_description text, p_metadata json, p_not_after timestamp with time zone, OUT status text, OUT entry uuid, OUT amount bigint, OUT before bigint, OUT after bigint, OUT available bigint, OUT held bigint, OUT at timestamp with time zone) TO farebox_app;

-- Name: FUNCTION mark_started(p_caller text, p_proof bytea, p_hold uuid, p_lapse_amount bigint, p_not_after timestamp with time zone, OUT status text, OUT hold uuid, OUT amount bigint, OUT expires_at timestamp with time zone, OUT at timestamp with time zone); Type: ACL; Schema: farebox_api

REVOKE ALL ON FUNCTION farebox_api.mark_started(p_caller text, p_proof bytea, p_hold uuid, p_lapse_amount bigint, p_not_after timestamp with time zone, OUT status text, OUT hold uuid, OUT amount bigint, OUT expires_at timestamp with time zone, OUT at timestamp with time zone) FROM PUBLIC;
GRANT ALL ON FUNCTION farebox_api.mark_started(p_caller text, p_proof bytea, p_hold uuid, p_lapse_amount bigint, p_not_after timestamp with time zone, OUT status text, OUT hold uuid, OUT amount bigint, OUT expires_at timestamp with time zone, OUT at timestamp with time zone) TO farebox_app;

-- Name: FUNCTION place_holds(p_n integer[], p_caller text[], p_proof bytea[], p_id uuid[], p_wallet uuid[], p_number bigint[], p_amount bigint[], p_ttl_ms bigint[], p_on_lapse text[], p_lapse_amount bigint[], p_started boolean[], p_key text[], p_fingerprint bytea[], p_description text[], p_metadata json[], p_not_after timestamp with time zone, p_skip_locked boolean); Type: ACL; Schema: farebox_api

REVOKE ALL ON FUNCTION farebox_api.place_holds(p_n integer[], p_caller text[], p_proof bytea[], p_id uuid[], p_wallet uuid[], p_number bigint[], p_amount bigint[], p_ttl_ms bigint[], p_on_lapse text[], p_lapse_amount bigint[], p_started boolean[], p_key text[], p_fingerprint bytea[], p_description text[], p_metadata json[], p_not_after timestamp with time zone, p_skip_locked boolean) FROM PUBLIC;
GRANT ALL ON FUNCTION farebox_api.place_holds(p_n integer[], p_caller text[], p_proof bytea[], p_id uuid[], p_wallet uuid[], p_number bigint[], p_amount bigint[], p_ttl_ms bigint[], p_on_lapse text[], p_lapse_amount bigint[], p_started boolean[], p_key text[], p_fingerprint bytea[], p_description text[], p_metadata json[], p_not_after timestamp with time zone, p_skip_locked boolean) TO farebox_app;

-- Name: FUNCTION registration_ids(p_email text, p_phone text, OUT id uuid, OUT number bigint); Type: ACL; Schema: farebox_api

REVOKE ALL ON FUNCTION farebox_api.registration_ids(p_email text, p_phone text, OUT id uuid, OUT number bigint) FROM PUBLIC;
GRANT ALL ON FUNCTION farebox_api.registration_ids(p_email text, p_phone text, OUT id uuid, OUT number bigint) TO farebox_app;

-- Name: FUNCTION rename_account(p_caller text, p_proof bytea, p_user uuid, p_display_name text, OUT status text); Type: ACL; Schema: farebox_api

REVOKE ALL ON FUNCTION farebox_api.rename_account(p_caller text, p_proof bytea, p_user uuid, p_display_name text, OUT status text) FROM PUBLIC;
GRANT ALL ON FUNCTION farebox_api.rename_account(p_caller text, p_proof bytea, p_user uuid, p_display_name text, OUT status text) TO farebox_app;

-- Name: FUNCTION reverse(p_caller text, p_proof bytea, p_id uuid, p_entry uuid, p_amount bigint, p_key text, p_fingerprint bytea, p_description text, p_not_after timestamp with time zone, OUT status text, OUT entry uuid, OUT amount bigint, OUT before bigint, OUT after bigint, OUT available bigint, OUT held bigint, OUT at timestamp with time zone); Type: ACL; Schema: farebox_api

REVOKE ALL ON FUNCTION farebox_api.reverse(p_caller text, p_proof bytea, p_id uuid, p_entry uuid, p_amount bigint, p_key text, p_fingerprint bytea, p_description text, p_not_after timestamp with time zone, OUT status text, OUT entry uuid, OUT amount bigint, OUT before bigint, OUT after bigint, OUT available bigint, OUT held bigint, OUT at timestamp with time zone) FROM PUBLIC;
GRANT ALL ON FUNCTION farebox_api.reverse(p_caller text, p_proof bytea, p_id uuid, p_entry uuid, p_amount bigint, p_key text, p_fingerprint bytea, p_description text, p_not_after timestamp with time zone, OUT status text, OUT entry uuid, OUT amount bigint, OUT before bigint, OUT after bigint, OUT available bigint, OUT held bigint, OUT at timestamp with time zone) TO farebox_app;

-- Name: FUNCTION session_stands(p_proof bytea); Type: ACL; Schema: farebox_api

REVOKE ALL ON FUNCTION farebox_api.session_stands(p_proof bytea) FROM PUBLIC;
GRANT ALL ON FUNCTION farebox_api.session_stands(p_proof bytea) TO farebox_app;

-- Name: FUNCTION spend(p_n integer[], p_caller text[], p_proof bytea[], p_id uuid[], p_wallet uuid[], p_number bigint[], p_amount bigint[], p_model text[], p_key text[], p_fingerprint bytea[], p_description text[], p_metadata json[], p_not_after timestamp with time zone, p_skip_locked boolean); Type: ACL; Schema: farebox_api

REVOKE ALL ON FUNCTION farebox_api.spend(p_n integer[], p_caller text[], p_proof bytea[], p_id uuid[], p_wallet uuid[], p_number bigint[], p_amount bigint[], p_model text[], p_key text[], p_fingerprint bytea[], p_description text[], p_metadata json[], p_not_after timestamp with time zone, p_skip_locked boolean) FROM PUBLIC;
GRANT ALL ON FUNCTION farebox_api.spend(p_n integer[], p_caller text[], p_proof bytea[], p_id uuid[], p_wallet uuid[], p_number bigint[], p_amount bigint[], p_model text[], p_key text[], p_fingerprint bytea[], p_description text[], p_metadata json[], p_not_after timestamp with time zone, p_skip_locked boolean) TO farebox_app;

-- Name: FUNCTION spend_one(p_caller text, p_proof bytea, p_id uuid, p_wallet uuid, p_number bigint, p_amount bigint, p_model text, p_key text, p_fingerprint bytea, p_description text, p_metadata json, p_not_after timestamp with time zone, OUT status text, OUT entry uuid, OUT amount bigint, OUT before bigint, OUT after bigint, OUT available bigint, OUT held bigint, OUT at timestamp with time zone); Type: ACL; Schema: farebox_api

REVOKE ALL ON FUNCTION farebox_api.spend_one(p_caller text, p_proof bytea, p_id uuid, p_wallet uuid, p_number bigint, p_amount bigint, p_model text, p_key text, p_fingerprint bytea, p_description text, p_metadata json, p_not_after timestamp with time zone, OUT status text, OUT entry uuid, OUT amount bigint, OUT before bigint, OUT after bigint, OUT available bigint, OUT held bigint, OUT at timestamp with time zone) FROM PUBLIC;
GRANT ALL ON FUNCTION farebox_api.spend_one(p_caller text, p_proof bytea, p_id uuid, p_wallet uuid, p_number bigint, p_amount bigint, p_model text, p_key text, p_fingerprint bytea, p_description text, p_metadata json, p_not_after timestamp with time zone, OUT status text, OUT entry uuid, OUT amount bigint, OUT before bigint, OUT after bigint, OUT available bigint, OUT held bigint, OUT at timestamp with time zone) TO farebox_app;

-- Name: FUNCTION transfer(p_caller text, p_proof bytea, p_id uuid, p_from uuid, p_to uuid, p_amount bigint, p_key text, p_fingerprint bytea, p_description text, p_metadata json, p_not_after timestamp with time zone, OUT status text, OUT entry uuid, OUT amount bigint, OUT before bigint, OUT after bigint, OUT available bigint, OUT held bigint, OUT at timestamp with time zone); Type: ACL; Schema: farebox_api

REVOKE ALL ON FUNCTION farebox_api.transfer(p_caller text, p_proof bytea, p_id uuid, p_from uuid, p_to uuid, p_amount bigint, p_key text, p_fingerprint bytea, p_description text, p_metadata json, p_not_after timestamp with time zone, OUT status text, OUT entry uuid, OUT amount bigint, OUT before bigint, OUT after bigint, OUT available bigint, OUT held bigint, OUT at timestamp with time zone) FROM PUBLIC;
GRANT ALL ON FUNCTION farebox_api.transfer(p_caller text, p_proof bytea, p_id uuid, p_from uuid, p_to uuid, p_amount bigint, p_key text, p_fingerprint bytea, p_description text, p_metadata json, p_not_after timestamp with time zone, OUT status text, OUT entry uuid, OUT amount bigint, OUT before bigint, OUT after bigint, OUT available bigint, OUT held bigint, OUT at timestamp with time zone) TO farebox_app;
