-- farebox.mailbox: the mailbox that an email address leads to, whatever way it is written; null of what is no address.
--
-- Called by   farebox.account_digests
-- Locks       nothing
--
-- In lower case, without a `+tag`, without a dot at the end of the domain, and at gmail.com, which is googlemail.com too,
-- without dots. It is for comparing, not for writing to.

create or replace function farebox.mailbox(p_email text) returns text
language sql
immutable
set search_path = pg_catalog, pg_temp
as $$
    select case when a.domain in ('gmail.com', 'googlemail.com') then replace(b.name, '.', '') || '@gmail.com'
                else b.name || '@' || a.domain end
      from (select lower(substring(p_email from '^(.*)@')) as name,
                   rtrim(lower(substring(p_email from '@([^@]*)$')), '.') as domain) a
     cross join lateral (select coalesce(nullif(split_part(a.name, '+', 1), ''), a.name) as name) b
$$;
