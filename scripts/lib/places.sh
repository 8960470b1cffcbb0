# shellcheck shell=bash
# Where the parts of one stack lie, and who takes them away. Everything is under $dir, with two exceptions that are links there:
#   - started by root, Postgres runs as the OS user postgres, nginx's workers as www-data, and activator and handlers as a user of
#     their own; where these cannot reach $dir (a home directory, say) what they need lies in /var/lib/farebox/<id of $dir>. Programs
#     and logs stay: the activator enters both directories before it gives up root;
#   - a socket's path may have 107 bytes; where $dir is too long the sockets lie in a short directory in /tmp.
# Needs lib/owner.sh.

readonly socket_path_max=107 socket_name_max=20 handlers_user=_farebox

# What this start has made: whole, and directories above that may serve others as well by the time it is undone.
made=() made_above=()

# Characters that mean nothing to nginx, to a shell, or to a list of directories.
check_path() {
    [[ $dir =~ ^/[A-Za-z0-9/._+@=~\ -]+$ ]] ||
        fail "the directory '$dir' has characters that are not supported: use letters, digits, spaces and . _ + @ = ~ -"
}

refuse_foreign() {
    [[ ! -e $dir || -e $(marker) || -z $(ls -A -I .lock "$dir") ]] ||
        fail "$dir holds something that is not a farebox's: choose another directory with --dir"
}

can_reach() {
    setpriv --reuid "$1" --regid "$1" --clear-groups test -x "$dir"
}

# make_above DIRECTORY: it, and what is missing above it.
make_above() {
    [[ ! -d $1 ]] || return 0
    make_above "$(dirname "$1")"
    made_above+=("$1")
    mkdir "$1" 2>/dev/null || [[ -d $1 ]] || fail "$1 cannot be made"
}

# will_make PATHS...: those that are not there are this start's.
will_make() {
    local path
    for path in "$@"; do
        [[ -e $path || -L $path ]] || made+=("$path")
    done
}

make() {
    will_make "$1"
    [[ -d $1 ]] || mkdir "$1"
}

# make_outside PLACE: a directory outside that says whose it is.
make_outside() {
    make "$1"
    [[ -e $1/owner ]] || sign "$1/owner" "$(own_id)"
}

# place NAME BASE: the directory $dir/NAME, which is a link when BASE is not $dir. What a link of an earlier start leads to is kept.
place() {
    if [[ -d $dir/$1 ]]; then return; fi
    rm -f "$dir/$1"
    make "$2/$1"
    [[ $2 != "$dir" ]] || return 0
    will_make "$dir/$1"
    ln -s "$2/$1" "$dir/$1"
}

# give_up_links SOCKETS: what holds no data is made anew where its link leads nowhere (/tmp was emptied) or to what is not our own,
# and sockets where their paths have become too long for $dir.
give_up_links() {
    local name at
    for name in temporary pg run; do
        at=$(outside "$name")
        [[ -z $at ]] || { is_own "$at" && [[ -O $at && -d $dir/$name ]]; } || rm -f "$dir/$name"
        [[ $name == temporary || -L $dir/$name || $1 == "$dir" ]] || rm -rf "${dir:?}/$name"
    done
}

# Nobody else runs as this one, so nobody else sees what is in the handlers' environments. Two starts at once make it once.
make_handlers_user() {
    getent passwd "$handlers_user" >/dev/null && return
    useradd --system --user-group --no-create-home --home-dir /nonexistent --shell /usr/sbin/nologin \
        --comment 'farebox handlers' "$handlers_user" 2>/dev/null ||
        until_true 10 getent passwd "$handlers_user" >/dev/null ||
        fail "handlers do not run as root, and the user $handlers_user, as whom they would, cannot be made: make it with useradd --system $handlers_user"
}

# own_logs HANDLERS...: files of the handlers' user in a directory where it cannot make any, nor see what others write there.
own_logs() {
    local name
    for name in "$@"; do
        : >>"$dir/log/$name.log"
        chown "$handlers_user" "$dir/log/$name.log"
    done
}

make_places() {
    local home=$dir sockets name
    for name in log secrets pids nginx; do make "$dir/$name"; done
    chmod 0700 "$dir/secrets"
    chmod 0750 "$dir/log"
    ! is_root || make_handlers_user
    if is_root && ! { can_reach postgres && can_reach www-data && can_reach "$handlers_user"; }; then
        [[ ! -d $dir/postgres || -L $dir/postgres ]] ||
            fail "Postgres runs as the user postgres, who cannot reach its data in $dir: let others pass the directories above (chmod o+x), or move it to where they can"
        home=$(outside postgres)
        home=${home:-$homes/$(own_id)}
        [[ -d $home ]] || say "stack: $dir is closed to other users, so the data of Postgres is in $home"
        make_above "$homes"
        make_outside "$home"
    fi
    sockets=$home
    if ((${#home} + socket_name_max + 4 > socket_path_max)); then
        sockets=$(outside run)
        if [[ -z $sockets || ! -O $sockets ]] || ! is_own "$sockets"; then
            sockets=$(mktemp -d /tmp/farebox.XXXXXX)
            made+=("$sockets")
            ! is_root || chmod 0755 "$sockets"
            make_outside "$sockets"
        fi
    fi
    give_up_links "$sockets"
    place postgres "$home"
    place temporary "$home"
    place pg "$sockets"
    place run "$sockets"
    chmod 0700 "$dir/postgres/" "$dir/pg/"
    chmod 0750 "$dir/temporary/" "$dir/run/"
    if is_root; then
        chown postgres: "$dir/postgres/"
        # The database is for who has its password, and its socket for the handlers alone.
        chown "postgres:$handlers_user" "$dir/pg/"
        chmod 0710 "$dir/pg/"
        # The group of the sockets' directory passes to the sockets, so nginx's workers reach them and nobody else does.
        chgrp www-data "$dir/temporary/"
        chown "$handlers_user:www-data" "$dir/run/"
        chmod 2770 "$dir/temporary/"
        chmod 2750 "$dir/run/"
        chgrp "$handlers_user" "$dir/log"
        chmod 0710 "$dir/log"
    fi
}

# Takes away what this start has made, the last first, and nothing that was there before.
undo_places() {
    local i
    for ((i = ${#made[@]} - 1; i >= 0; i--)); do rm -rf "${made[i]}" || true; done
    for ((i = ${#made_above[@]} - 1; i >= 0; i--)); do
        rmdir --ignore-fail-on-non-empty "${made_above[i]}" 2>/dev/null || true
    done
}

# Removes all of a stack that is down, but for $dir itself. What is outside and not its own stays.
empty_places() {
    local place
    trap '' INT TERM HUP
    while IFS= read -r place; do
        ! is_own "$place" || rm -rf "$place"
    done < <(places_outside)
    rmdir --ignore-fail-on-non-empty "$homes" 2>/dev/null || true
    find "$dir" -mindepth 1 -delete
}
