-- farebox.slot_of: the low 10 bits of an id. Those of a wallet's id are its slot: one of 1024 parts that wallets may be
-- spread over one day. Ids of entries and holds, and users' numbers, have the low 10 bits of their wallet's id, so that
-- whatever a client names tells where to look. Wallets made before 0.2.0 keep their number: only their id tells the slot.

create or replace function farebox.slot_of(p_id uuid) returns int
language sql
immutable
set search_path = pg_catalog, pg_temp
as $$
    select (get_byte(b, 14) & 3) << 8 | get_byte(b, 15) from uuid_send(p_id) b
$$;
