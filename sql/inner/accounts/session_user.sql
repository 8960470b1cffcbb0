-- farebox.session_user: whose session this is, if it still stands: not logged out, expired, banned, deleted, and its refresh
-- token not stolen. Null if not.
--
-- Called by   farebox.caller_refusal, farebox_api.session_stands
-- Locks       nothing
--
-- p_proof is what an access token says, 32 bytes: the ids of the session and of its user. They must belong together.
--
-- When a refresh token is used again that was used before, Supabase Auth revokes all of its session and leaves the session's row.
-- So a session must have a refresh token that is not revoked, which takes one look at an index of Supabase's. Refresh tokens of its
-- second kind have no rows: such a session has a counter, and is deleted instead. Versions before October 2025 lack the column;
-- then the name means the one of `older`, which is null.
--
-- auth.sessions is a managed table whose columns may change: the check stands here and nowhere else. The owner must be
-- able to read it past row level security, as Supabase's `postgres` can; another owner would see no session at all.

create or replace function farebox.session_user(p_proof bytea, p_now timestamptz) returns uuid
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
begin
    return (select z.user_id
              from (select null::bigint as refresh_token_counter) older
             cross join auth.sessions z
              join auth.users u on u.id = z.user_id
             where z.id = encode(substring(p_proof from 1 for 16), 'hex')::uuid
               and z.user_id = encode(substring(p_proof from 17), 'hex')::uuid
               and (z.not_after is null or z.not_after > p_now)
               and (u.banned_until is null or u.banned_until <= p_now) and u.deleted_at is null
               and (exists (select from auth.refresh_tokens t where t.session_id = z.id and t.revoked = false)
                    or (select refresh_token_counter from auth.sessions y where y.id = z.id) is not null));
end $$;
