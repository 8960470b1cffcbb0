#!/usr/bin/env bash
# scripts/stack: what it starts, what it refuses, and that it leaves nothing behind.
# shellcheck source=tests/run/support.sh
source "$(dirname "${BASH_SOURCE[0]}")/support.sh"
stack() { "$root/scripts/stack" "$@"; }
is_root() { [[ $EUID -eq 0 ]]; }
unset FAREBOX_CLUSTER_TEMPLATE # a cluster of its own, from the beginning

# With every secret that there can be.
API_SECRET_KEY=$(openssl rand -hex 32) INTERNAL_API_KEY=$(openssl rand -hex 32) SUPABASE_JWT_SECRET=$(openssl rand -hex 32) \
    PGPASSWORD=of-somebody a_farebox one
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

# Handlers: as whom they run, and what they know.
wake_all() {
    local name path
    for name in $handlers; do
        path=$("$bin/$name" --endpoints | sed -nE '1s/.*"pattern":"([^"]*)".*/\1/p' | sed 's/{[^}]*}/1/g')
        curl -s -o /dev/null -m 20 "$url$path"
    done
}
wake_all
# "name pid" of each handler that runs.
running() {
    local pid
    while read -r pid; do
        printf '%s %s\n' "$(<"/proc/$pid/comm")" "$pid"
    done < <(tr ' ' '\n' <"/proc/$ACTIVATOR_PID/task/$ACTIVATOR_PID/children" | sed '/^$/d')
}
equals "each handler runs" "$(tr ' ' '\n' <<<"$handlers" | sed '/^$/d' | sort)" "$(running | cut -d ' ' -f 1 | sort)"
# holders VARIABLE: the handlers that have it.
holders() {
    local name pid
    while read -r name pid; do
        ! tr '\0' '\n' <"/proc/$pid/environ" | grep -q "^$1=" || printf '%s ' "$name"
    done < <(running | sort)
}
equals "a key for all of the project is with those that use it" "login profile register " "$(holders SUPABASE_SECRET_KEY)"
for name in API_SECRET_KEY INTERNAL_API_KEY SUPABASE_JWT_SECRET; do
    equals "what tells a caller is with those that ask who calls: $name" "balance holds profile spend users " "$(holders "$name")"
done
for name in LOCAL_AUTH_KEY LOCAL_AUTH_SERVICE_KEY LOCAL_AUTH_DATABASE_URL; do
    equals "what makes a token is with the stand-in alone: $name" "supabase_auth " "$(holders "$name")"
done
equals "the database's password is with those that call it" "balance health holds login profile register spend users " "$(holders DATABASE_URL)"
equals "what a caller has set for another database is with nobody" "" "$(holders PGPASSWORD)"
unneeded() {
    local name pid
    while read -r name pid; do
        tr '\0' '\n' <"/proc/$pid/environ" | sed -nE 's/^([A-Za-z_][A-Za-z_0-9]*)=.*/\1/p' | sort |
            comm -23 - <("$bin/$name" --needs | sort) |
            { grep -vxE 'PATH|TZ|LANG|LC_ALL|TMPDIR|LD_LIBRARY_PATH|SSL_CERT_(FILE|DIR)|MALLOC_ARENA_MAX|.*SAN_OPTIONS' || [[ $? -eq 1 ]]; } | sed "s/^/$name /"
    done < <(running)
}
equals "no handler has what it does not say that it reads" "" "$(unneeded)"
if is_root; then
    as_handler() { setpriv --reuid _farebox --regid _farebox --clear-groups "$@"; }
    users=$({ running && printf 'activator %s\n' "$ACTIVATOR_PID"; } | while read -r name pid; do
        sed -nE "s/^(Uid|Gid|Groups):[[:space:]]*/\1 /p" "/proc/$pid/status" | tr '\t' ' '
    done | sort -u)
    id=$(id -u _farebox) group=$(id -g _farebox)
    equals "neither a handler nor what starts it runs as root, or has a group of others" \
        "Gid $group $group $group $group"$'\n'"Groups "$'\n'"Uid $id $id $id $id" "$users"
    refuses "the handlers' user cannot read a secret" "Permission denied" as_handler cat "$one/secrets/farebox_app.pgpass"
    refuses "nor what the activator knows for all of them" "Permission denied" as_handler cat "/proc/$ACTIVATOR_PID/environ"
    refuses "nor a log of another" "Permission denied" as_handler cat "$one/log/access.log"
    refuses "nor put something in place of one" "Permission denied" as_handler touch "$one/log/new.log"
    equals "the sockets are the web server's to use, and nobody else's" "_farebox www-data 660" "$(stat -c '%U %G %a' "$one/run/health.sock")"
fi
contains "what a handler says is in its log" '"event":"started"' "$(<"$one/log/health.log")"
token=$(curl -s -m 20 -d '{"email": "ann@wallet.example", "password": "correct horse 9"}' "$url/api/v1/auth/register" |
    sed -nE 's/.*"access_token":"([^"]*)".*/\1/p')
holds "a token is judged" curl -sf -m 20 -o /dev/null -H "Authorization: Bearer $token" "$url/api/v1/auth/me"
equals "the project's keys are shared in a file of the handlers'" "600" "$(stat -c %a "$one/run/jwks.json")"

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
    mkdir "$scratch/closed/bin"
    cp "$bin/activator" "$bin/health" "$bin/supabase_auth" "$scratch/closed/bin"
    stack down --dir "$scratch/closed/farebox"
    holds "programs in it run" stack up --dir "$scratch/closed/farebox" --port 0 --bin "$scratch/closed/bin" --handlers "health supabase_auth"
    eval "$(stack env --dir "$scratch/closed/farebox" | grep -E '^(ACTIVATOR_PID|FAREBOX_URL)=')"
    equals "and not as root" "$(id -u _farebox)" "$(sed -nE 's/^Uid:\t([0-9]+).*/\1/p' "/proc/$ACTIVATOR_PID/status")"
    curl -s -o /dev/null -m 20 "$FAREBOX_URL/auth/v1/health?apikey=any"
    contains "with their logs where they were" '"event":"started"' "$(<"$scratch/closed/farebox/log/supabase_auth.log")"
    chmod 0700 "$scratch/closed/bin/health"
    stack down --dir "$scratch/closed/farebox"
    refuses "one that nobody else may run is named" "health: Permission denied" stack up --dir "$scratch/closed/farebox" --port 0 --bin "$scratch/closed/bin" --handlers "health supabase_auth"
    home=$(readlink "$scratch/closed/farebox/postgres")
    stack remove --dir "$scratch/closed/farebox"
    equals "removing it removes that too" "" "$(ls -d "${home%/postgres}" 2>/dev/null || true)"
fi
