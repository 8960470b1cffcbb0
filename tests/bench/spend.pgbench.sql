-- One keyed spend, a key of its own each time. `n` counts in each client. The id has its milliseconds first, as
-- farebox's ids have them, so the journal's index grows in order; the fingerprint is a constant, which costs pgbench
-- less than a SHA-256 costs farebox.
\set n :n + 1
\set number random(:first, :last)
select status, entry, amount, before, after, available
  from farebox_api.spend_one(
    'api_key', :proof,
    encode(overlay(uuid_send(gen_random_uuid())
                   placing substring(int8send((extract(epoch from clock_timestamp()) * 1000)::bigint) from 3)
                   from 1 for 6), 'hex')::uuid,
    null, :number, 1, null, :run || '-' || :client_id || '-' || :n,
    '\x0000000000000000000000000000000000000000000000000000000000000000', 'bench', null,
    now() + interval '4 seconds');
