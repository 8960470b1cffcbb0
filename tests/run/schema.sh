#!/usr/bin/env bash
# scripts/schema and scripts/snapshot: the schema as one text, and as a committed file.
# shellcheck source=tests/run/support.sh
source "$(dirname "${BASH_SOURCE[0]}")/support.sh"
a_database one

# paste CHECKOUT: an SQL editor sends the whole text as one query. It is too long for an argument.
paste() {
    "$1/scripts/schema" >"$scratch/schema.sql"
    schema=$scratch/schema.sql "$PSQL" -X -q -w -v ON_ERROR_STOP=1 -d "$admin" -o /dev/null <<'END'
\set text `cat "$schema"`
select :'text' \gexec
END
}

forget_schema
holds "the schema can be pasted into an SQL editor" paste "$root"
holds "and is then the schema that migrate makes" "$root/scripts/snapshot" --check --database-url "$admin"
applied=$(sql <<<'select a.*, a.xmin from farebox_migrations.applied a order by 1')
holds "pasting it twice is harmless" paste "$root"
equals "and applies nothing again" "$applied" "$(sql <<<'select a.*, a.xmin from farebox_migrations.applied a order by 1')"
lacks "migrate afterwards has nothing to apply" "migrate: " "$("$root/scripts/migrate" --database-url "$admin")"

a_checkout changed
printf -- '-- an afterthought\n' >>"$(find "$scratch/changed/sql/migrations" -name '*.sql' | sort | head -n 1)"
refuses "a text whose past was rewritten is refused" "has changed since it was applied here" \
    paste "$scratch/changed"

equals "the snapshot holds no function's body" "0" "$(grep -cE '\$\$|^ *(begin|end|declare)\b' "$root/sql/tables.snapshot.sql")"
sql <<<'create table farebox.unplanned (id int)'
refuses "a schema other than the committed snapshot is shown" "+CREATE TABLE farebox.unplanned" \
    "$root/scripts/snapshot" --check --database-url "$admin"
sql <<<'drop table farebox.unplanned; alter function farebox.flush stable'
refuses "so is another way to call a function" "+    LANGUAGE plpgsql STABLE" \
    "$root/scripts/snapshot" --check --database-url "$admin"
sql <<<'alter function farebox.flush volatile; grant select on farebox.wallets to farebox_app'
refuses "and so is a right that was not granted there" "+GRANT SELECT ON TABLE farebox.wallets TO farebox_app" \
    "$root/scripts/snapshot" --check --database-url "$admin"
equals "an option without its value is refused, once" "snapshot: --database-url needs a value (see --help)" \
    "$(timeout 5 "$root/scripts/snapshot" --check --database-url '' 2>&1)"
