# shellcheck shell=bash
# Which database a script works on, and psql on it. The connection is the owner's (role postgres), not the handlers'.
#
# A password never stands in an argument list, which every user of the machine can read: it is taken out of the URL and
# handed over in the environment.

# percent_decode TEXT: %XX as bytes.
percent_decode() {
    local text=${1//\\/\\\\}
    printf '%b' "${text//%/\\x}"
}

# use_database URL: a libpq URI or keyword string; sets $database (without password) and PGPASSWORD.
use_database() {
    local quoted="'(([^'\\\\]|\\\\.)*)'"
    database=$1
    if [[ $1 =~ ^(postgres(ql)?://[^:@/]*):([^@/]*)@(.*)$ ]]; then
        database=${BASH_REMATCH[1]}@${BASH_REMATCH[4]}
        PGPASSWORD=$(percent_decode "${BASH_REMATCH[3]}")
        export PGPASSWORD
    elif [[ $1 =~ ^(.*[?&])password=([^&]*)\&?(.*)$ && $1 == postgres*://* ]]; then
        database=${BASH_REMATCH[1]}${BASH_REMATCH[3]}
        PGPASSWORD=$(percent_decode "${BASH_REMATCH[2]}")
        export PGPASSWORD
    elif [[ $1 != postgres*://* && $1 =~ ^(|.*[[:space:]])password[[:space:]]*=[[:space:]]*($quoted|[^[:space:]\']+)(.*)$ ]]; then
        database=${BASH_REMATCH[1]}${BASH_REMATCH[5]}
        PGPASSWORD=${BASH_REMATCH[3]:-${BASH_REMATCH[2]}}
        # shellcheck disable=SC2001 # a back-reference
        PGPASSWORD=$(sed 's/\\\(.\)/\1/g' <<<"$PGPASSWORD")
        export PGPASSWORD
    fi
}

# choose_database URL DIR: an explicit URL, then MIGRATE_DATABASE_URL or ADMIN_DATABASE_URL of the environment, then the
# stack in DIR.
choose_database() {
    local url=${1:-${MIGRATE_DATABASE_URL:-${ADMIN_DATABASE_URL:-}}}
    if [[ -z $url ]]; then
        [[ -e $2/stack.env ]] ||
            fail "which database? Give --database-url, set MIGRATE_DATABASE_URL, or start a farebox in $2 with scripts/run"
        url=$("$root/scripts/stack" env --dir "$2" | sed -n 's/^ADMIN_DATABASE_URL=//p')
        eval "url=$url" # printed with printf %q by our own script
    fi
    use_database "$url"
}

# run_psql [OPTIONS]: a script on standard input; the first error ends it.
run_psql() {
    psql_program=${psql_program:-$(newest_postgres psql)/psql}
    "$psql_program" -X -q -w -v ON_ERROR_STOP=1 -v VERBOSITY=terse -d "$database" "$@"
}

# rows: the same, printing bare rows with | between columns.
rows() { run_psql -A -t -F '|'; }
