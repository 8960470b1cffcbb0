-- farebox_api.registration_ids: the id and the number that a registration is answered with while there is no session.
--
-- Called by   handlers/register
-- Locks       nothing
-- Raises      FB000 unless there is exactly one address
--
-- A registration of an address that has an account must look like any other, and like the one before it, so both are made of the
-- address, whoever has it: by HMAC, or a stranger could make them too. Nobody has the number: those that are dealt end below 2^52.
-- Like every user's, it ends in the slot of the id. A login tells the real ones. It asks for no caller, since nobody has logged
-- in; it tells nothing that depends on an account, and makes and credits nothing.

create or replace function farebox_api.registration_ids(p_email text, p_phone text, out id uuid, out number bigint)
language plpgsql
stable
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
    v_salt bytea := (select s.address_salt from farebox.settings s);
    v_made bytea;
begin
    if (p_email is null) = (p_phone is null) then
        raise exception 'malformed call' using errcode = 'FB000';
    end if;
    -- The salt is for digests of addresses too, which are not to say anything of these.
    v_made := farebox.hmac_sha256(v_salt, convert_to('registration ' || coalesce(p_email, p_phone), 'UTF8'));
    -- With the version and the variant of ids that are random, as those of Supabase Auth are.
    id := encode(set_byte(set_byte(substring(v_made from 1 for 16), 6, get_byte(v_made, 6) & 15 | 64), 8,
                          get_byte(v_made, 8) & 63 | 128), 'hex')::uuid;
    number := 4503599627370496
              + (('x' || encode(substring(v_made from 17 for 6), 'hex'))::bit(48)::bigint & 4398046511103) * 1024
              + farebox.slot_of(id);
end $$;
