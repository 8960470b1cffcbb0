-- farebox.address_digest: what is kept of a mailbox, a phone or an identity. Null of null.
--
-- Called by   farebox.account_digests
-- Locks       nothing

create or replace function farebox.address_digest(p_address text) returns bytea
language sql
stable
set search_path = pg_catalog, pg_temp
as $$
    select sha256(s.address_salt || convert_to(p_address, 'UTF8')) from farebox.settings s
$$;
