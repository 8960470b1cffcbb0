# shellcheck shell=bash
# What belongs to which directory. A stack has an id, made at its first start: the first line of $dir/.farebox, and of `owner` in
# every place outside of $dir that holds something of it. The second line is the path that $dir had then. So a directory that was
# moved takes its database along, one that was copied does not, and a database outside is used and removed only by its own. Needs
# $dir and lib/process.sh.

readonly homes=/var/lib/farebox

marker() { printf '%s/.farebox' "$dir"; }

# id_in FILE, path_in FILE: nothing where there is no such file, or none in it (.farebox of version 0.1.0 is empty).
id_in() { sed -n '1{/^[0-9a-f]\{16\}$/p}' "$1" 2>/dev/null || true; }
path_in() { sed -n 2p "$1" 2>/dev/null || true; }
own_id() { id_in "$(marker)"; }

# sign FILE ID: never half of it.
sign() {
    printf '%s\n%s\n' "$2" "$dir" >"$1.new"
    mv "$1.new" "$1"
}

# outside NAME: where the link $dir/NAME leads, without NAME; nothing when it is no link, or one that a person has made.
outside() {
    local place
    place=$(dirname "$(readlink "$dir/$1")" 2>/dev/null) || return 0
    [[ $place != "$homes"/* && $place != /tmp/farebox.* ]] || printf '%s' "$place"
}

# Where version 0.1.0 put what it kept outside, without an owner.
home_by_path() { printf '%s/%s' "$homes" "$(printf '%s' "$dir" | sha256sum | cut -c 1-12)"; }

# original_of FILE: the other directory of this id, if it still lies at the path in FILE. $dir is then a copy of it.
original_of() {
    local path
    path=$(path_in "$1")
    [[ -n $path && -n $(own_id) && $(id_in "$path/.farebox") == "$(own_id)" && ! $path -ef $dir ]] || return 1
    printf '%s' "$path"
}

is_copy() { original_of "$(marker)" >/dev/null; }

# is_own PLACE: a place outside.
is_own() {
    if [[ ! -e $1/owner ]]; then
        [[ -e $(marker) && $1 == "$(home_by_path)" && $(outside postgres) == "$1" ]]
        return
    fi
    [[ -n $(own_id) && $(id_in "$1/owner") == "$(own_id)" ]] && ! original_of "$1/owner" >/dev/null
}

# The places outside that $dir knows of, those of others included.
places_outside() {
    local name
    {
        for name in postgres temporary pg run; do outside "$name" && printf '\n'; done
        [[ -z $(own_id) ]] || printf '%s/%s\n' "$homes" "$(own_id)"
    } | sed '/^$/d' | sort -u
}

# become_owner: $dir gets an id if it has none or has that of another directory, and the path beside it is that of today, here and
# outside. A copy keeps none of the other's processes.
become_owner() {
    local id place own=()
    id=$(own_id)
    while IFS= read -r place; do
        ! is_own "$place" || own+=("$place")
    done < <(places_outside)
    if [[ -z $id ]] || is_copy; then
        id=$(openssl rand -hex 8)
        rm -rf "$dir/pids"
    fi
    sign "$(marker)" "$id"
    for place in "${own[@]}"; do sign "$place/owner" "$id"; done
}

# Before anything is done to it: the database of $dir lies outside and is another directory's.
refuse_anothers() {
    local home other
    home=$(outside postgres)
    if [[ -z $home || ! -d $home ]] || is_own "$home"; then return; fi
    if other=$(original_of "$home/owner"); then
        fail "$dir is a copy of $other, whose database in $home was not copied with it: use $other, or delete the copy with rm -rf '$dir'"
    fi
    if [[ ! -e $home/owner ]]; then
        fail "the database in $home was made for another path than $dir, by a version that kept no more of it: move the directory back to where it was and start it there once"
    fi
    fail "$dir leads to the database in $home, which belongs to another directory ($(path_in "$home/owner")): it was left as it is; choose another directory with --dir"
}

# For what acts on processes: those that a copy knows are the other directory's.
refuse_copy() {
    local other
    ! other=$(original_of "$(marker)") ||
        fail "$dir is a copy of $other and was never started: what runs is that of $other"
}

# refuse_orphan HOME
refuse_orphan() {
    local pid running=''
    ! pid=$(running_in "$1/postgres/data") || running=" (Postgres still runs on it: end it first, with kill -INT $pid)"
    fail "a database that was made for $dir lies in $1, and what belongs to it is not in $dir: put the directory back that was here, or start it where it is now with scripts/run --dir, and it takes the database along; or delete the database with rm -rf '$1'$running"
}

# Before a start: a database that should be there is not, or one is there that $dir knows nothing of. Neither is passed over by
# making a new one.
refuse_lost() {
    local owner other
    if other=$(original_of "$(marker)") && [[ -e $dir/pids/postgres ]]; then
        fail "$dir is a copy of $other that was made while it ran, so its data is torn: stop that one first, then copy it again"
    fi
    [[ ! -L $dir/postgres || -d $dir/postgres ]] ||
        fail "the database of $dir was in $(readlink "$dir/postgres"), where it is not any more: put it back, or begin anew with scripts/run --fresh --dir '$dir'"
    [[ ! -d $dir/postgres/data || -s $dir/secrets/supabase_admin.pgpass ]] ||
        fail "the passwords of the database in $dir are not in $dir/secrets any more: put them back, or begin anew with scripts/run --fresh --dir '$dir'"
    [[ ! -e $dir/postgres ]] || return 0
    for owner in "$homes"/*/owner; do
        [[ $(path_in "$owner") != "$dir" ]] || is_own "${owner%/owner}" || refuse_orphan "${owner%/owner}"
    done
    owner=$(home_by_path)/owner
    [[ ! -d ${owner%/owner} || -e $owner ]] || refuse_orphan "${owner%/owner}"
}
