# shellcheck shell=bash
# The stand-in for Supabase Auth of one stack (handlers/local/supabase_auth): its keys, and what the handlers are told of it. All of
# it is made at the first start and kept in $dir/secrets. Needs $dir, $port and lib/cluster.sh.

# What handlers_start passes on from the caller, or sets for the handlers alone.
readonly local_auth_variables=(SUPABASE_URL SUPABASE_PUBLISHABLE_KEY SUPABASE_SECRET_KEY JWKS_CACHE LOCAL_AUTH_DATABASE_URL
    LOCAL_AUTH_SERVICE_KEY LOCAL_AUTH_KEY LOCAL_AUTH_ISSUER)

# It lets anybody confirm any address, so it is not for production.
leave_out_local_auth() {
    [[ ${FAREBOX_ENV:-} == production && ${LOCAL_AUTH_IN_PRODUCTION:-} != yes ]] || return 0
    handlers=$(tr -s ' ' '\n' <<<"$handlers" | sed '/^supabase_auth$/d' | tr '\n' ' ')
}

# local_auth_key_file publishable|secret: a key for the header apikey, with a random part.
local_auth_key_file() {
    local file=$dir/secrets/supabase_$1.key
    if [[ ! -s $file ]]; then
        (umask 077 && printf 'sb_%s_%s\n' "$1" "$(openssl rand -hex 24)" >"$file.new")
        mv "$file.new" "$file"
    fi
    printf '%s' "$file"
}

# The private key that signs access tokens.
local_auth_signing_key_file() {
    local file=$dir/secrets/local_auth.pem
    if [[ ! -s $file ]]; then
        (umask 077 && openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out "$file.new")
        mv "$file.new" "$file"
    fi
    printf '%s' "$file"
}

# shellcheck disable=SC2034 # handlers_start exports them
# Sets the variables of handlers_start. A caller who names a Supabase project means that one.
tell_local_auth() {
    LOCAL_AUTH_DATABASE_URL=$(handlers_conninfo farebox_local_auth)
    LOCAL_AUTH_SERVICE_KEY=$(<"$(local_auth_key_file secret)")
    LOCAL_AUTH_KEY=$(<"$(local_auth_signing_key_file)")
    LOCAL_AUTH_ISSUER=http://127.0.0.1:$port/auth/v1
    [[ -z $SUPABASE_URL ]] || return 0
    SUPABASE_URL=http://127.0.0.1:$port
    SUPABASE_PUBLISHABLE_KEY=$(<"$(local_auth_key_file publishable)")
    SUPABASE_SECRET_KEY=$LOCAL_AUTH_SERVICE_KEY
    JWKS_CACHE=${JWKS_CACHE:-$(readlink -f "$dir/run")/jwks.json}
}

# For stack_env: no secret, only where they lie.
local_auth_env() {
    printf 'LOCAL_AUTH_URL=%q\n' "http://127.0.0.1:$port"
    printf 'LOCAL_AUTH_PUBLISHABLE_KEY=%q\n' "$(<"$(local_auth_key_file publishable)")"
    printf 'LOCAL_AUTH_SERVICE_KEY_FILE=%q\n' "$(local_auth_key_file secret)"
    printf 'LOCAL_AUTH_KEY_FILE=%q\n' "$(local_auth_signing_key_file)"
    printf 'LOCAL_AUTH_DATABASE_URL=%q\n' "$(conninfo farebox_local_auth)"
}
