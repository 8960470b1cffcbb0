# shellcheck shell=bash
# Processes of a stack: each is recorded by pid and start time when it is started, and ended only by that record, so a
# pid that the system has given to somebody else in the meantime is never touched. Needs $dir.

# start_time PID: clock ticks since boot, or nothing when there is no such process or it has ended already (a zombie).
start_time() {
    local text='' fields
    read -r -d '' text 2>/dev/null <"/proc/$1/stat" || true # ends at the end of the file
    # The name in parentheses may hold anything, so fields are counted behind it.
    text=${text##*) }
    [[ -n $text && $text != Z* ]] || return 0
    read -r -a fields <<<"$text"
    printf '%s' "${fields[19]}"
}

# record NAME PID. Runs no program: a Ctrl-C in the terminal would end that, and what was just started would not be recorded.
record() {
    [[ -d $dir/pids ]] || mkdir "$dir/pids"
    { printf '%s ' "$2" && start_time "$2" && printf '\n'; } >"$dir/pids/$1"
}

# pid_of NAME: its pid while it lives; false when it does not.
pid_of() {
    local pid started
    read -r pid started 2>/dev/null <"$dir/pids/$1" || return 1
    [[ -n $started && $(start_time "$pid") == "$started" ]] || return 1
    printf '%s' "$pid"
}

# end_process NAME SIGNAL SECONDS: asks it to end, waits so long, then kills it.
end_process() {
    local name=$1 signal=$2 pid
    local deadline=$((SECONDS + $3))
    if pid=$(pid_of "$name"); then
        kill -s "$signal" "$pid" 2>/dev/null || true
        while pid_of "$name" >/dev/null; do
            if ((SECONDS > deadline)); then
                warn "$name (pid $pid) did not end when asked and is killed"
                kill -s KILL "$pid" 2>/dev/null || true
                deadline=$((SECONDS + 5))
            fi
            sleep 0.02
        done
    fi
    rm -f "$dir/pids/$name"
}

# A signal ends the script, after the command that is under way; the trap of EXIT does the rest. Between hold_signals and
# heed_signals it waits, so that no process is started and not recorded.
heed_signals() {
    trap 'exit 130' INT
    trap 'exit 143' TERM HUP
    [[ -z ${held_signal:-} ]] || exit "$held_signal"
}

hold_signals() {
    trap 'held_signal=130' INT
    trap 'held_signal=143' TERM HUP
}

# running_in DATA: the pid of the Postgres that runs on that data, whoever started it.
running_in() {
    local pid
    pid=$(head -n 1 "$1/postmaster.pid" 2>/dev/null) || return 1
    [[ -n $pid && $(readlink "/proc/$pid/cwd") == "$1" ]] || return 1
    printf '%s' "$pid"
}

# children PID: pids of its direct children.
children() {
    cat "/proc/$1/task/$1/children" 2>/dev/null || true
}

# listener_of PORT: "name (pid N)" of whoever listens on 127.0.0.1:PORT or on every address; nothing when it is free.
# Where the owner cannot be seen (another user's process), "another process".
listener_of() {
    local inode pids pid parent
    inode=$(awk -v port="$(printf ':%04X' "$1")" '
        $4 == "0A" && substr($2, length($2) - 4) == port &&
        ($2 ~ /^0100007F:/ || $2 ~ /^0+:/ || $2 ~ /FFFF00000100007F:/) { print $10; exit }
    ' /proc/net/tcp /proc/net/tcp6 2>/dev/null) || true
    [[ -n $inode ]] || return 0
    pids=$(find /proc/[0-9]*/fd -lname "socket:\[$inode\]" 2>/dev/null | cut -d / -f 3 | sort -u) || true
    [[ -n $pids ]] || { printf 'another process' && return 0; }
    for pid in $pids; do # workers have it of their master
        parent=$(sed -n 's/^PPid:\t//p' "/proc/$pid/status" 2>/dev/null) || true
        grep -qx "$parent" <<<"$pids" || break
    done
    printf '%s (pid %s)' "$(tr '\0' ' ' <"/proc/$pid/cmdline" | cut -c 1-100 | sed 's/ *$//')" "$pid"
}

# some_free_port: between 20000 and 29999, below the range that the kernel gives to outgoing connections.
some_free_port() {
    local port
    while port=$((20000 + RANDOM % 10000)); [[ -n $(listener_of "$port") ]]; do :; done
    printf '%s' "$port"
}

stack_pids() {
    local name pid
    for name in nginx activator postgres; do
        if pid=$(pid_of "$name"); then printf '%s %s, ' "$name" "$pid"; fi
    done
}

# A copy knows the processes of the directory that it is a copy of, and nothing of its own runs.
refuse_if_live() {
    local pids
    ! is_copy || return 0
    pids=$(stack_pids)
    [[ -z $pids ]] ||
        fail "a farebox is already running in $dir (${pids%, }): stop it with scripts/stack down --dir '$dir'"
}

refuse_taken_port() {
    local owner
    owner=$(listener_of "$port")
    [[ -z $owner ]] || fail "port $port is taken by $owner: choose another with --port, or end that process"
}
