# shellcheck shell=bash
# Sourced first by every script: strict mode, where the repository lies, how a script speaks and how it fails.

set -euo pipefail
# A script's own words are English and its sorting is by bytes, whatever the caller's locale.
export LC_ALL=C.UTF-8
# Debian keeps nginx where only root looks.
PATH=$PATH:/usr/sbin:/sbin

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
export root

say() { printf '%s\n' "$*"; }

warn() { printf '%s: %s\n' "${0##*/}" "$*" >&2; }

# One clear sentence on standard error, then exit 1.
fail() {
    warn "$*"
    exit 1
}

# The script's head comment is its help.
usage() {
    awk 'NR > 1 && (!/^#/ || /^# shellcheck/) { exit } NR > 1 { sub(/^# ?/, ""); print }' "$0"
}

wants_help() {
    local argument
    for argument in "$@"; do
        if [[ $argument == --help || $argument == -h ]]; then
            usage
            exit 0
        fi
    done
}

# value OPTION VALUES...: the argument after an option, or a sentence that it is missing.
value() {
    [[ $# -ge 2 && -n $2 ]] || fail "$1 needs a value (see --help)"
    printf '%s' "$2"
}

is_root() { [[ $EUID -eq 0 ]]; }

# newest_postgres [PROGRAM]: the bin directory of the newest PostgreSQL here that has the program. Debian's wrappers in
# /usr/bin are left alone: they look for clusters of their own kind.
newest_postgres() {
    local directory
    directory=$(find /usr/lib/postgresql -mindepth 3 -maxdepth 3 -path "*/bin/${1:-initdb}" -printf '%h\n' \
        2>/dev/null | sort -V | tail -n 1)
    [[ -n $directory ]] || fail "PostgreSQL is not installed (no /usr/lib/postgresql/*/bin/${1:-initdb}): run scripts/packages"
    printf '%s' "$directory"
}
