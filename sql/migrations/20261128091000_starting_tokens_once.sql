-- Starting tokens are given once to a person, whom an address or an identity of another provider tells. What an account has
-- is written down when it is given them, and not only when it leaves: at that time Supabase Auth has removed half of it.

-- Null: nothing has proved yet whose account it is. Only who says so begins like this: a function of an earlier version, which
-- gives the tokens with the row, may still run until the functions are replaced.
alter table farebox.users add column starting_tokens_at timestamptz;
update farebox.users u set starting_tokens_at = u.created_at;
alter table farebox.users alter column starting_tokens_at set default clock_timestamp();
comment on column farebox.users.starting_tokens_at is
    'When a person had their turn at the starting tokens, and got none if an address or identity of theirs had had them.';

comment on table farebox.used_addresses is
    'Digests of addresses and identities that have had their starting tokens. To let one have them again, delete its row.';

-- Which of them an account has. Nothing of one that has left: a digest that is free names no id, and an id no digest.
create table farebox.user_addresses (
    user_id uuid not null references farebox.users (id),
    digest bytea not null references farebox.used_addresses (digest) on delete cascade,
    primary key (user_id, digest)
);
create index user_addresses_digest on farebox.user_addresses (digest);
comment on table farebox.user_addresses is 'Which digests of farebox.used_addresses are of a user who is there.';
alter table farebox.user_addresses enable row level security;
create policy deny_all on farebox.user_addresses for all to public using (false) with check (false);

-- Everybody who is here has had a turn, with an address that was never confirmed too: so far nobody was asked to.
do $$
begin
    create temp table entered (user_id uuid, email text, other text) on commit drop;
    insert into entered
    select u.id, u.email, u.phone from farebox.users u where not u.managed and u.erased_at is null;
    if to_regclass('auth.users') is not null then
        insert into entered
        select z.id, z.email, nullif(z.phone, '')
          from auth.users z
          join farebox.users u on u.id = z.id and not u.managed and u.erased_at is null;
    end if;
    if to_regclass('auth.identities') is not null then
        insert into entered
        select i.user_id, null, i.provider || ' ' || i.provider_id
          from auth.identities i
          join farebox.users u on u.id = i.user_id and not u.managed and u.erased_at is null
         where i.provider not in ('email', 'phone', 'web3');
    end if;

    -- A mailbox, as farebox.mailbox says it.
    create temp table digests on commit drop as
    select distinct e.user_id, sha256(s.address_salt || convert_to(x.address, 'UTF8')) as digest
      from entered e
     cross join farebox.settings s
     cross join lateral (select lower(substring(e.email from '^(.*)@')) as name,
                                rtrim(lower(substring(e.email from '@([^@]*)$')), '.') as domain) a
     cross join lateral (select coalesce(nullif(split_part(a.name, '+', 1), ''), a.name) as name) b
     cross join lateral (values (case when a.domain in ('gmail.com', 'googlemail.com')
                                      then replace(b.name, '.', '') || '@gmail.com' else b.name || '@' || a.domain end),
                                (e.other)) x(address)
     where x.address is not null;
    insert into farebox.used_addresses (digest) select distinct d.digest from digests d on conflict do nothing;
    insert into farebox.user_addresses (user_id, digest) select d.user_id, d.digest from digests d;
end $$;
