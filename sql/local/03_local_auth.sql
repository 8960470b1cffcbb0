-- What handlers/local/supabase_auth stands on: the schema local_auth, whose functions are the only way in which the stand-in touches
-- the tables of auth. Run by supabase_admin at every start of a private cluster; never on Supabase, which has its own Auth.
--
-- The schema holds no data, so it is made anew each time. Its functions run as the owner of auth (as Supabase Auth itself
-- does) and are callable by the role farebox_local_auth alone: see 07_local_auth_rights.sql.
--
-- A function that refuses says so in its answer and does not raise: some refusals change something as well (a refresh
-- token that is used twice ends its session), and that must be committed.

do $$
begin
    if not exists (select from pg_roles where rolname = 'farebox_local_auth') then
        create role farebox_local_auth login noinherit nocreatedb nocreaterole;
    end if;
end $$;
alter role farebox_local_auth set statement_timeout = '5s';
alter role farebox_local_auth set lock_timeout = '4s';

create extension if not exists pgcrypto with schema extensions;
grant usage on schema extensions to supabase_auth_admin;

drop schema if exists local_auth cascade;
create schema local_auth authorization supabase_auth_admin;
set local role supabase_auth_admin;

-- What every function of one user answers. Texts that hold JSON are called so.
create type local_auth.answer as (
    refusal text,           -- a code of Supabase Auth; null: it took effect
    wait_seconds bigint,    -- with a code that ends in rate_limit
    status int,             -- with a refusal that was played; null: what is usual for the code
    sentence text,
    account_json text,      -- the user as the API shows it
    user_id uuid,
    email text,
    phone text,
    app_metadata_json text,
    user_metadata_json text,
    session_id uuid,        -- this and what follows: of a session that was opened or went on
    method text,
    signed_in_s bigint,     -- seconds since 1970, when the session was opened
    refresh_token text
);

create function local_auth.refused(p_code text, p_wait_seconds bigint default null) returns local_auth.answer
language plpgsql immutable set search_path = '' as $$
declare
    v_answer local_auth.answer;
begin
    v_answer.refusal := p_code;
    v_answer.wait_seconds := p_wait_seconds;
    return v_answer;
end $$;

-- What the project's own settings would refuse with, for tests to play: a row for an address and the moment at which it is asked.
-- Nothing else writes here, and a start of the stack begins without rows.
--
--   captcha         before anything: unless the request brings this row's captcha_token (or the service key)
--   signup          a hook before a user is created
--   password        a hook before a session is opened by password
--   refresh_token   a hook before a session goes on
create table local_auth.played (
    address text not null, -- lower case, or digits
    moment text not null check (moment in ('captcha', 'signup', 'password', 'refresh_token')),
    status int not null,
    code text not null,    -- 'unknown': what a hook says of its own
    sentence text not null,
    captcha_token text,
    primary key (address, moment)
);

-- Null, or what is played at that moment.
create function local_auth.played_at(p_address text, p_moment text) returns local_auth.answer
language plpgsql stable set search_path = '' as $$
declare
    v_answer local_auth.answer;
begin
    select p.code, p.status, p.sentence into v_answer.refusal, v_answer.status, v_answer.sentence
      from local_auth.played p
     where p.address = p_address and p.moment = p_moment;
    return v_answer;
end $$;

-- local_auth.ask_captcha: what a CAPTCHA would say; p_token is "" where none was sent.
create function local_auth.ask_captcha(p_email text, p_phone text, p_token text) returns local_auth.answer
language plpgsql stable security definer set search_path = '' as $$
declare
    v_address text := coalesce(p_email, p_phone);
    v_answer local_auth.answer := local_auth.played_at(v_address, 'captcha');
begin
    if exists (select from local_auth.played p
                where p.address = v_address and p.moment = 'captcha' and p.captcha_token = p_token) then
        return local_auth.refused(null);
    end if;
    if p_token = '' and v_answer.refusal is not null then
        v_answer.sentence := 'captcha protection: request disallowed (no captcha_token found)';
    end if;
    return v_answer;
end $$;

-- "2026-09-10T08:00:00.412318Z".
create function local_auth.instant(p_at timestamptz) returns text
language sql stable set search_path = '' as $$
    select to_char(p_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')
$$;

-- The old object with the new members; a member whose new value is null goes away. Deeper nulls stay what they are.
create function local_auth.merged(p_old jsonb, p_new jsonb) returns jsonb
language sql immutable set search_path = '' as $$
    select coalesce(jsonb_object_agg(m.key, m.value), '{}')
      from jsonb_each(coalesce(p_old, '{}') || coalesce(p_new, '{}')) m
     where m.value <> 'null'
$$;

create function local_auth.identities(p_user_id uuid) returns jsonb
language sql stable set search_path = '' as $$
    select coalesce(jsonb_agg(
               jsonb_build_object(
                   'identity_id', i.id, 'id', i.provider_id, 'user_id', i.user_id, 'identity_data', i.identity_data,
                   'provider', i.provider, 'last_sign_in_at', local_auth.instant(i.last_sign_in_at),
                   'created_at', local_auth.instant(i.created_at), 'updated_at', local_auth.instant(i.updated_at))
               || case when i.email is null then '{}' else jsonb_build_object('email', i.email) end
               order by i.created_at, i.provider), '[]')
      from auth.identities i
     where i.user_id = p_user_id
$$;

-- The user as the API shows it: times that are not there are absent, not null; an address that is not there is "".
create function local_auth.account(p_user auth.users) returns jsonb
language sql stable set search_path = '' as $$
    select jsonb_build_object(
               'id', p_user.id, 'aud', p_user.aud, 'role', p_user.role,
               'email', coalesce(p_user.email, ''), 'phone', coalesce(p_user.phone, ''),
               'app_metadata', coalesce(p_user.raw_app_meta_data, '{}'),
               'user_metadata', coalesce(p_user.raw_user_meta_data, '{}'),
               'identities', local_auth.identities(p_user.id),
               'created_at', local_auth.instant(p_user.created_at),
               'updated_at', local_auth.instant(p_user.updated_at),
               'is_anonymous', coalesce(p_user.is_anonymous, false))
        || jsonb_strip_nulls(jsonb_build_object(
               'email_confirmed_at', local_auth.instant(p_user.email_confirmed_at),
               'phone_confirmed_at', local_auth.instant(p_user.phone_confirmed_at),
               'confirmed_at', local_auth.instant(p_user.confirmed_at),
               'confirmation_sent_at', local_auth.instant(p_user.confirmation_sent_at),
               'invited_at', local_auth.instant(p_user.invited_at),
               'last_sign_in_at', local_auth.instant(p_user.last_sign_in_at),
               'banned_until', local_auth.instant(p_user.banned_until),
               'deleted_at', local_auth.instant(p_user.deleted_at)))
$$;

create function local_auth.answer_of(p_user auth.users) returns local_auth.answer
language plpgsql stable set search_path = '' as $$
declare
    v_answer local_auth.answer;
begin
    v_answer.account_json := local_auth.account(p_user);
    v_answer.user_id := p_user.id;
    v_answer.email := coalesce(p_user.email, '');
    v_answer.phone := coalesce(p_user.phone, '');
    v_answer.app_metadata_json := coalesce(p_user.raw_app_meta_data, '{}');
    v_answer.user_metadata_json := coalesce(p_user.raw_user_meta_data, '{}');
    return v_answer;
end $$;

-- The user of that id, locked; all null when there is none.
create function local_auth.locked_user(p_id uuid) returns auth.users
language plpgsql volatile set search_path = '' as $$
declare
    v_user auth.users;
begin
    perform from auth.users u where u.id = p_id for update;
    select u.* into v_user from auth.users u where u.id = p_id;
    return v_user;
end $$;

-- The user of an address, of which exactly one is given; all null when there is none.
create function local_auth.user_at(p_email text, p_phone text) returns auth.users
language plpgsql stable set search_path = '' as $$
declare
    v_user auth.users;
begin
    if p_phone is null then
        select u.* into v_user from auth.users u where u.email = p_email and u.is_sso_user = false;
    else
        select u.* into v_user from auth.users u where u.phone = p_phone;
    end if;
    return v_user;
end $$;

-- Two at once for one address come one after the other, so the second sees the first one's user.
create function local_auth.lock_address(p_address text) returns void
language sql volatile set search_path = '' as $$
    select pg_advisory_xact_lock(hashtextextended(p_address, 5501928464421))
$$;

create function local_auth.is_banned(p_user auth.users) returns boolean
language sql stable set search_path = '' as $$
    select p_user.banned_until is not null and p_user.banned_until > clock_timestamp()
$$;

create function local_auth.is_confirmed(p_user auth.users, p_provider text) returns boolean
language sql stable set search_path = '' as $$
    select case p_provider when 'email' then p_user.email_confirmed_at else p_user.phone_confirmed_at end is not null
$$;

create function local_auth.provider_of(p_phone text) returns text
language sql immutable set search_path = '' as $$
    select case when p_phone is null then 'email' else 'phone' end
$$;

-- bcrypt with cost 10, "$2a$": what Supabase Auth stores. More than 72 bytes would be cut; callers refuse them.
create function local_auth.hashed(p_password text) returns text
language sql volatile set search_path = '' as $$
    select extensions.crypt(p_password, extensions.gen_salt('bf', 10))
$$;

-- Whether the password is the one of that hash. Without a hash the same work is done for nothing, so that the time does
-- not tell whether there is a user.
create function local_auth.is_password(p_password text, p_hash text) returns boolean
language plpgsql stable set search_path = '' as $$
declare
    v_hash text := coalesce(nullif(p_hash, ''), '$2a$10$ciAJV575rDhGhTEEcknXQuuPxRibEnrkR1edP.zho6C/BJ2R/z3Sq');
    v_same boolean := extensions.crypt(p_password, v_hash) = v_hash;
begin
    return v_same and p_hash <> '' and octet_length(p_password) <= 72;
end $$;

-- A row of auth.identities for an address of the user, as it is now.
create function local_auth.put_identity(p_user auth.users, p_provider text, p_data jsonb) returns void
language plpgsql volatile set search_path = '' as $$
declare
    v_data jsonb := p_data || jsonb_build_object('sub', p_user.id, 'email_verified', false, 'phone_verified', false)
        || jsonb_build_object(p_provider, case p_provider when 'email' then p_user.email else p_user.phone end);
    v_now timestamptz := clock_timestamp();
begin
    insert into auth.identities (provider_id, user_id, identity_data, provider, last_sign_in_at, created_at, updated_at)
    values (p_user.id::text, p_user.id, v_data, p_provider, v_now, v_now, v_now)
    on conflict (provider_id, provider) do update
        set identity_data = auth.identities.identity_data || excluded.identity_data, updated_at = v_now;
end $$;
