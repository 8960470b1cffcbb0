-- Sessions and refresh tokens of the stand-in (03_local_auth.sql).

set local role supabase_auth_admin;

-- What to answer for a session that goes on with this refresh token.
create function local_auth.answer_of_session(p_session_id uuid, p_refresh_token text) returns local_auth.answer
language plpgsql stable set search_path = '' as $$
declare
    v_session auth.sessions;
    v_user auth.users;
    v_answer local_auth.answer;
begin
    select s.* into strict v_session from auth.sessions s where s.id = p_session_id;
    select u.* into strict v_user from auth.users u where u.id = v_session.user_id;
    v_answer := local_auth.answer_of(v_user);
    v_answer.session_id := v_session.id;
    v_answer.signed_in_s := floor(extract(epoch from v_session.created_at));
    v_answer.method := (select m.authentication_method from auth.mfa_amr_claims m
                         where m.session_id = v_session.id order by m.created_at desc limit 1);
    v_answer.refresh_token := p_refresh_token;
    return v_answer;
end $$;

-- A refresh token is opaque to everybody but this schema: 32 hexadecimal characters, 128 random bits.
create function local_auth.add_refresh_token(p_session auth.sessions, p_parent text) returns text
language plpgsql volatile set search_path = '' as $$
declare
    v_token text := encode(extensions.gen_random_bytes(16), 'hex');
begin
    insert into auth.refresh_tokens (instance_id, token, user_id, revoked, created_at, updated_at, parent, session_id)
    values ('00000000-0000-0000-0000-000000000000', v_token, p_session.user_id::text, false, clock_timestamp(),
            clock_timestamp(), p_parent, p_session.id);
    return v_token;
end $$;

-- p_method: password or otp.
create function local_auth.open_session(p_user_id uuid, p_method text, p_agent text, p_ip text) returns local_auth.answer
language plpgsql volatile set search_path = '' as $$
declare
    v_now timestamptz := clock_timestamp();
    v_session auth.sessions;
begin
    update auth.users u set last_sign_in_at = v_now, updated_at = v_now where u.id = p_user_id;
    update auth.identities i set last_sign_in_at = v_now where i.user_id = p_user_id;
    insert into auth.sessions (id, user_id, created_at, updated_at, aal, user_agent, ip)
    values (gen_random_uuid(), p_user_id, v_now, v_now, 'aal1', p_agent, nullif(p_ip, '')::inet)
    returning * into v_session;
    insert into auth.mfa_amr_claims (id, session_id, created_at, updated_at, authentication_method)
    values (gen_random_uuid(), v_session.id, v_now, v_now, p_method);
    return local_auth.answer_of_session(v_session.id, local_auth.add_refresh_token(v_session, null));
end $$;

-- local_auth.sign_in: a session for an address and its password.
--
-- Refuses     invalid_credentials, user_banned, email_not_confirmed, phone_not_confirmed, what is played, in Supabase Auth's
--             order: a banned user is told so whatever the password, an unconfirmed one only with the right password
--
-- The password is compared before any of that, for a user who is not there as well.
create function local_auth.sign_in(p_email text, p_phone text, p_password text, p_agent text, p_ip text)
returns local_auth.answer
language plpgsql volatile security definer set search_path = '' as $$
declare
    v_user auth.users := local_auth.user_at(p_email, p_phone);
    v_is_password boolean := local_auth.is_password(p_password, v_user.encrypted_password);
    v_provider text := local_auth.provider_of(p_phone);
    v_played local_auth.answer;
begin
    if v_user.id is null then
        return local_auth.refused('invalid_credentials');
    end if;
    if local_auth.is_banned(v_user) then
        return local_auth.refused('user_banned');
    end if;
    if v_is_password is not true then
        return local_auth.refused('invalid_credentials');
    end if;
    if not local_auth.is_confirmed(v_user, v_provider) then
        return local_auth.refused(v_provider || '_not_confirmed');
    end if;
    v_played := local_auth.played_at(coalesce(p_email, p_phone), 'password');
    if v_played.refusal is not null then
        return v_played;
    end if;
    return local_auth.open_session(v_user.id, 'password', p_agent, p_ip);
end $$;

-- local_auth.refresh: the session of a refresh token goes on, with a new one.
--
-- Locks       the session's row, so that one session is refreshed once at a time
-- Refuses     refresh_token_not_found, session_expired, user_banned, refresh_token_already_used, what is played
--
-- A token that was used already is good once more when
--   - it is the parent of the active one: the answer that carried the active one was lost; it is given again, at any time
--   - it was used less than 10 s ago: two tabs of one browser
-- Anything else is a stolen token in somebody's hands, and all tokens of the session are revoked. Its row stays, as at Supabase
-- Auth, and so does what is good for two tabs: whoever has the newest may go on with it for 10 s.
create function local_auth.refresh(p_token text, p_agent text, p_ip text) returns local_auth.answer
language plpgsql volatile security definer set search_path = '' as $$
declare
    v_session_id uuid := (select t.session_id from auth.refresh_tokens t where t.token = p_token);
    v_session auth.sessions;
    v_token auth.refresh_tokens;
    v_active auth.refresh_tokens;
    v_user auth.users;
    v_played local_auth.answer;
    v_now timestamptz;
begin
    -- Lock first, read afterwards: what is read then is what holds now.
    perform from auth.sessions s where s.id = v_session_id for update;
    v_now := clock_timestamp();
    select s.* into v_session from auth.sessions s where s.id = v_session_id;
    select t.* into v_token from auth.refresh_tokens t where t.token = p_token and t.session_id = v_session_id;
    if v_token.id is null then
        return local_auth.refused('refresh_token_not_found');
    end if;
    if v_session.not_after <= v_now then
        return local_auth.refused('session_expired');
    end if;
    select u.* into v_user from auth.users u where u.id = v_session.user_id;
    if local_auth.is_banned(v_user) then
        return local_auth.refused('user_banned');
    end if;

    if v_token.revoked then
        select t.* into v_active
          from auth.refresh_tokens t
         where t.session_id = v_session_id and t.revoked = false
         order by t.id desc limit 1;
        if v_active.parent = p_token then
            return local_auth.answer_of_session(v_session_id, v_active.token);
        end if;
        if v_token.updated_at < v_now - interval '10 seconds' then
            update auth.refresh_tokens t set revoked = true, updated_at = v_now
             where t.session_id = v_session_id and t.revoked = false;
            return local_auth.refused('refresh_token_already_used');
        end if;
    end if;

    v_played := local_auth.played_at(coalesce(v_user.email, v_user.phone), 'refresh_token');
    if v_played.refusal is not null then
        return v_played;
    end if;

    -- The time of the first use stays: the 10 s are not to be had again and again.
    update auth.refresh_tokens t set revoked = true, updated_at = v_now where t.id = v_token.id and t.revoked = false;
    update auth.sessions s
       set refreshed_at = v_now at time zone 'UTC', updated_at = v_now, user_agent = p_agent, ip = nullif(p_ip, '')::inet
     where s.id = v_session_id;
    return local_auth.answer_of_session(v_session_id, local_auth.add_refresh_token(v_session, p_token));
end $$;

-- Why the holder of an access token may not go on, or null: user_not_found, session_not_found, user_banned.
create function local_auth.caller_refusal(p_user_id uuid, p_session_id uuid) returns text
language plpgsql stable set search_path = '' as $$
declare
    v_user auth.users;
begin
    select u.* into v_user from auth.users u where u.id = p_user_id and u.deleted_at is null;
    return case
        when v_user.id is null then 'user_not_found'
        when not exists (select from auth.sessions s where s.id = p_session_id and s.user_id = p_user_id)
            then 'session_not_found'
        when local_auth.is_banned(v_user) then 'user_banned'
    end;
end $$;

-- local_auth.sign_out: ends sessions of a user. p_scope: global (all), local (this one), others (all but this one).
--
-- Refuses     user_not_found, session_not_found, user_banned
create function local_auth.sign_out(p_user_id uuid, p_session_id uuid, p_scope text) returns local_auth.answer
language plpgsql volatile security definer set search_path = '' as $$
declare
    v_refusal text := local_auth.caller_refusal(p_user_id, p_session_id);
begin
    delete from auth.sessions s
     where v_refusal is null and s.user_id = p_user_id
       and case p_scope when 'local' then s.id = p_session_id when 'others' then s.id <> p_session_id else true end;
    return local_auth.refused(v_refusal);
end $$;
