# shellcheck shell=bash
# Where the parts of one stack lie. Everything is under $dir, with two exceptions that are links there:
#   - started by root, Postgres runs as the OS user postgres and nginx's workers as www-data; where these cannot reach
#     $dir (a home directory, say) what they need lies in /var/lib/farebox/<hash of $dir>;
#   - a socket's path may have 107 bytes; where $dir is too long the sockets lie in a short directory in /tmp.

readonly socket_path_max=107 socket_name_max=20

marker() { printf '%s/.farebox' "$dir"; }

# Characters that mean nothing to nginx, to a shell, or to a list of directories.
check_path() {
    [[ $dir =~ ^/[A-Za-z0-9/._+@=~\ -]+$ ]] ||
        fail "the directory '$dir' has characters that are not supported: use letters, digits, spaces and . _ + @ = ~ -"
}

refuse_foreign() {
    [[ ! -e $dir || -e $(marker) || -z $(ls -A "$dir") ]] ||
        fail "$dir holds something that is not a farebox's: choose another directory with --dir"
}

can_reach() {
    setpriv --reuid "$1" --regid "$1" --clear-groups test -x "$dir"
}

shared_home() {
    printf '/var/lib/farebox/%s' "$(printf '%s' "$dir" | sha256sum | cut -c 1-12)"
}

# place NAME BASE: the directory $dir/NAME, which is a link when BASE is not $dir. What a link of an earlier run points to
# is kept; one that points nowhere (/tmp was emptied) is made anew.
place() {
    if [[ -d $dir/$1 ]]; then return; fi
    rm -f "$dir/$1"
    mkdir -p "$2/$1"
    [[ $2 == "$dir" ]] || ln -s "$2/$1" "$dir/$1"
}

make_places() {
    local home=$dir sockets
    mkdir -p "$dir/log" "$dir/secrets" "$dir/pids" "$dir/nginx"
    chmod 0700 "$dir/secrets"
    chmod 0750 "$dir/log"
    if is_root && ! { can_reach postgres && can_reach www-data; }; then
        home=$(shared_home)
        [[ -d $home ]] || say "stack: $dir is closed to other users, so the data of Postgres is in $home"
        mkdir -p "$home"
    fi
    sockets=$home
    if ((${#home} + socket_name_max + 4 > socket_path_max)) && [[ ! -d $dir/run ]]; then
        sockets=$(mktemp -d /tmp/farebox.XXXXXX)
        ! is_root || chmod 0755 "$sockets"
    fi
    place postgres "$home"
    place temporary "$home"
    place pg "$sockets"
    place run "$sockets"
    chmod 0700 "$dir/postgres/" "$dir/pg/"
    chmod 0750 "$dir/temporary/" "$dir/run/"
    if is_root; then
        chown postgres: "$dir/postgres/" "$dir/pg/"
        # The group of the sockets' directory passes to the sockets, so nginx's workers reach them and nobody else does.
        chgrp www-data "$dir/temporary/" "$dir/run/"
        chmod 2770 "$dir/temporary/"
        chmod 2750 "$dir/run/"
    fi
}

# Removes all of a stack that is down, but for $dir itself.
empty_places() {
    local sockets
    sockets=$(readlink "$dir/run" || true)
    [[ $sockets != /tmp/farebox.*/run ]] || rm -rf "${sockets%/run}"
    if is_root; then
        rm -rf "$(shared_home)"
        rmdir --ignore-fail-on-non-empty /var/lib/farebox 2>/dev/null || true
    fi
    find "$dir" -mindepth 1 -delete
}
