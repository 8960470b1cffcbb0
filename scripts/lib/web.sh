# shellcheck shell=bash
# The web side of one stack: handlers behind the activator, nginx in front. Needs $dir, $bin, $port, $handlers,
# lib/process.sh and lib/endpoints.sh.

# FAREBOX_CORS_ORIGINS (space-separated) as rows of nginx's map; only an exact origin may enter a configuration file.
cors_rows() {
    local origin origins
    read -r -d '' -a origins <<<"${FAREBOX_CORS_ORIGINS:-}" || true # ends at the end of the text; expands no *
    for origin in "${origins[@]}"; do
        [[ $origin =~ ^https?://[A-Za-z0-9.-]+(:[0-9]{1,5})?$ ]] ||
            fail "FAREBOX_CORS_ORIGINS: '$origin' is not an origin such as https://app.example (no path, no *)"
        # shellcheck disable=SC2016 # nginx's variable
        printf '    "%s" $http_origin;\n' "$origin"
    done
}

# nginx waits a little longer for a handler than the handler for the database, so it is the handler who answers.
answer_seconds() {
    local budget_ms=${REQUEST_TIMEOUT_MS:-4000}
    [[ $budget_ms =~ ^[0-9]{1,6}$ ]] || fail "REQUEST_TIMEOUT_MS must be a number of milliseconds"
    printf '%s' $(((budget_ms + 999) / 1000 + 6))
}

# write_nginx_configuration: every file of nginx/, and what the handlers of $handlers say of themselves, with their @NAMES@
# filled in, to $dir/nginx.
write_nginx_configuration() {
    local file text user='' cors seconds names rows
    ! is_root || user='user www-data;'
    cors=$(cors_rows)
    seconds=$(answer_seconds)
    read -r -a names <<<"$handlers"
    rows=$(endpoint_rows "$bin" "${names[@]}")
    for file in "$root"/nginx/*.conf endpoints.conf handlers.conf; do
        case $file in
        endpoints.conf) text=$(nginx_locations <<<"$rows") ;;
        handlers.conf) text=$(nginx_upstreams "${names[@]}") ;;
        *) text=$(<"$file") ;;
        esac
        text=${text//@USER@/"$user"}
        text=${text//@LISTEN@/"127.0.0.1:$port"}
        text=${text//@CONF@/"$dir/nginx"}
        text=${text//@LOG@/"$dir/log"}
        text=${text//@TEMPORARY@/"$(readlink -f "$dir/temporary")"}
        text=${text//@RUN@/"$(readlink -f "$dir/run")"}
        text=${text//@CORS_ORIGINS@/"$cors"}
        text=${text//@ANSWER_SECONDS@/"$seconds"}
        printf '%s\n' "$text" >"$dir/nginx/${file##*/}"
    done
}

# until_true SECONDS COMMAND...: repeats the command until it is true; false when time is up.
until_true() {
    local deadline=$((SECONDS + $1))
    shift
    until "$@"; do
        ((SECONDS <= deadline)) || return 1
        sleep 0.02
    done
}

nginx_settled() { [[ -s $dir/nginx/nginx.pid ]] || ! pid_of nginx >/dev/null; }

nginx_start() {
    local log=$dir/log/nginx.error.log size
    write_nginx_configuration
    rm -f "$dir/nginx/nginx.pid"
    touch "$log"
    size=$(stat -c %s "$log")
    hold_signals
    # setsid: a Ctrl-C in the terminal is for the script that owns the stack, which ends the parts in order.
    # shellcheck disable=SC2094 # -e is nginx's own log, opened for appending like ours
    setsid nginx -p "$dir/nginx" -c "$dir/nginx/main.conf" -e "$log" </dev/null >>"$log" 2>&1 9>&- &
    record nginx $!
    heed_signals
    until_true 20 nginx_settled || fail "nginx does not start: see $log"
    pid_of nginx >/dev/null ||
        fail "nginx does not start: $(tail -c "+$((size + 1))" "$log" | grep -m 1 -E '\[(emerg|alert)\]' | cut -d ' ' -f 3-)"
}

activator_settled() {
    grep -qs '^activator ready' "$dir/log/activator.log" || ! pid_of activator >/dev/null
}

# handlers_start INSTANCES HANDLERS...: under the environment of the caller, but for the database, and with the stand-in for
# Supabase where the caller names no project.
handlers_start() {
    local instances=$1 name as=()
    shift
    for name in "${local_auth_variables[@]}"; do
        local -x "$name=${!name:-}"
    done
    [[ " $* " != *' supabase_auth '* ]] || tell_local_auth
    if is_root; then
        as=(--user "$handlers_user")
        own_logs "$@"
    fi
    # Made by the activator only once it listens; a line of an earlier run must not be taken for it.
    rm -f "$dir/log/activator.log"
    hold_signals
    DATABASE_URL=$(handlers_conninfo farebox_app) setsid "$bin/activator" --run-dir "$(readlink -f "$dir/run")" --bin-dir "$bin" \
        --log-dir "$dir/log" --instances "$instances" "${as[@]}" "$@" </dev/null >"$dir/log/activator.log" 2>&1 9>&- &
    record activator $!
    heed_signals
    until_true 20 activator_settled || fail "the handlers do not start: see $dir/log/activator.log"
    pid_of activator >/dev/null || fail "the handlers do not start: $(tail -n 3 "$dir/log/activator.log")"
}

answers() {
    [[ $(curl -s -o /dev/null -m 5 -w '%{http_code}' "http://127.0.0.1:$port/health") == 200 ]]
}

nginx_stop() { end_process nginx QUIT "$(($(answer_seconds) + 2))"; }

handlers_stop() { end_process activator TERM 35; }
