#!/usr/bin/env bash
# A database of version 0.1.0 is brought to this checkout by scripts/migrate: nothing of it is lost, nothing old stays callable.
#
# fixtures/0.1.0.schema.sql is what scripts/schema of that version printed, fixtures/0.1.0.data.sql what was done with it.
# Neither is ever changed.
# shellcheck source=tests/run/support.sh
source "$(dirname "${BASH_SOURCE[0]}")/support.sh"
fixtures=$root/tests/run/fixtures
a_database one
migrate() { "$root/scripts/migrate" --database-url "$admin"; }

# ---- The calls of this checkout's functions: the one place to change when their arguments do.

# spend KEY_TEXT ENTRY: Ann's request to spend 30 under the idempotency key spend-1, by the server whose API key is given;
# prints status and entry.
spend() {
    sql <<<"select status, entry from farebox_api.spend_one('api_key', sha256('$1'), '$2', null, 101, 30, null, 'spend-1',
                sha256('spend 30'), 'a call', '{\"model\": \"x\"}', now() + interval '1 min')"
}

# capture KEY_TEXT AMOUNT: captures of Bob's hold; prints status and amount.
capture() {
    sql <<<"select status, amount from farebox_api.end_holds(array[1], array['api_key'], array[sha256('$1')],
                array[gen_random_uuid()], array['d1000000-0000-7000-8000-000000000001']::uuid[], array[$2]::bigint[], array[false],
                array[null]::text[], array[null]::json[], now() + interval '1 min')"
}

# scopes_of KEY_TEXT: what is known of an API key; nothing of one that is not alive.
scopes_of() { sql <<<"select name, scopes from farebox_api.find_credential(sha256('$1')) where kind = 'api_key'"; }

# Keys move to another table, whole. What they were is read before the migration, what they are after it.
keys_before() {
    sql <<'END'
select 'api_key', id, hash, null, name, scopes, prefix, created_at, expires_at, revoked_at from farebox.api_keys
union all
select 'billing_key', id, hash, user_id, null, '{}', preview, created_at, 'infinity', revoked_at from farebox.billing_keys
 order by 2
END
}
keys_after() {
    sql <<'END'
select kind, id, hash, owner, name, scopes, preview, created_at, expires_at, revoked_at from farebox.credentials order by id
END
}

# ----

functions() {
    sql <<'END'
select p.oid::regprocedure::text, pg_get_function_result(p.oid) from pg_proc p
 where p.pronamespace in ('farebox'::regnamespace, 'farebox_api'::regnamespace) order by 1;
END
}

# Every row of every table, the history of migrations included; the random tags of pg_dump are not the database's.
rows_there() {
    "$POSTGRES_BIN/pg_dump" --data-only --schema farebox --schema farebox_migrations --dbname "$admin" | grep -vE '^\\(un)?restrict '
}

# Every entry, but for columns that it has nothing in: later versions have more of them.
journal() { sql <<<'select json_strip_nulls(to_json(e)) from farebox.entries e order by e.id'; }

# What migrations make of a database that has nothing yet: the cluster's first one.
a_checkout scratch_made
scratch_made=$scratch/scratch_made
"$scratch_made/scripts/snapshot" --database-url "$admin" >/dev/null
made=$(functions)

# A database that nobody has migrated: the roles and schemas of sql/local and nothing else.
forget_schema
"$PSQL" -X -q -v ON_ERROR_STOP=1 -d "$superuser" -c 'drop owned by farebox_app' -c 'drop role farebox_app'
sql <"$fixtures/0.1.0.schema.sql" >/dev/null
sql <"$fixtures/0.1.0.data.sql" >/dev/null
# Fay has an account too, by a mailbox with a tag and by another provider, and has never spent. Gil has never confirmed.
sql <<'END'
insert into auth.users (id, email, email_confirmed_at) values
    ('a1000000-0000-4000-8000-000000000106', 'f.ay+tag@gmail.com', now()),
    ('a1000000-0000-4000-8000-000000000107', 'gil@example.invalid', null);
insert into auth.identities (user_id, provider, provider_id, identity_data)
values ('a1000000-0000-4000-8000-000000000106', 'google', 'fay', '{}');
update farebox.settings set subscription_required = true;
END
wallets=$(sql <<<'select id, kind, owner, balance, held, debt, seq from farebox.wallets order by id')
journal=$(journal)
keys=$(keys_before)
# An argument list that a version between then and now may have had: under a grant by schema it would be callable.
sql <<<"create function farebox_api.spend_one(p_id uuid) returns text language sql as 'select ''free'''"

holds "a database of version 0.1.0 is migrated" migrate
equals "no function is there that the files do not make, by name, arguments and result" "$made" "$(functions)"
holds "and the schema is the one that migrations make from nothing" \
    "$scratch_made/scripts/snapshot" --check --database-url "$admin"
equals "every wallet has what it had" "$wallets" \
    "$(sql <<<'select id, kind, owner, balance, held, debt, seq from farebox.wallets order by id')"
equals "the journal is what it was" "$journal" "$(journal)"
equals "where a subscription was required it still is" "required" "$(sql <<<'select subscription_gate from farebox.settings')"
equals "its open holds are counted on the wallet that has them" "a1000000-0000-4000-8000-000000000102 1" \
    "$(sql <<<"select string_agg(id || ' ' || open_holds, ', ' order by id) from farebox.wallets where open_holds <> 0")"
equals "numbers name the same wallets" "101 1470, 102 400, erased 49995" \
    "$(sql <<<"select string_agg(case when u.erased_at is null then u.number::text else 'erased' end || ' ' || w.balance, ', ' order by u.id)
                 from farebox.users u join farebox.wallets w on w.id = u.id
                where u.id not in ('a1000000-0000-4000-8000-000000000106', 'a1000000-0000-4000-8000-000000000107')")"
equals "the user who left stays gone" "t|t|t" \
    "$(sql <<<"select u.email is null, w.blocked_at is not null, exists (select from farebox.used_addresses)
                 from farebox.users u join farebox.wallets w on w.id = u.id where u.id = 'a1000000-0000-4000-8000-000000000103'")"
equals "every key is what it was: id, hash, kind, owner, name, scopes, preview, times" "$keys" "$(keys_after)"
equals "and there are three of them" "3" "$(wc -l <<<"$keys")"
refuses "a user has one live billing key, as before" "credentials_live_billing_key" sql <<<"insert into farebox.credentials (kind, owner, hash, preview)
    select 'billing_key', owner, sha256('another'), 'sk-fb-another' from farebox.credentials where kind = 'billing_key'"
equals "numbers that are dealt from now on are above every one that was dealt before" "t" \
    "$(sql <<<"select nextval('farebox.user_numbers') * 1024 > max(number) from farebox.users")"

# Twice.
before=$(functions && rows_there)
contains "migrating again applies nothing" "schema is up to date" "$(migrate | head -n 1)"
equals "and changes nothing" "$before" "$(functions && rows_there)"

# Whoever had a key has it still.
equals "an API key keeps its scopes" "server|{read,spend,hold,grant,users}" "$(scopes_of fb_upgrade_server)"
equals "a revoked one stays revoked" "" "$(scopes_of fb_upgrade_revoked)"
equals "a used idempotency key answers with the entry it made" "replayed|e1000000-0000-7000-8000-000000000003" \
    "$(spend fb_upgrade_server e1000000-0000-7000-8000-0000000000ff)"
contains "a revoked API key moves nothing" "unauthorized|" "$(spend fb_upgrade_revoked e1000000-0000-7000-8000-0000000000fe)"
equals "the open hold is captured, once" "ok|200 hold_already_settled|200" \
    "$(capture fb_upgrade_server 200) $(capture fb_upgrade_server 100)"
equals "and what it did not need is free" "200|0" "$(sql <<<"select balance, held from farebox.wallets where id = 'a1000000-0000-4000-8000-000000000102'")"
refuses "the journal is append-only as before" "the journal is append-only" sql <<<'update farebox.entries set amount = 1'

# Starting tokens. registers ID EMAIL [GOOGLE]: prints the balance.
registers() {
    sql <<END
insert into auth.users (id, email) values ('$1', nullif('$2', ''));
insert into auth.identities (user_id, provider, provider_id, identity_data) select '$1', 'google', '$3', '{}' where '$3' <> '';
update auth.users set email_confirmed_at = case when email <> '' then now() end where id = '$1';
select balance from farebox.wallets where id = '$1';
END
}
equals "a new account gets its wallet as before" "50000" "$(registers a1000000-0000-4000-8000-000000000104 dora@example.invalid '')"
equals "but an address that had its starting tokens gets none" "0" "$(registers a1000000-0000-4000-8000-000000000105 cleo@example.invalid '')"
equals "nor one whose account got them before the upgrade" "0" "$(registers a1000000-0000-4000-8000-000000000108 fay@googlemail.com '')"
sql <<<"update auth.users set email_confirmed_at = now() where id = 'a1000000-0000-4000-8000-000000000107'"
equals "who had them unconfirmed has had them" "50000" "$(sql <<<"select balance from farebox.wallets where id = 'a1000000-0000-4000-8000-000000000107'")"
sql <<<"delete from auth.users where id in ('a1000000-0000-4000-8000-000000000106', 'a1000000-0000-4000-8000-000000000107')"
equals "leaving and coming back by another provider brings none" "0" "$(registers a1000000-0000-4000-8000-000000000109 '' fay)"
equals "nor by the address that was not confirmed" "0" "$(registers a1000000-0000-4000-8000-000000000110 gil@example.invalid '')"
equals "the trigger is the one of this checkout" \
    "CREATE TRIGGER farebox_follow_user AFTER INSERT OR DELETE OR UPDATE ON auth.users FOR EACH ROW EXECUTE FUNCTION farebox.follow_auth_user()" \
    "$(sql <<<"select pg_get_triggerdef(oid) from pg_trigger where tgname = 'farebox_follow_user'")"
holds "the books balance" "$root/scripts/verify" --database-url "$admin"
# Only the table's owner could, or an update of Supabase.
superuser_sql() { "$PSQL" -X -q -w -A -t -v ON_ERROR_STOP=1 -d "$superuser" -c "$1"; }
superuser_sql 'alter table auth.users disable trigger farebox_follow_user'
refuses "a trigger that is disabled is told" "by the trigger: run scripts/migrate" "$root/scripts/verify" --database-url "$admin"
migrate >/dev/null
holds "migrating enables it" "$root/scripts/verify" --database-url "$admin"
superuser_sql 'alter trigger farebox_follow_user on auth.users rename to other'
refuses "and one that is lost" "it is not there" "$root/scripts/verify" --database-url "$admin"
superuser_sql 'drop trigger other on auth.users'
migrate >/dev/null
holds "and migrating makes it again" "$root/scripts/verify" --database-url "$admin"
contains "and old users are told from new ones" "5 wallets are of users whose number does not tell the slot" \
    "$("$root/scripts/verify" --database-url "$admin")"
