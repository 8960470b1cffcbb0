# shellcheck shell=bash
# The private Postgres cluster of one stack: no TCP, passwords only, durable defaults. Needs $dir and lib/process.sh.

# What the server and its tools run as: never root.
as_postgres() {
    local clean=(env -i PATH="$PATH" HOME=/ LC_ALL=C.UTF-8)
    if is_root; then
        clean=(setpriv --reuid postgres --regid postgres --init-groups "${clean[@]}")
    fi
    (cd / && exec "${clean[@]}" "$@")
}

cluster_data() { printf '%s/data' "$(readlink -f "$dir/postgres")"; }

cluster_bin() {
    local version
    version=$(cat "$dir/postgres/data/PG_VERSION" 2>/dev/null) || { newest_postgres && return; }
    [[ -x /usr/lib/postgresql/$version/bin/postgres ]] ||
        fail "the data in $dir was written by PostgreSQL $version, which is not installed: install postgresql-$version, or start anew with scripts/run --fresh"
    printf '/usr/lib/postgresql/%s/bin' "$version"
}

# password_file ROLE: made once, with a random password.
password_file() {
    local file=$dir/secrets/$1.pgpass
    if [[ ! -s $file ]]; then
        (umask 077 && printf '*:*:*:%s:%s\n' "$1" "$(openssl rand -hex 24)" >"$file.new")
        mv "$file.new" "$file"
    fi
    printf '%s' "$file"
}

password_of() { cut -d : -f 5 "$(password_file "$1")"; }

# conninfo ROLE: libpq keywords; the password stays in its file.
conninfo() {
    printf "host='%s' port=5432 dbname=postgres user=%s passfile='%s'" \
        "$(readlink -f "$dir/pg")" "$1" "$(password_file "$1")"
}

# handlers_conninfo ROLE: the same for a handler, which has no file of ours to read.
handlers_conninfo() {
    printf "host='%s' port=5432 dbname=postgres user=%s password=%s" "$(readlink -f "$dir/pg")" "$1" "$(password_of "$1")"
}

# What a copied cluster would have to be made anew for: the version of Postgres, all SQL, and what runs it.
schema_key() {
    {
        "$(newest_postgres)/postgres" --version
        (cd "$root" && find sql scripts/lib scripts/migrate scripts/stack -type f -print0 | sort -z | xargs -0 sha256sum)
    } | sha256sum | cut -c 1-16
}

# Where `up` finds a finished cluster to copy instead of making one: only if the caller names a directory of templates, only
# one of exactly this checkout, and never in production.
cluster_template() {
    local place
    [[ -n ${FAREBOX_CLUSTER_TEMPLATE:-} && ${FAREBOX_ENV:-} != production ]] || return 1
    place=$FAREBOX_CLUSTER_TEMPLATE/$(schema_key)
    [[ -e $place/whole ]] || return 1
    cat "$place/whole" # where its data lies
}

# cluster_copy DATA: a cluster from that of a template. No password comes along: the superuser's is set before the server is
# first started, the other roles have none until `up` sets them. The salt of given-up addresses does: this is for tests.
cluster_copy() {
    local data bin log=$dir/log/initdb.log
    data=$(cluster_data)
    bin=$(newest_postgres)
    as_postgres rm -rf "$data.new"
    as_postgres cp -a --reflink=auto "$1" "$data.new"
    # In single-user mode a statement is a line, errors go to the log, and nobody else can connect.
    as_postgres "$bin/postgres" --single -D "$data.new" -c exit_on_error=on -c log_min_error_statement=panic postgres >"$log" 2>&1 <<END ||
do \$\$ declare r name; begin for r in select rolname from pg_authid where rolpassword is not null loop execute format('alter role %I password null', r); end loop; end \$\$
alter role supabase_admin password '$(password_of supabase_admin)'
END
        fail "the copied cluster cannot be given its passwords: $(tail -n 3 "$log")"
    as_postgres mv "$data.new" "$data"
}

cluster_create() {
    local data bin first_password
    data=$(cluster_data)
    bin=$(newest_postgres)
    [[ ! -d $data ]] || return 0
    first_password=$(dirname "$data")/first-password
    # The server's user cannot read our secrets, so the superuser's password goes to initdb in a file of its own.
    (umask 077 && password_of supabase_admin >"$first_password")
    ! is_root || chown postgres: "$first_password"
    # Made under another name and renamed when whole, so a data directory is never half a cluster.
    as_postgres rm -rf "$data.new"
    as_postgres "$bin/initdb" --pgdata "$data.new" --username supabase_admin --pwfile "$first_password" \
        --auth scram-sha-256 --encoding UTF8 --locale C.UTF-8 >"$dir/log/initdb.log" 2>&1 ||
        fail "the cluster cannot be made: $(tail -n 3 "$dir/log/initdb.log")"
    rm -f "$first_password"
    as_postgres tee -a "$data.new/postgresql.conf" >/dev/null <<<"include 'farebox.conf'"
    as_postgres tee "$data.new/pg_hba.conf" >/dev/null <<<"local all all scram-sha-256"
    as_postgres touch "$data.new/farebox.conf"
    as_postgres mv "$data.new" "$data"
}

# Durability is PostgreSQL's default and stays so: fsync, full_page_writes and synchronous_commit are not mentioned here.
cluster_settings() {
    as_postgres tee "$(cluster_data)/farebox.conf" >/dev/null <<END
listen_addresses = ''
unix_socket_directories = '"$(readlink -f "$dir/pg")"'
port = 5432
max_connections = 60
password_encryption = 'scram-sha-256'
timezone = 'UTC'
log_timezone = 'UTC'
cluster_name = 'farebox'
END
}

# Records the server of this cluster where a start was interrupted before it could.
cluster_find() {
    local pid
    ! pid_of postgres >/dev/null || return 0
    ! pid=$(running_in "$(cluster_data)") || record postgres "$pid"
}

# setsid: a Ctrl-C in the terminal must not end pg_ctl and leave the server that it has started.
cluster_start() {
    local data
    data=$(cluster_data)
    cluster_find
    ! pid_of postgres >/dev/null || return 0
    cluster_settings
    as_postgres setsid --wait "$(cluster_bin)/pg_ctl" start --silent --wait --timeout 60 --pgdata "$data" \
        </dev/null >>"$dir/log/postgres.log" 2>&1 9>&- ||
        fail "Postgres does not start: $(tail -n 3 "$dir/log/postgres.log")"
    record postgres "$(head -n 1 "$data/postmaster.pid")"
}

# Roles and schemas as on Supabase; safe to repeat.
cluster_bootstrap() {
    local file
    use_database "$(conninfo supabase_admin)"
    for file in "$root"/sql/local/*.sql; do
        PGOPTIONS='-c client_min_messages=warning' run_psql -1 -o /dev/null <"$file"
    done
}

# The role's password becomes what its file says. A statement that fails is logged whole by default; not this one.
set_password() {
    use_database "$(conninfo supabase_admin)"
    run_psql <<END
set log_min_error_statement = panic;
alter role $1 password '$(password_of "$1")';
END
}

cluster_stop() {
    cluster_find
    end_process postgres INT 60
}

# As a power cut would: the postmaster and every backend at once, no shutdown checkpoint.
cluster_kill() {
    local pid victims victim deadline=$((SECONDS + 20))
    pid=$(pid_of postgres) || return 0
    victims="$pid $(children "$pid")"
    # shellcheck disable=SC2086 # a list of pids
    kill -s KILL $victims 2>/dev/null || true
    for victim in $victims; do
        # Gone, not only ended: the next postmaster takes one that init has not yet collected for a living one.
        while [[ -e /proc/$victim ]] && ((SECONDS <= deadline)); do sleep 0.01; done
    done
    rm -f "$dir/pids/postgres"
}
