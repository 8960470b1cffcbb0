-- What an operator does with accounts of the stand-in (03_local_auth.sql).

set local role supabase_auth_admin;

-- Until when a ban of so many seconds lasts: null keeps what there is, 0 lifts it.
create function local_auth.ban_end(p_ban_seconds bigint, p_old timestamptz) returns timestamptz
language sql volatile set search_path = '' as $$
    select case when p_ban_seconds is null then p_old
                when p_ban_seconds > 0 then clock_timestamp() + make_interval(secs => p_ban_seconds) end
$$;

-- local_auth.admin_create: a user. Without a password a random one is set. p_id null: any.
--
-- Refuses     user_already_exists (the id), email_exists, phone_exists
create function local_auth.admin_create(
    p_id uuid, p_email text, p_phone text, p_password text, p_is_email_confirmed boolean, p_is_phone_confirmed boolean,
    p_user_metadata json, p_app_metadata json, p_ban_seconds bigint)
returns local_auth.answer
language plpgsql volatile security definer set search_path = '' as $$
declare
    v_refusal text := local_auth.address_refusal(null, p_email, p_phone);
    v_user auth.users;
begin
    if exists (select from auth.users u where u.id = p_id) then
        v_refusal := 'user_already_exists';
    end if;
    if v_refusal is not null then
        return local_auth.refused(v_refusal);
    end if;
    v_user := local_auth.add_user(
        coalesce(p_id, gen_random_uuid()), p_email, p_phone,
        local_auth.hashed(coalesce(p_password, encode(extensions.gen_random_bytes(32), 'hex'))),
        p_is_email_confirmed, p_is_phone_confirmed, p_user_metadata::jsonb, p_app_metadata::jsonb);
    update auth.users u set banned_until = local_auth.ban_end(p_ban_seconds, null) where u.id = v_user.id
    returning u.* into v_user;
    return local_auth.answer_of(v_user);
end $$;

-- local_auth.admin_read
--
-- Refuses     user_not_found
create function local_auth.admin_read(p_id uuid) returns local_auth.answer
language plpgsql stable security definer set search_path = '' as $$
declare
    v_user auth.users;
begin
    select u.* into v_user from auth.users u where u.id = p_id;
    if v_user.id is null then
        return local_auth.refused('user_not_found');
    end if;
    return local_auth.answer_of(v_user);
end $$;

-- local_auth.admin_update: as update_user, of anybody; null leaves a thing as it is, in metadata null deletes a member. A
-- new password ends all sessions. A ban ends none, but none of them goes on while it lasts.
--
-- Locks       the user's row
-- Refuses     user_not_found, email_exists, phone_exists
create function local_auth.admin_update(
    p_id uuid, p_email text, p_phone text, p_password text, p_is_email_confirmed boolean, p_is_phone_confirmed boolean,
    p_user_metadata json, p_app_metadata json, p_ban_seconds bigint)
returns local_auth.answer
language plpgsql volatile security definer set search_path = '' as $$
declare
    v_user auth.users := local_auth.locked_user(p_id);
    v_refusal text := local_auth.address_refusal(p_id, p_email, p_phone);
begin
    if v_user.id is null then
        return local_auth.refused('user_not_found');
    end if;
    if v_refusal is not null then
        return local_auth.refused(v_refusal);
    end if;
    perform local_auth.set_addresses(p_id, nullif(p_email, v_user.email), nullif(p_phone, v_user.phone));
    update auth.users u
       set email_confirmed_at = case when p_is_email_confirmed and u.email is not null
                                     then coalesce(u.email_confirmed_at, clock_timestamp()) else u.email_confirmed_at end,
           phone_confirmed_at = case when p_is_phone_confirmed and u.phone is not null
                                     then coalesce(u.phone_confirmed_at, clock_timestamp()) else u.phone_confirmed_at end,
           raw_user_meta_data = local_auth.merged(u.raw_user_meta_data, p_user_metadata::jsonb),
           raw_app_meta_data = local_auth.merged(u.raw_app_meta_data, p_app_metadata::jsonb),
           banned_until = local_auth.ban_end(p_ban_seconds, u.banned_until),
           encrypted_password = case when p_password is null then u.encrypted_password
                                     else local_auth.hashed(p_password) end,
           updated_at = clock_timestamp()
     where u.id = p_id;
    if p_password is not null then
        delete from auth.sessions s where s.user_id = p_id;
    end if;
    return local_auth.admin_read(p_id);
end $$;

-- local_auth.admin_delete: softly the row stays, unreadable and without sessions; else it goes, unless something refers
-- to it, which raises foreign_key_violation.
--
-- Refuses     user_not_found
create function local_auth.admin_delete(p_id uuid, p_is_soft boolean) returns local_auth.answer
language plpgsql volatile security definer set search_path = '' as $$
declare
    v_user auth.users := local_auth.locked_user(p_id);
begin
    if v_user.id is null then
        return local_auth.refused('user_not_found');
    end if;
    if not p_is_soft then
        delete from auth.users u where u.id = p_id;
        return local_auth.refused(null);
    end if;
    delete from auth.sessions s where s.user_id = p_id;
    delete from auth.identities i where i.user_id = p_id;
    update auth.users u
       set email = encode(sha256(convert_to(p_id || u.email, 'UTF8')), 'hex'),
           phone = left(encode(sha256(convert_to(p_id || u.phone, 'UTF8')), 'hex'), 15),
           encrypted_password = '', raw_user_meta_data = '{}', raw_app_meta_data = '{}',
           deleted_at = clock_timestamp(), updated_at = clock_timestamp()
     where u.id = p_id;
    return local_auth.refused(null);
end $$;

-- local_auth.admin_list: one page of all users, newest first, and how many there are.
create function local_auth.admin_list(p_page bigint, p_per_page bigint, out total bigint, out users_json text)
language plpgsql stable security definer set search_path = '' as $$
begin
    total := (select count(*) from auth.users);
    users_json := (
        select coalesce(jsonb_agg(local_auth.account(u) order by u.created_at desc, u.id), '[]')
          from (select v.* from auth.users v order by v.created_at desc, v.id
                 limit p_per_page offset (p_page - 1) * p_per_page) u);
end $$;
