-- farebox.caller_refusal: why this caller may not do this to this wallet at this moment, or null when it may.
-- farebox.caller_refusals: the same for the requests of a batch, in their order.
--
-- Called by   every function of farebox_api that moves tokens or shows somebody's data, after the wallet's lock where it
--             takes one: whoever has lost the right by then moves nothing
-- Locks       nothing
-- Returns     null; unauthorized (nobody alive proves to be this caller); forbidden (it may not do this at all); p_absent
--             (it may, but not to this wallet, and it is not told whether that exists)
-- Raises      FB000 when the caller is missing or of no kind that is known: absence is never a right
--
--   p_caller        p_proof, 32 bytes                            may, where
--   api_key         SHA-256 of the key                           its scopes have p_scope
--   user            ids of the session and of its user           p_admits has `user`, on the user's own wallet
--   operator        the same                                     p_admits has `operator` and farebox.admins the user
--   admin_session   SHA-256 of its token                         the same, for whose session it is
--   device          SHA-256 of its token                         p_admits has `device`, on the device's own wallet
--   billing_key     SHA-256 of the key                           p_admits has `billing_key`, on its user's own wallet
--   provider        SHA-256 of the provider's secret             p_admits has `provider`
--
-- A user who is an operator is one only where the handler says so: what a person may do as a user is not what they may do
-- in somebody else's name. The two functions stand in one file because they are one rule; the second exists so that a
-- batch under one key costs one look.

create or replace function farebox.caller_refusal(
    p_caller text, p_proof bytea,
    p_scope farebox.scope,   -- what an API key needs; null: no API key may
    p_admits text[],         -- who else may: of user, device, billing_key, operator, provider
    p_wallet uuid,           -- whose it is; null where the one that was named is not there
    p_absent text,           -- the answer about a wallet that is not the caller's
    p_now timestamptz)
returns text
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
    v_owner uuid; -- of the wallet that the caller may call its own
    v_scopes farebox.scope[];
begin
    if p_caller is null or octet_length(p_proof) is distinct from 32 or p_admits is null or p_absent is null then
        raise exception 'a call without a caller' using errcode = 'FB000';
    end if;

    if p_caller in ('user', 'operator') then
        v_owner := farebox.session_user(p_proof, p_now);
        if v_owner is null then
            return 'unauthorized';
        end if;
    elsif p_caller in ('api_key', 'admin_session', 'device', 'billing_key', 'provider') then
        select x.owner, x.scopes into v_owner, v_scopes
          from farebox.credentials x
         where x.hash = p_proof and x.kind = p_caller and x.revoked_at is null and x.expires_at > p_now;
        if not found then
            return 'unauthorized';
        end if;
    else
        raise exception 'an unknown kind of caller' using errcode = 'FB000';
    end if;

    -- A statement of its own: what has a query in it costs a query each time, whatever stands before it.
    if p_caller in ('operator', 'admin_session') then
        if not exists (select from farebox.admins a where a.user_id = v_owner) then
            return 'forbidden';
        end if;
    end if;
    return case
        when p_caller = 'api_key' then case when p_scope = any (v_scopes) then null else 'forbidden' end
        when p_caller = 'provider' then case when 'provider' = any (p_admits) then null else 'forbidden' end
        when p_caller in ('operator', 'admin_session') then case when 'operator' = any (p_admits) then null else 'forbidden' end
        else case when p_caller = any (p_admits) is not true then 'forbidden'
                  when p_wallet = v_owner then null
                  else p_absent end
    end;
end $$;

create or replace function farebox.caller_refusals(
    p_caller text[], p_proof bytea[], p_scope farebox.scope, p_admits text[], p_wallet uuid[], p_absent text,
    p_now timestamptz)
returns text[]
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
    size constant int := cardinality(p_caller);
    v_alive bytea[];
    v_allowed bytea[];
begin
    if size is null or array_dims(p_proof) is distinct from array_dims(p_caller)
       or array_dims(p_wallet) is distinct from array_dims(p_caller) or p_admits is null or p_absent is null then
        raise exception 'a call without a caller' using errcode = 'FB000';
    end if;
    -- What a batch nearly always is: one key's. To a key it is the same whose the wallet is.
    if p_caller = array_fill('api_key'::text, array[size]) and p_proof = array_fill(p_proof[1], array[size]) then
        return array_fill(farebox.caller_refusal('api_key', p_proof[1], p_scope, p_admits, null, p_absent, p_now), array[size]);
    end if;
    if exists (select from unnest(p_caller, p_proof) r(caller, proof)
                where r.caller is null or octet_length(r.proof) is distinct from 32) then
        raise exception 'a call without a caller' using errcode = 'FB000';
    end if;

    select coalesce(array_agg(k.hash), '{}'), coalesce(array_agg(k.hash) filter (where p_scope = any (k.scopes)), '{}')
      into v_alive, v_allowed
      from farebox.credentials k
     where k.hash = any (p_proof) and k.kind = 'api_key' and k.revoked_at is null and k.expires_at > p_now;

    return (select array_agg(
                       case when r.caller <> 'api_key'
                            then farebox.caller_refusal(r.caller, r.proof, p_scope, p_admits, r.wallet, p_absent, p_now)
                            when not r.proof = any (v_alive) then 'unauthorized'
                            when not r.proof = any (v_allowed) then 'forbidden' end
                       order by r.n)
              from unnest(p_caller, p_proof, p_wallet) with ordinality r(caller, proof, wallet, n));
end $$;
