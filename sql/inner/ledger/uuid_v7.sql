-- farebox.uuid_v7: a time-ordered id (RFC 9562, 5.7) for entries that the database makes itself: expiries, lapses.

create or replace function farebox.uuid_v7() returns uuid
language sql
volatile
set search_path = pg_catalog, pg_temp
as $$
    -- A random version 4 id gets the milliseconds in its first six bytes; setting bits 52 and 53 turns 0100 into 0111.
    select encode(
        set_bit(set_bit(
            overlay(uuid_send(gen_random_uuid())
                    placing substring(int8send((extract(epoch from clock_timestamp()) * 1000)::bigint) from 3)
                    from 1 for 6),
            52, 1), 53, 1),
        'hex')::uuid
$$;
