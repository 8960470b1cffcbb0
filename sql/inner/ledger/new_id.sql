-- farebox.new_id: a time-ordered id (UUID version 7, RFC 9562, 5.7) for what the database makes itself: expiries, lapses,
-- parts of a transfer. Its low 10 bits are p_slot, the slot of the wallet it belongs to (farebox.slot_of).

create or replace function farebox.new_id(p_slot int) returns uuid
language sql
volatile
set search_path = pg_catalog, pg_temp
as $$
    -- A random version 4 id gets the milliseconds in its first six bytes; setting bits 52 and 53 turns 0100 into 0111.
    select encode(
        set_byte(set_byte(
            set_bit(set_bit(
                overlay(r.random placing substring(int8send((extract(epoch from clock_timestamp()) * 1000)::bigint) from 3)
                        from 1 for 6),
                52, 1), 53, 1),
            14, get_byte(r.random, 14) & 252 | p_slot >> 8),
            15, p_slot & 255),
        'hex')::uuid
      from (select uuid_send(gen_random_uuid()) as random) r
$$;
