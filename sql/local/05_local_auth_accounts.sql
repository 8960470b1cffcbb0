-- What a user does with an account of the stand-in (03_local_auth.sql): signing up, confirming, reading, changing.

set local role supabase_auth_admin;

-- The user's address of that provider counts as confirmed from now on.
create function local_auth.confirm(p_user_id uuid, p_provider text) returns auth.users
language plpgsql volatile set search_path = '' as $$
declare
    v_now timestamptz := clock_timestamp();
    v_user auth.users;
begin
    update auth.users u
       set email_confirmed_at = case p_provider when 'email' then v_now else u.email_confirmed_at end,
           phone_confirmed_at = case p_provider when 'phone' then v_now else u.phone_confirmed_at end,
           raw_user_meta_data = u.raw_user_meta_data || jsonb_build_object(p_provider || '_verified', true)
     where u.id = p_user_id
    returning u.* into v_user;
    return v_user;
end $$;

-- A new user with an identity for each address. The caller has made sure that the addresses are free. As Supabase Auth does
-- it, the user comes first and is confirmed by an update, whether or not a message must be waited for.
create function local_auth.add_user(
    p_id uuid, p_email text, p_phone text, p_hash text, p_is_email_confirmed boolean, p_is_phone_confirmed boolean,
    p_user_metadata jsonb, p_app_metadata jsonb)
returns auth.users
language plpgsql volatile set search_path = '' as $$
declare
    v_now timestamptz := clock_timestamp();
    v_providers text[] := array_remove(array[case when p_email is not null then 'email' end,
                                             case when p_phone is not null then 'phone' end], null);
    v_is_confirmed boolean;
    v_all_confirmed boolean := (p_email is null or p_is_email_confirmed) and (p_phone is null or p_is_phone_confirmed);
    v_provider text;
    v_user auth.users;
begin
    insert into auth.users (id, instance_id, aud, role, email, phone, encrypted_password, confirmation_sent_at,
                            raw_app_meta_data, raw_user_meta_data, created_at, updated_at)
    values (p_id, '00000000-0000-0000-0000-000000000000', 'authenticated', 'authenticated', p_email, p_phone, p_hash,
            case when not v_all_confirmed then v_now end,
            jsonb_build_object('provider', v_providers[1], 'providers', to_jsonb(v_providers)) || p_app_metadata,
            p_user_metadata
                || jsonb_build_object('sub', p_id, 'email_verified', false, 'phone_verified', false)
                || jsonb_strip_nulls(jsonb_build_object('email', p_email, 'phone', p_phone)),
            v_now, v_now)
    returning * into v_user;
    foreach v_provider in array v_providers loop
        perform local_auth.put_identity(v_user, v_provider, p_user_metadata);
    end loop;
    foreach v_provider in array v_providers loop
        v_is_confirmed := case v_provider when 'email' then p_is_email_confirmed else p_is_phone_confirmed end;
        if v_is_confirmed then
            v_user := local_auth.confirm(v_user.id, v_provider);
        end if;
    end loop;
    return v_user;
end $$;

-- The message to confirm goes out again, which here means: its time is noted. Once in 60 s for a user.
create function local_auth.send_again(p_user auth.users, p_provider text) returns local_auth.answer
language plpgsql volatile set search_path = '' as $$
declare
    v_wait interval := p_user.confirmation_sent_at + interval '60 seconds' - clock_timestamp();
    v_user auth.users;
begin
    if v_wait > interval '0' then
        return local_auth.refused(case p_provider when 'email' then 'over_email_send_rate_limit'
                                                  else 'over_sms_send_rate_limit' end,
                                  ceil(extract(epoch from v_wait))::bigint);
    end if;
    update auth.users u set confirmation_sent_at = clock_timestamp() where u.id = p_user.id returning u.* into v_user;
    return local_auth.answer_of(v_user);
end $$;

-- A user who is not there, for somebody who signs up with a known address: the answer is that of a new one.
create function local_auth.stranger(p_email text, p_phone text, p_data jsonb) returns auth.users
language plpgsql volatile set search_path = '' as $$
declare
    v_user auth.users;
    v_provider text := local_auth.provider_of(p_phone);
begin
    v_user.id := gen_random_uuid();
    v_user.aud := 'authenticated';
    v_user.role := '';
    v_user.email := p_email;
    v_user.phone := p_phone;
    v_user.raw_app_meta_data := jsonb_build_object('provider', v_provider, 'providers', jsonb_build_array(v_provider));
    v_user.raw_user_meta_data := p_data;
    v_user.confirmation_sent_at := clock_timestamp();
    v_user.created_at := v_user.confirmation_sent_at;
    v_user.updated_at := v_user.confirmation_sent_at;
    return v_user;
end $$;

-- local_auth.sign_up: a new user by email or phone, exactly one of which is given.
--
-- Returns     without p_must_confirm a session; with it the bare user, and for an address that is confirmed already a
--             user who does not exist. For one that waits to be confirmed the message goes out again and the password is
--             ignored: it may be somebody else's.
-- Refuses     user_already_exists (only without p_must_confirm), over_email_send_rate_limit, over_sms_send_rate_limit, what is
--             played; unexpected_failure to the slower of two at once, as Supabase Auth does: it looks, and then inserts
create function local_auth.sign_up(
    p_email text, p_phone text, p_password text, p_data json, p_must_confirm boolean, p_agent text, p_ip text)
returns local_auth.answer
language plpgsql volatile security definer set search_path = '' as $$
declare
    -- For known addresses too: the time must not tell them from new ones.
    v_hash text := local_auth.hashed(p_password);
    v_provider text := local_auth.provider_of(p_phone);
    v_user auth.users;
    v_played local_auth.answer;
begin
    v_user := local_auth.user_at(p_email, p_phone);
    if v_user.id is null then
        v_played := local_auth.played_at(coalesce(p_email, p_phone), 'signup');
        if v_played.refusal is not null then
            return v_played;
        end if;
        begin
            v_user := local_auth.add_user(gen_random_uuid(), p_email, p_phone, v_hash, not p_must_confirm,
                                          not p_must_confirm, p_data::jsonb, '{}');
        exception when unique_violation then
            return local_auth.refused('unexpected_failure');
        end;
        if p_must_confirm then
            return local_auth.answer_of(v_user);
        end if;
        return local_auth.open_session(v_user.id, 'password', p_agent, p_ip);
    end if;
    if not p_must_confirm then
        return local_auth.refused('user_already_exists');
    end if;
    if local_auth.is_confirmed(v_user, v_provider) then
        return local_auth.answer_of(local_auth.stranger(p_email, p_phone, p_data::jsonb));
    end if;
    return local_auth.send_again(v_user, v_provider);
end $$;

-- local_auth.verify: confirms an address with the code of a message, and opens a session.
--
-- Refuses     otp_expired (a wrong code, too late, nobody waits at this address), user_banned
--
-- No message is sent on a private cluster: the code is always 123456, for an hour.
create function local_auth.verify(p_email text, p_phone text, p_code text, p_agent text, p_ip text)
returns local_auth.answer
language plpgsql volatile security definer set search_path = '' as $$
declare
    v_provider text := local_auth.provider_of(p_phone);
    v_now timestamptz := clock_timestamp();
    v_user auth.users;
begin
    perform local_auth.lock_address(coalesce(p_email, p_phone));
    v_user := local_auth.user_at(p_email, p_phone);
    if v_user.id is null or p_code <> '123456' or local_auth.is_confirmed(v_user, v_provider)
       or v_user.confirmation_sent_at is null or v_user.confirmation_sent_at < v_now - interval '1 hour' then
        return local_auth.refused('otp_expired');
    end if;
    if local_auth.is_banned(v_user) then
        return local_auth.refused('user_banned');
    end if;
    perform local_auth.confirm(v_user.id, v_provider);
    return local_auth.open_session(v_user.id, 'otp', p_agent, p_ip);
end $$;

-- local_auth.resend: the message to confirm once more. An address where nobody waits is answered the same.
--
-- Refuses     over_email_send_rate_limit, over_sms_send_rate_limit
create function local_auth.resend(p_email text, p_phone text) returns local_auth.answer
language plpgsql volatile security definer set search_path = '' as $$
declare
    v_provider text := local_auth.provider_of(p_phone);
    v_user auth.users;
begin
    perform local_auth.lock_address(coalesce(p_email, p_phone));
    v_user := local_auth.user_at(p_email, p_phone);
    if v_user.id is null or local_auth.is_confirmed(v_user, v_provider) then
        return local_auth.refused(null);
    end if;
    return local_auth.send_again(v_user, v_provider);
end $$;

-- local_auth.read_user: the holder of an access token.
--
-- Refuses     user_not_found, session_not_found, user_banned
create function local_auth.read_user(p_user_id uuid, p_session_id uuid) returns local_auth.answer
language plpgsql stable security definer set search_path = '' as $$
declare
    v_refusal text := local_auth.caller_refusal(p_user_id, p_session_id);
    v_user auth.users;
begin
    if v_refusal is not null then
        return local_auth.refused(v_refusal);
    end if;
    select u.* into strict v_user from auth.users u where u.id = p_user_id;
    return local_auth.answer_of(v_user);
end $$;

-- Whether somebody else has the address: email_exists, phone_exists, or null. Keeps it from everybody else from now on.
create function local_auth.address_refusal(p_user_id uuid, p_email text, p_phone text) returns text
language plpgsql volatile set search_path = '' as $$
begin
    if p_email is not null then
        perform local_auth.lock_address(p_email);
    end if;
    if p_phone is not null then
        perform local_auth.lock_address(p_phone);
    end if;
    return case
        when exists (select from auth.users u
                      where u.email = p_email and u.is_sso_user = false and u.id is distinct from p_user_id)
            then 'email_exists'
        when exists (select from auth.users u where u.phone = p_phone and u.id is distinct from p_user_id)
            then 'phone_exists'
    end;
end $$;

-- Gives a user other addresses, which count as confirmed; null keeps the one there is.
create function local_auth.set_addresses(p_user_id uuid, p_email text, p_phone text) returns void
language plpgsql volatile set search_path = '' as $$
declare
    v_now timestamptz := clock_timestamp();
    v_user auth.users;
    v_provider text;
begin
    foreach v_provider in array array_remove(array[case when p_email is not null then 'email' end,
                                                   case when p_phone is not null then 'phone' end], null) loop
        update auth.users u
           set email = coalesce(p_email, u.email),
               phone = coalesce(p_phone, u.phone),
               email_confirmed_at = case v_provider when 'email' then v_now else u.email_confirmed_at end,
               phone_confirmed_at = case v_provider when 'phone' then v_now else u.phone_confirmed_at end,
               raw_app_meta_data = u.raw_app_meta_data || jsonb_build_object(
                   'providers', (u.raw_app_meta_data -> 'providers') - v_provider || to_jsonb(v_provider)),
               raw_user_meta_data = u.raw_user_meta_data || jsonb_build_object(
                   v_provider, case v_provider when 'email' then p_email else p_phone end, v_provider || '_verified', true)
         where u.id = p_user_id
        returning u.* into v_user;
        perform local_auth.put_identity(v_user, v_provider, '{}');
    end loop;
end $$;

-- local_auth.update_user: what a user may change of the own account; null leaves a thing as it is.
--
-- Locks       the user's row
-- Refuses     user_not_found, session_not_found, user_banned, email_exists, phone_exists, same_password
--
-- A new password ends the other sessions. A new address takes effect at once and counts as confirmed, with
-- p_must_confirm as well: messages to two addresses are beyond what a stand-in is for.
create function local_auth.update_user(
    p_user_id uuid, p_session_id uuid, p_email text, p_phone text, p_password text, p_data json)
returns local_auth.answer
language plpgsql volatile security definer set search_path = '' as $$
declare
    v_user auth.users := local_auth.locked_user(p_user_id);
    v_refusal text := coalesce(local_auth.caller_refusal(p_user_id, p_session_id),
                               local_auth.address_refusal(p_user_id, p_email, p_phone));
begin
    if v_refusal is null and p_password is not null
       and local_auth.is_password(p_password, v_user.encrypted_password) then
        v_refusal := 'same_password';
    end if;
    if v_refusal is not null then
        return local_auth.refused(v_refusal);
    end if;
    perform local_auth.set_addresses(p_user_id, nullif(p_email, v_user.email), nullif(p_phone, v_user.phone));
    update auth.users u
       set raw_user_meta_data = local_auth.merged(u.raw_user_meta_data, p_data::jsonb),
           encrypted_password = case when p_password is null then u.encrypted_password
                                     else local_auth.hashed(p_password) end,
           updated_at = clock_timestamp()
     where u.id = p_user_id;
    if p_password is not null then
        delete from auth.sessions s where s.user_id = p_user_id and s.id <> p_session_id;
    end if;
    return local_auth.read_user(p_user_id, p_session_id);
end $$;
