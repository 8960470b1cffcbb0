-- farebox.hmac_sha256: HMAC (RFC 2104) with SHA-256, of which Postgres has only the half without an extension.
--
-- Called by   farebox_api.registration_ids
-- Locks       nothing

create or replace function farebox.hmac_sha256(p_key bytea, p_message bytea) returns bytea
language plpgsql
immutable
set search_path = pg_catalog, pg_temp
as $$
declare
    v_key bytea := case when octet_length(p_key) > 64 then sha256(p_key) else p_key end;
    v_inner bytea := decode(repeat('36', 64), 'hex');
    v_outer bytea := decode(repeat('5c', 64), 'hex');
begin
    for i in 0 .. octet_length(v_key) - 1 loop
        v_inner := set_byte(v_inner, i, get_byte(v_inner, i) # get_byte(v_key, i));
        v_outer := set_byte(v_outer, i, get_byte(v_outer, i) # get_byte(v_key, i));
    end loop;
    return sha256(v_outer || sha256(v_inner || p_message));
end $$;
