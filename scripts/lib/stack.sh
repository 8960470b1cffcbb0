# shellcheck shell=bash
# The order in which a stack comes up and goes down. Needs $dir and the libraries beside this one.
# shellcheck disable=SC2154 # $port, $bin, $instances and $handlers are set by scripts/stack

# What `up` was told, for the other verbs: $port, $bin, $instances, $handlers. No secrets.
remember() {
    printf 'port=%q bin=%q instances=%q handlers=%q\n' "$port" "$bin" "$instances" "$handlers" >"$dir/stack.env"
}

recall() {
    [[ -e $dir/stack.env ]] || fail "there is no farebox in $dir"
    # shellcheck source=/dev/null
    source "$dir/stack.env"
}

# A start that failed or was interrupted leaves nothing running and nothing that it made; what was there before stays.
undo_up() {
    local name
    trap '' INT TERM HUP
    stack_stop
    # Why a handler did not start is in its own log, which may be gone in a moment.
    for name in $handlers; do
        [[ ! -s $dir/log/$name.log ]] || tail -n 1 "$dir/log/$name.log" >&2
    done
    [[ -z $was_new ]] || warn "nothing was left in $dir"
    undo_places
}

# One start at a time: $dir/.lock stays open until this script ends.
take_lock() {
    exec 9>"$dir/.lock"
    flock -w 60 9 || fail "another scripts/stack is at work in $dir"
    [[ $dir/.lock -ef /dev/fd/9 ]] || fail "another start in $dir has just been undone: try again"
}

# stack_up PARTS: "database" or "all".
stack_up() {
    local fresh='' copied='' template
    check_path
    refuse_foreign
    refuse_anothers
    refuse_lost
    refuse_if_live
    [[ $1 == database || $port == 0 ]] || refuse_taken_port
    # Before the lock only directories are made, and these are taken away only while they are empty: they may be another's start.
    trap undo_places EXIT
    heed_signals
    make_above "$dir"
    take_lock
    refuse_anothers
    refuse_lost
    refuse_if_live
    [[ $port != 0 ]] || port=$(some_free_port)
    was_new=''
    [[ -e $(marker) ]] || was_new=1
    trap undo_up EXIT
    [[ -z $was_new ]] || made+=("$dir/.lock")
    will_make "$(marker)" "$(marker).new" "$dir/stack.env"
    become_owner
    make_places
    umask 027 # what comes from here on, the logs above all, is for no other user to read
    [[ -d $dir/postgres/data ]] || fresh=1
    if [[ -n $fresh ]] && template=$(cluster_template); then
        cluster_copy "$template"
        copied=1
    else
        cluster_create
    fi
    cluster_start
    [[ -z $fresh ]] || say "stack: made a Postgres cluster in $(cluster_data)"
    [[ -n $copied ]] || cluster_bootstrap
    set_password postgres
    set_password farebox_local_auth
    if [[ -z $copied ]]; then
        "$root/scripts/migrate" --database-url "$(conninfo postgres)"
    else
        (choose_database "$(conninfo postgres)" "$dir" && register_environment_keys >/dev/null)
    fi
    set_password farebox_app # the role comes with the first migration
    [[ $1 == all ]] || handlers=''
    leave_out_local_auth
    remember
    if [[ $1 == all ]]; then
        # shellcheck disable=SC2086 # a list of names
        handlers_start "$instances" $handlers
        nginx_start
        stack_wait 20
    fi
    # Whole: a signal that comes now is for whoever called this.
    trap '' INT TERM HUP
    trap - EXIT
}

# Leaves in $dir/<key of this checkout> a stopped cluster with the whole schema, which `up` copies where
# FAREBOX_CLUSTER_TEMPLATE is $dir.
stack_template() {
    dir=$dir/$(schema_key)
    [[ ! -e $dir/whole ]] || return 0
    unset API_SECRET_KEY INTERNAL_API_KEY # a copy knows its own
    stack_up database
    cluster_stop
    rm -rf "$dir/secrets" # nobody is to come in again
    cluster_data >"$dir/whole"
}

# stack_wait SECONDS: until the web side answers, database included.
stack_wait() {
    [[ " $handlers " == *' health '* ]] || return 0
    until_true "$1" answers ||
        fail "http://127.0.0.1:$port/health does not answer 200 within $1 s"
}

# The way in first, so requests under way are finished; the database last.
stack_stop() {
    nginx_stop
    handlers_stop
    cluster_stop
}

# The processes that a copy knows are another directory's.
stack_remove() {
    [[ -e $(marker) ]] || fail "there is no farebox in $dir"
    refuse_anothers
    if ! is_copy; then
        [[ ! -e $dir/stack.env ]] || recall
        # At once, without the checkpoint that would save what is about to be deleted.
        cluster_find
        end_process postgres QUIT 60
        stack_stop
    fi
    empty_places
    rmdir "$dir"
}

stack_env() {
    local name
    printf 'FAREBOX_DIR=%q\n' "$dir"
    printf 'FAREBOX_URL=%q\n' "http://127.0.0.1:$port"
    printf 'DATABASE_URL=%q\n' "$(conninfo farebox_app)"
    printf 'ADMIN_DATABASE_URL=%q\n' "$(conninfo postgres)"
    printf 'SUPERUSER_DATABASE_URL=%q\n' "$(conninfo supabase_admin)"
    printf 'HANDLERS=%q\n' "$handlers"
    [[ " $handlers " != *' supabase_auth '* ]] || local_auth_env
    printf 'POSTGRES_BIN=%q\n' "$(cluster_bin)"
    printf 'PSQL=%q\n' "$(cluster_bin)/psql"
    for name in nginx activator postgres; do
        printf '%s_PID=%s\n' "${name^^}" "$(pid_of "$name" || true)"
    done
}
