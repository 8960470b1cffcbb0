# shellcheck shell=bash
# What the tests of the scripts stand on. A test is a bash script of rules; each rule that breaks is named, and the test
# fails at its end. All it makes lies in $scratch, and every stack there is removed when it ends, however it ends.

set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
bin=${FAREBOX_TEST_BIN:-$root/build/release/bin}
scratch=$(mktemp -d /tmp/farebox-run.XXXXXX)
chmod 0755 "$scratch" # Postgres runs as another user when this is root
broken=0
unset "${!PG@}" DATABASE_URL MIGRATE_DATABASE_URL ADMIN_DATABASE_URL API_SECRET_KEY INTERNAL_API_KEY FAREBOX_CORS_ORIGINS \
    REQUEST_TIMEOUT_MS

clean_up() {
    local marker
    trap '' INT TERM HUP
    while IFS= read -r marker; do
        "$root/scripts/stack" remove --dir "${marker%/.farebox}" || true
    done < <(find "$scratch" -name .farebox)
    # What a test has parted from its directory.
    for marker in /var/lib/farebox/*/owner; do
        [[ $(sed -n 2p "$marker" 2>/dev/null) != "$scratch"/* ]] || rm -rf "${marker%/owner}"
    done
    rm -rf "$scratch"
}
# shellcheck disable=SC2154 # assigned in the trap itself
trap 'status=$?; clean_up; [[ $status -eq 0 && $broken -eq 0 ]]' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

# broke RULE DETAIL
broke() {
    printf 'BROKEN: %s\n%s\n' "$1" "    ${2//$'\n'/$'\n'    }"
    broken=$((broken + 1))
}

# equals RULE EXPECTED ACTUAL
equals() { [[ $3 == "$2" ]] || broke "$1" "expected: $2"$'\n'"found:    $3"; }

# contains RULE PART TEXT
contains() { [[ $3 == *"$2"* ]] || broke "$1" "expected in it: $2"$'\n'"found:          $3"; }

lacks() { [[ $3 != *"$2"* ]] || broke "$1" "must not be in it: $2"$'\n'"found:             $3"; }

# holds RULE COMMAND...
holds() {
    local rule=$1 output
    shift
    output=$("$@" 2>&1) || broke "$rule" "$* ended with $?"$'\n'"$output"
}

# refuses RULE SENTENCE COMMAND...: the command fails and says so.
refuses() {
    local rule=$1 sentence=$2 output
    shift 2
    if output=$("$@" 2>&1); then
        broke "$rule" "$* succeeded"$'\n'"$output"
    else
        contains "$rule" "$sentence" "$output"
    fi
}

# shellcheck disable=SC2034 # for the tests
# a_database NAME: a migrated private cluster in $scratch/NAME; sets $admin and $superuser to its connections.
a_database() {
    "$root/scripts/stack" up --dir "$scratch/$1" --database-only >/dev/null
    eval "$("$root/scripts/stack" env --dir "$scratch/$1")"
    admin=$ADMIN_DATABASE_URL superuser=$SUPERUSER_DATABASE_URL
    unset DATABASE_URL ADMIN_DATABASE_URL
}

# shellcheck disable=SC2034 # for the tests
# a_farebox NAME [OPTIONS OF UP]: a whole one; sets $url too.
a_farebox() {
    local name=$1
    shift
    "$root/scripts/stack" up --dir "$scratch/$name" --port 0 --bin "$bin" "$@" >/dev/null
    eval "$("$root/scripts/stack" env --dir "$scratch/$name")"
    admin=$ADMIN_DATABASE_URL url=$FAREBOX_URL
    unset DATABASE_URL ADMIN_DATABASE_URL
}

# processes_of DIR: "name pid" of every process of the stack in DIR, handlers too (these know it by their environment) and nginx's
# workers (by what they have open).
processes_of() {
    local path name
    for path in /proc/[0-9]*; do
        name=$(readlink "$path/exe") || continue
        name=${name##*/}
        [[ " postgres nginx activator tail $handlers " == *" $name "* ]] || continue
        ! grep -qaF -- "$1" "$path/cmdline" && ! grep -qaF -- "$1/" "$path/environ" && ! grep -qF -- "$1/" <<<"$(find "$path/fd" -lname '*nginx*' -printf '%l\n')" || printf '%s %s\n' "$name" "${path#/proc/}"
    done 2>/dev/null
}
# shellcheck source=scripts/lib/endpoints.sh
source "$root/scripts/lib/endpoints.sh"
handlers=$(handler_names)

# sql < script: as the owner.
sql() { "$PSQL" -X -q -w -A -t -v ON_ERROR_STOP=1 -v VERBOSITY=terse -d "$admin"; }

# Back to a database that no migration has seen.
forget_schema() {
    sql <<<'set client_min_messages = warning; drop schema if exists farebox, farebox_api, farebox_migrations cascade;'
}

# until_true SECONDS COMMAND...
until_true() {
    local deadline=$((SECONDS + $1))
    shift
    until "$@" >/dev/null 2>&1; do
        ((SECONDS <= deadline)) || return 1
        sleep 0.05
    done
}

process_ended() { ! kill -0 "$1" 2>/dev/null; }

# interrupt_start DIR FILE: starts a farebox in DIR and interrupts it once FILE is there, as Ctrl-C in a terminal does: the signal
# goes to all that the start runs. It cannot end before, since its last step, asking for /health, takes long.
interrupt_start() {
    mkdir -p "$scratch/slow"
    printf '#!/bin/sh\nexec sleep 10\n' >"$scratch/slow/curl"
    chmod 0755 "$scratch/slow/curl"
    rm -f "$scratch/starter"
    # shellcheck disable=SC2016 # for the inner shell
    PATH=$scratch/slow:$PATH setsid --fork bash -c 'echo $$ >"$0"; exec "$@"' "$scratch/starter" "$root/scripts/stack" up --dir "$1" --port 0 --bin "$bin" \
        </dev/null >"$scratch/started" 2>&1
    until_true 60 test -e "$1/$2" || broke "a start makes $2" "$(<"$scratch/started")"
    kill -s INT -- "-$(<"$scratch/starter")"
    until_true 60 process_ended "$(<"$scratch/starter")" || broke "Ctrl-C ends a start" "$(<"$scratch/started")"
}

# A checkout that a test may change: the scripts and the SQL.
a_checkout() {
    mkdir "$scratch/$1"
    cp -r "$root/scripts" "$root/sql" "$root/nginx" "$root/handlers" "$scratch/$1/"
}
