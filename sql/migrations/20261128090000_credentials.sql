-- One table for every hashed secret, so that who calls is proved in one place; callers of the API give the hash, and the
-- database looks here. Then what a slot needs (an id's low 10 bits tell where its wallet lies), and names.

-- What an API key may be allowed. The only list: handlers know the names of shared/auth/scopes.def, and a test compares.
create type farebox.scope as enum ('read', 'spend', 'hold', 'grant', 'users', 'act_as');

create table farebox.credentials (
    id uuid primary key default gen_random_uuid(),
    kind text not null check (
        kind in ('api_key', 'device', 'billing_key', 'admin_session', 'enrolment_key', 'provider')),
    hash bytea not null unique check (octet_length(hash) = 32), -- SHA-256 of the secret, never the secret
    owner uuid,                                                 -- the user, device or operator that it stands for
    name text check (char_length(name) between 1 and 100),
    scopes farebox.scope[] not null default '{}',
    preview text not null check (char_length(preview) between 6 and 20), -- enough to tell them apart in a list
    created_at timestamptz not null default clock_timestamp(),
    expires_at timestamptz not null default 'infinity',
    revoked_at timestamptz,
    constraint credentials_api_key_has_scopes check (
        case when kind = 'api_key' then name is not null and cardinality(scopes) > 0 and char_length(preview) <= 13
             else cardinality(scopes) = 0 end),
    constraint credentials_owned check ((kind in ('device', 'billing_key', 'admin_session')) = (owner is not null))
);
create index credentials_owner on farebox.credentials (owner) where owner is not null;
create unique index credentials_live_billing_key on farebox.credentials (owner)
    where kind = 'billing_key' and revoked_at is null;
alter table farebox.credentials enable row level security;
create policy deny_all on farebox.credentials for all to public using (false) with check (false);
comment on table farebox.credentials is
    'API keys (those of the environment too), billing keys and whatever else proves who calls, by its SHA-256. Set revoked_at to end one.';
comment on column farebox.credentials.owner is 'Whose it is: a user, a device, an operator. An API key is nobody''s.';

insert into farebox.credentials (id, kind, hash, name, scopes, preview, created_at, expires_at, revoked_at)
select k.id, 'api_key', k.hash, k.name, k.scopes::farebox.scope[], k.prefix, k.created_at, k.expires_at, k.revoked_at
  from farebox.api_keys k;
insert into farebox.credentials (id, kind, hash, owner, preview, created_at, revoked_at)
select k.id, 'billing_key', k.hash, k.user_id, k.preview, k.created_at, k.revoked_at
  from farebox.billing_keys k;
drop table farebox.api_keys, farebox.billing_keys;

-- A hold's work has started; `dispatch` was also the word for finding a request's handler.
alter table farebox.holds rename column dispatched_at to started_at;

-- A number is dealt as nextval * 1024 + the low 10 bits of the user's id, so these begin above every number that was dealt
-- before. An operator's own numbers may be higher still: they are stepped over. 8,796,093,022,207 is the last value whose
-- numbers are exact in a JavaScript client.
alter sequence farebox.user_numbers maxvalue 8796093022207;
select setval('farebox.user_numbers', greatest(
    976563,
    (select coalesce(max(u.number), 0) / 1024 + 1 from farebox.users u where not u.managed or u.number < 1000000000000)),
    false);
comment on sequence farebox.user_numbers is 'Numbers of users without their low 10 bits, which are those of the user''s id.';

-- Fifteen handlers in two processes each, and a rolling restart.
alter role farebox_app connection limit 100;
