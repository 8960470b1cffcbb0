#!/usr/bin/env bash
# scripts/migrate: what it does to a database, and what it refuses.
# shellcheck source=tests/run/support.sh
source "$(dirname "${BASH_SOURCE[0]}")/support.sh"
a_database one

state() {
    sql <<'END'
select 'applied', a.* , a.xmin from farebox_migrations.applied a order by 2;
select 'function', p.oid::regprocedure::text, md5(pg_get_functiondef(p.oid)), p.proacl from pg_proc p
 where p.pronamespace in ('farebox'::regnamespace, 'farebox_api'::regnamespace) order by 2;
select 'trigger', t.oid, t.tgrelid::regclass, t.tgname, t.tgenabled, t.tgfoid::regprocedure from pg_trigger t
  join pg_proc p on p.oid = t.tgfoid
 where p.pronamespace = 'farebox'::regnamespace order by 2;
select 'table', c.oid, c.relname, c.relacl from pg_class c where c.relnamespace = 'farebox'::regnamespace order by 2;
END
}
migrate() { "$root/scripts/migrate" --database-url "$admin"; }

# Twice in a row.
sql <<<"select farebox.create_api_key('tests', sha256('tests'), 'fb_tests', '{users,grant}')" >/dev/null
sql <<<"select farebox_api.create_user('api_key', sha256('tests'), farebox.new_id(7), 7, null, null, 100, gen_random_uuid(), null, null,
                                        now() + '1 min')" >/dev/null
before=$(state)
output=$(migrate)
equals "running it again changes nothing" "$before" "$(state)"
equals "and keeps the data" "100" "$(sql <<<"select balance from farebox.wallets w join farebox.users u on u.id = w.id where number = 7")"
lacks "and applies nothing" "migrate: " "$output"
contains "the last line says where the schema is" "schema is up to date ($(find "$root/sql/migrations" -name '*.sql' | wc -l) migrations, $(find "$root/sql/api" "$root/sql/inner" "$root/sql/operator" -name '*.sql' | wc -l) functions)" "$(tail -n 1 <<<"$output")"

# Functions are what the files say: a text that was replaced leaves nothing behind.
sql <<'END'
create function farebox_api.spend_one(p_id uuid) returns text language sql as $$ select 'free' $$;
create function farebox.leftover(p_n int) returns int language sql return p_n;
create function farebox_api.leftover() returns int language sql return farebox.leftover(1);
grant execute on all functions in schema farebox_api to farebox_app;
END
holds "migrate runs where functions are that no file makes" migrate
equals "and they are gone, the same name with other arguments too; the triggers never were" "$before" "$(state)"

a_checkout other
sed -i 's/out number bigint)/out number bigint, out more text)/' "$scratch/other/sql/api/accounts/registration_ids.sql"
holds "a function's result may change" "$scratch/other/scripts/migrate" --database-url "$admin"
equals "and does" "more" "$(sql <<<"select proargnames[5] from pg_proc where oid = 'farebox_api.registration_ids'::regproc")"
holds "and changes back" migrate
equals "which leaves no trace" "$before" "$(state)"

sql <<'END'
create function farebox.is_whole(p_n numeric) returns boolean immutable language sql return p_n = trunc(p_n);
create function farebox.is_price(p_n numeric) returns boolean immutable language sql return farebox.is_whole(p_n) and p_n > 0;
create function farebox.first_price() returns numeric language sql return 1;
create function farebox.cents(p_n numeric) returns numeric immutable language sql return p_n * 100;
create table farebox.prices (price numeric default farebox.first_price() check (farebox.is_price(price)));
create index prices_cents on farebox.prices (farebox.cents(price));
create function public.a_number() returns bigint language sql return (farebox_api.registration_ids('ann@example.com', null)).number;
END
holds "a function that a table, an index or somebody's function needs is in nobody's way" migrate
equals "and stays, with the functions it needs itself" "4" "$(sql <<<"select count(*) from pg_proc
    where pronamespace = 'farebox'::regnamespace and proname in ('is_whole', 'is_price', 'first_price', 'cents')")"
refuses "so the constraint still holds" "violates check constraint" sql <<<'insert into farebox.prices values (0.5)'
holds "and somebody's function still runs" sql <<<'select public.a_number()'
sql <<<'drop function public.a_number; drop table farebox.prices'
migrate >/dev/null
equals "what is needed no longer goes with the next run" "$before" "$(state)"

# Several at once, on a database that has nothing yet.
for round in 1 2 3; do
    forget_schema
    runners=()
    for runner in 1 2 3 4; do
        migrate >"$scratch/runner.$runner" 2>&1 &
        runners+=($!)
    done
    for runner in "${!runners[@]}"; do
        wait "${runners[$runner]}" || broke "runners at once all succeed (round $round)" "$(cat "$scratch/runner.$((runner + 1))")"
    done
    equals "runners at once apply each migration once (round $round)" "$(find "$root/sql/migrations" -name '*.sql' | wc -l)" \
        "$(sql <<<'select count(*) from farebox_migrations.applied')"
    holds "and end in the schema of a single run (round $round)" "$root/scripts/snapshot" --check --database-url "$admin"
done

# What it refuses.
a_checkout changed
changed=$scratch/changed
first=$(find "$changed/sql/migrations" -name '*.sql' | sort | head -n 1)
printf -- '-- an afterthought\n' >>"$first"
refuses "a migration that was changed after it was applied is refused" "has changed since it was applied here" \
    "$changed/scripts/migrate" --database-url "$admin"

a_checkout failing
failing=$scratch/failing
printf 'create table farebox.half (id int);\nselect 1 / 0;\n' >"$failing/sql/migrations/20991231235959_failing.sql"
refuses "a migration that fails is named" "migrate: 20991231235959 failing" \
    "$failing/scripts/migrate" --database-url "$admin"
refuses "and changes nothing" "the database is as it was" "$failing/scripts/migrate" --database-url "$admin"
equals "and leaves no trace" "|0" "$(sql <<<"select to_regclass('farebox.half'), (select count(*) from farebox_migrations.applied where version like '2099%')")"
printf 'create table farebox.whole (id int);\n' >"$failing/sql/migrations/20991231235959_failing.sql"
holds "and may be corrected, since it was never applied" "$failing/scripts/migrate" --database-url "$admin"
refuses "a checkout older than the database is refused" "has migration 20991231235959, which this checkout does not know" migrate
printf 'nonsense' >"$failing/sql/migrations/late.sql"
refuses "a migration without a version in its name is refused" "is named <14 digits>_<name>.sql" \
    "$failing/scripts/migrate" --database-url "$admin"

# A function that fails to load takes no other with it.
a_checkout broken
rm "$failing/sql/migrations/late.sql"
cp "$failing"/sql/migrations/* "$scratch/broken/sql/migrations/"
before=$(state)
printf 'create or replace function farebox.broken() returns int language plpgsql as $$ begin return 1; end $$;\n' >"$scratch/broken/sql/inner/aaa.sql"
printf 'create function\n' >"$scratch/broken/sql/inner/zzz.sql"
printf 'create table farebox.fine (id int);\n' >"$scratch/broken/sql/migrations/20991231235960_fine.sql"
refuses "functions that do not load are refused together" "the database is as it was" \
    "$scratch/broken/scripts/migrate" --database-url "$admin"
equals "and none of them is there, nor what a migration made for them" "$before" "$(state)"
