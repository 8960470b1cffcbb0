-- The ledger's tables. Amounts are whole tokens; times are UTC.
--
-- Operators read these in a dashboard, so kinds are words. Money moves only through farebox_api; a row edited by hand
-- is found by farebox.verify.

create type farebox.wallet_kind as enum ('user', 'device', 'pool'); -- the order is the lock order: pools last
create type farebox.entry_kind as enum
    ('grant', 'purchase', 'spend', 'transfer', 'expire', 'refund', 'reversal', 'debt', 'repayment');
create type farebox.grant_class as enum ('promo', 'allotment', 'paid');

create table farebox.settings (
    one boolean primary key default true check (one),
    subscription_required boolean not null default false,
    low_balance_tokens bigint not null default 1000 check (low_balance_tokens >= 0)
);
comment on table farebox.settings is 'One row. Edit it here; every call reads it.';
insert into farebox.settings default values;

create sequence farebox.user_numbers as bigint start with 1000000001;

create table farebox.users (
    id uuid primary key, -- Supabase's where the user signed up there, ours where an operator made the user
    number bigint not null unique check (number between 1 and 9007199254740991), -- exact in a JavaScript client
    phone text unique check (phone ~ '^[0-9]{5,15}$'),
    email text check (char_length(email) between 3 and 255),
    managed boolean not null default false, -- an operator's own user, without an account in Supabase Auth
    created_at timestamptz not null default clock_timestamp(),
    created_key text check (char_length(created_key) between 1 and 255),
    created_fingerprint bytea,
    constraint users_key_and_fingerprint check ((created_key is null) = (created_fingerprint is null))
);
create unique index users_managed_email on farebox.users (email) where managed;
create unique index users_created_key on farebox.users (created_key) where created_key is not null;

create table farebox.wallets (
    id uuid primary key, -- a user's wallet has the user's id, a device's the device's
    kind farebox.wallet_kind not null,
    owner uuid, -- the user or device; null for a pool
    balance bigint not null default 0,
    held bigint not null default 0,       -- sum of the open holds, kept under the row lock
    debt bigint not null default 0,       -- claimed back but already spent: any credit pays it first
    burned bigint not null default 0,     -- all that was ever burned: grants are attributed to intervals of it
    attributed bigint not null default 0, -- how much of `burned` is booked to grants already
    seq bigint not null default 0,        -- entries of this wallet so far
    blocked_at timestamptz,
    subscription_until timestamptz,       -- null: never had one
    next_event_at timestamptz not null default 'infinity', -- the first lapse of a hold or expiry of a grant
    created_at timestamptz not null default clock_timestamp(),
    constraint wallets_held_within_balance check (held >= 0 and balance >= held),
    constraint wallets_debt_not_negative check (debt >= 0),
    constraint wallets_attributed_within_burned check (attributed >= 0 and burned >= attributed)
) with (fillfactor = 50); -- room for HOT updates: a hot wallet is updated thousands of times a second

-- The other side of entries that enter or leave the users' wallets. Never locked, no running balance: their sums come
-- from the journal, so no hot counterparty row exists.
create table farebox.operator_wallets (
    id uuid primary key,
    name text not null unique
);
insert into farebox.operator_wallets (id, name) values
    ('00000000-0000-7000-8000-000000000001', 'issued'),
    ('00000000-0000-7000-8000-000000000002', 'sold'),
    ('00000000-0000-7000-8000-000000000003', 'consumed'),
    ('00000000-0000-7000-8000-000000000004', 'expired'),
    ('00000000-0000-7000-8000-000000000005', 'lent');

-- The journal. No foreign keys: they would lock the other side's row on every spend (ledger rule 9); wallets are never
-- deleted, and verify looks for orphans. A side that is an operator wallet has no seq and no balance after.
create table farebox.entries (
    id uuid primary key, -- made by the handler before the first send, the same at every resend
    debit uuid not null,
    credit uuid not null,
    amount bigint not null check (amount > 0),
    kind farebox.entry_kind not null,
    debit_seq bigint,
    debit_after bigint check (debit_after >= 0),
    credit_seq bigint,
    credit_after bigint check (credit_after >= 0),
    burn_from bigint, -- this entry burned [burn_from, burn_from + amount) of the debited wallet
    price_version int,
    created_at timestamptz not null,
    key text,
    fingerprint bytea, -- SHA-256 of the request, never of a computed price
    description text,
    metadata json, -- json, not jsonb: jsonb raises on some valid numbers and escapes
    reverses uuid, -- the entry that a refund or reversal takes back
    constraint entries_two_wallets check (debit <> credit),
    constraint entries_debit_chain check ((debit_seq is null) = (debit_after is null)),
    constraint entries_credit_chain check ((credit_seq is null) = (credit_after is null)),
    constraint entries_touch_a_wallet check (debit_seq is not null or credit_seq is not null),
    constraint entries_key_and_fingerprint check ((key is null) = (fingerprint is null)),
    constraint entries_key_length check (char_length(key) between 1 and 255)
);
-- One key, one entry: a move out is keyed on the wallet it leaves, a move in on the wallet it enters.
create unique index entries_debit_key on farebox.entries (debit, kind, key) where key is not null and debit_seq is not null;
create unique index entries_credit_key on farebox.entries (credit, kind, key) where key is not null and debit_seq is null;
-- A wallet's statement, and the safety net of its lock: two entries can never take the same seq.
create unique index entries_debit_statement on farebox.entries (debit, debit_seq) where debit_seq is not null;
create unique index entries_credit_statement on farebox.entries (credit, credit_seq) where credit_seq is not null;
create index entries_reverses on farebox.entries (reverses) where reverses is not null;

create function farebox.refuse_change() returns trigger
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
    raise exception 'the journal is append-only' using errcode = '55000';
end $$;
revoke all on function farebox.refuse_change() from public;

create trigger entries_append_only_row before update or delete on farebox.entries
    for each row execute function farebox.refuse_change();
create trigger entries_append_only_table before truncate on farebox.entries
    for each statement execute function farebox.refuse_change();
-- ALWAYS: the owner may set session_replication_role on Supabase, which would skip plain triggers (ledger rule 11).
alter table farebox.entries enable always trigger entries_append_only_row;
alter table farebox.entries enable always trigger entries_append_only_table;

-- Tokens by where they came from; burned by priority, earliest expiry, oldest. Spends only count (wallets.burned); the
-- rows here are brought up to date when the set of grants changes or an event is due (ledger rule 3).
create table farebox.grants (
    id uuid primary key,
    wallet uuid not null references farebox.wallets (id),
    entry uuid not null, -- the entry that brought these tokens in
    class farebox.grant_class not null,
    priority int not null check (priority between 0 and 1000), -- lower burns first
    amount bigint not null check (amount > 0),
    remaining bigint not null,
    expires_at timestamptz not null default 'infinity',
    due boolean not null default false, -- has expired; what remains is kept for holds placed before the expiry
    created_at timestamptz not null,
    constraint grants_remaining_within_amount check (remaining between 0 and amount)
);
create index grants_wallet on farebox.grants (wallet);
create index grants_open on farebox.grants (wallet, priority, expires_at, created_at) where remaining > 0;
create index grants_entry on farebox.grants (entry);

-- Which interval of a wallet's burning came out of which grant, so that returned tokens go back where they came from.
create table farebox.burns (
    wallet uuid not null references farebox.wallets (id),
    burn_from bigint not null,
    burn_to bigint not null,
    grant_id uuid not null references farebox.grants (id),
    primary key (wallet, burn_from),
    constraint burns_not_empty check (burn_from < burn_to)
);
create index burns_grant on farebox.burns (grant_id);

create table farebox.holds (
    id uuid primary key,
    wallet uuid not null references farebox.wallets (id),
    amount bigint not null check (amount > 0),
    created_at timestamptz not null,
    expires_at timestamptz not null,
    open boolean not null default true,
    captured bigint check (captured >= 0), -- what it was settled with
    on_lapse text not null default 'release' check (on_lapse in ('release', 'charge')),
    lapse_amount bigint check (lapse_amount between 1 and amount), -- the estimate that a lapse charges once dispatched
    dispatched_at timestamptz,
    entry uuid, -- the spend that settled it
    constraint holds_charge_has_amount check (on_lapse = 'release' or lapse_amount is not null)
);
create index holds_wallet on farebox.holds (wallet);
create index holds_open on farebox.holds (wallet, expires_at) where open;

-- Prices in tokens a unit, by use and model name; '*' is any other model. Versions only grow: an entry says by which it
-- was charged.
create table farebox.models (
    use text not null check (use in ('device', 'chat')),
    name text not null check (char_length(name) between 1 and 200),
    version int not null check (version > 0),
    price bigint not null check (price between 1 and 1000000000),
    valid_from timestamptz not null default clock_timestamp(),
    valid_to timestamptz,
    primary key (use, name, version),
    constraint models_valid_interval check (valid_to is null or valid_to > valid_from)
);
insert into farebox.models (use, name, version, price) values
    ('device', 'claude-opus-4.5', 1, 3),
    ('device', '*', 1, 1);

-- Keys of other servers: the SHA-256 of the key, never the key.
create table farebox.api_keys (
    id uuid primary key default gen_random_uuid(),
    name text not null check (char_length(name) between 1 and 100),
    hash bytea not null unique check (octet_length(hash) = 32),
    prefix text not null check (char_length(prefix) between 6 and 12), -- enough to tell keys apart in a list
    scopes text[] not null check (
        cardinality(scopes) > 0 and scopes <@ array['read', 'spend', 'hold', 'grant', 'users']),
    created_at timestamptz not null default clock_timestamp(),
    expires_at timestamptz not null default 'infinity',
    revoked_at timestamptz
);

-- Nobody but the owner's functions reads or writes a table; the policy says so to whoever looks.
do $$
declare
    t text;
begin
    for t in select tablename from pg_tables where schemaname = 'farebox' loop
        execute format('alter table farebox.%I enable row level security', t);
        if not exists (select from pg_policies where schemaname = 'farebox' and tablename = t) then
            execute format('create policy deny_all on farebox.%I for all to public using (false) with check (false)', t);
        end if;
    end loop;
end $$;
