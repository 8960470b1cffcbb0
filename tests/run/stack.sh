#!/usr/bin/env bash
# scripts/stack: what it starts, what it refuses, and that it leaves nothing behind.
# shellcheck source=tests/run/support.sh
source "$(dirname "${BASH_SOURCE[0]}")/support.sh"
stack() { "$root/scripts/stack" "$@"; }
is_root() { [[ $EUID -eq 0 ]]; }
unset FAREBOX_CLUSTER_TEMPLATE # a cluster of its own, from the beginning

a_farebox one
one=$scratch/one
holds "a farebox answers once it is up" curl -sf "$url/health"

# The database as Supabase has it, and closed to everybody without a password.
equals "the owner of farebox is no superuser" "f|t|t|t|t" "$(sql <<<'select rolsuper, rolcreatedb, rolcreaterole, rolreplication, rolbypassrls from pg_roles where rolname = current_user')"
equals "commits are durable" "on|on|on" "$(sql <<<"select current_setting('fsync'), current_setting('synchronous_commit'), current_setting('full_page_writes')")"
equals "Postgres listens on no network" "" "$(sql <<<"select current_setting('listen_addresses')")"
refuses "nobody comes in without a password" "no password supplied" "$PSQL" -w -d "host=$(readlink -f "$one/pg") dbname=postgres user=supabase_admin"
equals "secrets are the owner's alone" "700 600 600 600 600" "$(stat -c %a "$one/secrets" "$one"/secrets/*.pgpass | tr '\n' ' ' | sed 's/ $//')"
lacks "no password is in an argument list" "$(sed 's/.*://' "$one/secrets/farebox_app.pgpass")" "$(cat /proc/[0-9]*/cmdline 2>/dev/null | tr '\0' ' ')"
lacks "nor in the server's log" "$(sed 's/.*://' "$one/secrets/farebox_app.pgpass")" "$(<"$one/log/postgres.log")"
if is_root; then
    equals "Postgres does not run as root" "postgres" "$(stat -c %U "/proc/$POSTGRES_PID")"
    equals "nginx's workers do not run as root" "www-data" "$(stat -c %U "/proc/$(cut -d ' ' -f 1 "/proc/$NGINX_PID/task/$NGINX_PID/children")")"
fi

# Taken directories and ports.
port=${url##*:}
refuses "a directory with a running farebox is refused, by pid" "nginx $NGINX_PID" stack up --dir "$one" --port 0 --bin "$bin"
refuses "a taken port is refused, by pid" "port $port is taken by nginx: master process" stack up --dir "$scratch/two" --port "$port" --bin "$bin"
refuses "with the pid of who has it" "(pid $NGINX_PID)" stack up --dir "$scratch/two" --port "$port" --bin "$bin"
equals "and nothing is left behind" "" "$(ls -d "$scratch/two" 2>/dev/null || true)$(processes_of "$scratch/two")"
holds "the farebox that has it goes on" curl -sf "$url/health"
mkdir "$scratch/foreign" && echo precious >"$scratch/foreign/PG_VERSION"
refuses "a directory with something else in it is refused" "holds something that is not a farebox's" stack up --dir "$scratch/foreign" --port 0 --bin "$bin"
equals "and is left as it was" "PG_VERSION precious" "$(ls -A "$scratch/foreign") $(<"$scratch/foreign/PG_VERSION")"
refuses "programs that are not built are missed by name" "run scripts/build first" stack up --dir "$scratch/two" --port 0 --bin "$scratch"
refuses "an origin that is none never reaches nginx" "is not an origin" env FAREBOX_CORS_ORIGINS='https://a.example; evil' "$root/scripts/stack" up --dir "$scratch/two" --port 0 --bin "$bin"
refuses "nor does every origin" "'*' is not an origin" env FAREBOX_CORS_ORIGINS='*' "$root/scripts/stack" up --dir "$scratch/two" --port 0 --bin "$bin"
equals "a start that fails half-way leaves nothing behind" "" "$(ls -d "$scratch/two" 2>/dev/null || true)$(processes_of "$scratch/two")"

for file in .farebox postgres log/postgres.log postgres/data/postmaster.pid pids/postgres log/activator.log pids/activator nginx/main.conf; do
    interrupt_start "$scratch/two" "$file"
    equals "one that is interrupted at $file leaves nothing behind either" "" "$(ls -d "$scratch/two" 2>/dev/null || true)$(processes_of "$scratch/two")"
done

# Parts that end and come back.
stack postgres-kill --dir "$one"
refuses "without Postgres it is not healthy" "503" curl -sSf "$url/health"
stack postgres-start --dir "$one"
holds "after Postgres was killed it recovers" stack wait --dir "$one"
stack postgres-stop --dir "$one"
stack postgres-start --dir "$one"
holds "after Postgres was stopped too" stack wait --dir "$one"

# Down and up again.
stack down --dir "$one"
equals "down ends every process" "" "$(processes_of "$one")"
holds "down again is harmless" stack down --dir "$one"
stack up --dir "$one" --port "$port" --bin "$bin" --instances 2 >/dev/null
holds "it comes up again on the same port" curl -sf "$url/health"
kill -KILL "$(stack env --dir "$one" | sed -n 's/^NGINX_PID=//p')" "$(stack env --dir "$one" | sed -n 's/^ACTIVATOR_PID=//p')"
no_handler_left() { [[ -z $(processes_of "$one" | sed -E '/^(postgres|nginx) /d') ]]; }
until_true 10 no_handler_left || broke "no handler outlives the activator" "$(processes_of "$one")"
contains "workers of nginx do" "nginx " "$(processes_of "$one")"
stack down --dir "$one"
equals "down after a crash ends what is left" "" "$(processes_of "$one")"

# Copies of a finished cluster, for tests.
key_of() { find "$scratch/templates" -mindepth 1 -maxdepth 1 -printf '%f\n'; }
stack template --dir "$scratch/templates" >/dev/null
copy() { FAREBOX_CLUSTER_TEMPLATE=$scratch/templates "$@"; }
said=$(copy stack up --dir "$scratch/copy" --port 0 --bin "$bin")
lacks "a copied cluster has the schema already" "migrate:" "$said"
holds "and all works" stack wait --dir "$scratch/copy"
eval "$(stack env --dir "$scratch/copy" | sed -n 's/^SUPERUSER_DATABASE_URL=/copied=/p')"
holds "its superuser has a password of its own" "$PSQL" -X -w -d "${copied:-}" -c 'select 1'
equals "no secret is left beside the template" "" "$(find "$scratch/templates/$(key_of)" -name '*.pgpass')"
stack remove --dir "$scratch/copy"
a_checkout changed
echo "-- changed" >>"$scratch/changed/sql/grants.sql"
said=$(copy "$scratch/changed/scripts/stack" up --dir "$scratch/copy" --database-only)
contains "a template of other SQL is not used" "migrate:" "$said"
stack remove --dir "$scratch/copy"
said=$(FAREBOX_ENV=production copy stack up --dir "$scratch/copy" --database-only)
contains "nor is any in production" "migrate:" "$said"
stack remove --dir "$scratch/copy"

# Paths.
long=$scratch/$(printf 'a%.0s' {1..120})
holds "a path too long for sockets works" stack up --dir "$long" --port 0 --bin "$bin"
holds "with everything" stack wait --dir "$long"
sockets=$(readlink "$long/run" || true)
stack remove --dir "$long"
equals "and leaves nothing in /tmp" "" "$(ls -d "${sockets%/run}" "$long" 2>/dev/null || true)"
holds "a path with a space works" stack up --dir "$scratch/with a space" --port 0 --bin "$bin"
stack remove --dir "$scratch/with a space"
if is_root; then
    mkdir -m 0700 "$scratch/closed"
    said=$(stack up --dir "$scratch/closed/farebox" --port 0 --bin "$bin")
    contains "in a directory closed to others the data is elsewhere, and it says where" "/var/lib/farebox/" "$said"
    holds "and all works" stack wait --dir "$scratch/closed/farebox"
    home=$(readlink "$scratch/closed/farebox/postgres")
    stack remove --dir "$scratch/closed/farebox"
    equals "removing it removes that too" "" "$(ls -d "${home%/postgres}" 2>/dev/null || true)"
fi
