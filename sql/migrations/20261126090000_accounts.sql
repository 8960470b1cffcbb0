-- People with an account at Supabase Auth: what farebox keeps beside their wallet. Who they are stays in auth.users; the
-- copies here (email, phone) follow it.

alter table farebox.settings
    add column starting_tokens bigint not null default 50000 check (starting_tokens between 0 and 1000000000000),
    add column address_salt bytea not null default decode(replace(gen_random_uuid()::text || gen_random_uuid(), '-', ''), 'hex');
comment on column farebox.settings.starting_tokens is 'What a new account finds in its wallet, once.';
comment on column farebox.settings.address_salt is 'What digests of addresses in farebox.used_addresses are made with. Leave it as it is.';

alter table farebox.users
    add column display_name text check (char_length(display_name) between 1 and 100),
    add column provider text not null default 'local' check (char_length(provider) between 1 and 100),
    add column erased_at timestamptz, -- the person has left: the row keeps the id and the number of the journal's owner
    add constraint users_erased_keep_nothing check (
        erased_at is null or (phone is null and email is null and display_name is null));

-- Operators among the users, by scripts/admin. No claim of a token makes an operator: claims can be stale, and a user
-- writes some of them.
create table farebox.admins (
    user_id uuid primary key references farebox.users (id),
    granted_by text not null check (char_length(granted_by) between 1 and 200),
    granted_at timestamptz not null default clock_timestamp()
);

-- The agent that a user's chats go to.
create table farebox.agents (
    user_id uuid primary key references farebox.users (id),
    agent_id text not null check (char_length(agent_id) between 1 and 200),
    status text not null check (status in ('created', 'active', 'failed')),
    created_at timestamptz not null default clock_timestamp(),
    updated_at timestamptz not null default clock_timestamp()
);

-- Keys with which a user's programs call models: the SHA-256 of the key and enough of it to tell keys apart.
create table farebox.billing_keys (
    id uuid primary key default gen_random_uuid(),
    user_id uuid not null references farebox.users (id),
    hash bytea not null unique check (octet_length(hash) = 32),
    preview text not null check (char_length(preview) between 6 and 20),
    created_at timestamptz not null default clock_timestamp(),
    revoked_at timestamptz
);
create index billing_keys_user on farebox.billing_keys (user_id);
create unique index billing_keys_live on farebox.billing_keys (user_id) where revoked_at is null;

-- Addresses that have had their starting tokens and are free again: given up for another one, or of somebody who has left and
-- had spent tokens. Whoever registers with one is not given them a second time. A digest names nobody to whoever does not know
-- the address already.
create table farebox.used_addresses (
    digest bytea primary key check (octet_length(digest) = 32),
    used_at timestamptz not null default clock_timestamp()
);

do $$
declare
    t text;
begin
    foreach t in array array['admins', 'agents', 'billing_keys', 'used_addresses'] loop
        execute format('alter table farebox.%I enable row level security', t);
        execute format('create policy deny_all on farebox.%I for all to public using (false) with check (false)', t);
    end loop;
end $$;
