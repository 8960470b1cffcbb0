# shellcheck shell=bash
# The keys that handlers are given in their environment (API_SECRET_KEY, INTERNAL_API_KEY), as rows of the database: without
# one a key opens nothing. Needs lib/database.sh.

readonly environment_key_names=(API_SECRET_KEY INTERNAL_API_KEY)

# environment_key NAME: its value, from the environment or from a file of that name in CREDENTIALS_DIRECTORY, as handlers
# read it; nothing when it is not set.
environment_key() {
    local value=${!1:-}
    if [[ -z $value && -n ${CREDENTIALS_DIRECTORY:-} && -r $CREDENTIALS_DIRECTORY/$1 ]]; then
        value=$(<"$CREDENTIALS_DIRECTORY/$1")
        value=${value//$'\r'/}
    fi
    printf '%s' "$value"
}

# sha256_of TEXT: in hex. The text goes to openssl on standard input: an argument list could be read by every user of the
# machine.
sha256_of() { printf '%s' "$1" | openssl dgst -sha256 -hex | sed 's/.* //'; }

# register_environment_keys: a line for each key that is set, saying what became of it; nothing when none is.
register_environment_keys() {
    local name value names='' hashes=''
    for name in "${environment_key_names[@]}"; do
        value=$(environment_key "$name")
        [[ -n $value ]] || continue
        names+="${names:+, }'$name'"
        hashes+="${hashes:+, }'\\x$(sha256_of "$value")'"
    done
    [[ -n $names ]] || return 0
    run_psql -A -t <<<"select farebox.register_environment_keys(array[$names], array[$hashes]::bytea[]);"
}
