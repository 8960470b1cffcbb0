#!/usr/bin/env bash
# Whose a database is: a start takes away only what it made itself, and a database is used and removed by its own directory alone,
# wherever that was moved, copied or deleted.
# shellcheck source=tests/run/support.sh
source "$(dirname "${BASH_SOURCE[0]}")/support.sh"
stack() { "$root/scripts/stack" "$@"; }
# up DIR [OPTIONS]: its database.
up() { stack up --dir "$1" --database-only "${@:2}"; }
env_of() { stack env --dir "$1" | sed -n "s/^$2=//p"; }
# ask DIR SQL
ask() {
    eval "$(stack env --dir "$1" | grep -E '^(PSQL|SUPERUSER_DATABASE_URL)=')"
    "$PSQL" -X -q -w -A -t -v ON_ERROR_STOP=1 -d "$SUPERUSER_DATABASE_URL" -c "$2"
}
remember() { ask "$1" "create table remembered as select '$2'::text as word"; }
remembered() { ask "$1" "select string_agg(word, ',') from remembered" 2>&1; }
there() { ls -d "$@" 2>/dev/null || true; }
if [[ -z ${FAREBOX_CLUSTER_TEMPLATE:-} ]]; then
    stack template --dir "$scratch/templates" >/dev/null
    export FAREBOX_CLUSTER_TEMPLATE=$scratch/templates
fi

# A first start that fails.
fails_late() { env FAREBOX_CORS_ORIGINS='*' "$root/scripts/stack" up --dir "$1" --port 0 --bin "$bin"; }
refuses "a start fails when everything but nginx is up" "is not an origin" fails_late "$scratch/deep/er/one"
equals "of the directories that it made none is left" "" "$(there "$scratch/deep")$(processes_of "$scratch/deep")"
mkdir "$scratch/empty"
refuses "so it does in an empty directory" "is not an origin" fails_late "$scratch/empty"
equals "which is left, and empty" "$scratch/empty 0" "$(there "$scratch/empty") $(find "$scratch/empty" -mindepth 1 | wc -l)"
full_disk() { (ulimit -f 64 && env -u FAREBOX_CLUSTER_TEMPLATE "$root/scripts/stack" up --dir "$1" --database-only); }
refuses "a cluster does not fit" "the cluster cannot be made" full_disk "$scratch/deep/one"
equals "and nothing of it is left" "" "$(there "$scratch/deep")$(processes_of "$scratch/deep")"

# A start that fails or is interrupted where there is a database.
up "$scratch/one" >/dev/null
remember "$scratch/one" first
stack down --dir "$scratch/one"
# But for the files of tables: the stand-in's are made anew at each start.
files_of() { find "$1" -path '*/data/base/*' -prune -o -print | sort; }
files_of "$scratch/one" >"$scratch/before"
refuses "a later start fails" "is not an origin" fails_late "$scratch/one"
for file in pids/postgres pids/activator; do interrupt_start "$scratch/one" "$file"; done
files_of "$scratch/one" >"$scratch/after"
equals "and takes away nothing that was there before" "" "$(comm -23 "$scratch/before" "$scratch/after")$(processes_of "$scratch/one")"
up "$scratch/one" >/dev/null
equals "least of all the database" "first" "$(remembered "$scratch/one")"

# A copy.
cp -a "$scratch/one" "$scratch/copy"
refuses "a copy that was made of a running one is not started" "was made while it ran" up "$scratch/copy"
refuses "what runs is not the copy's to end" "is a copy of $scratch/one" stack down --dir "$scratch/copy"
refuses "nor to speak of" "is a copy of $scratch/one" stack env --dir "$scratch/copy"
holds "the copy can be removed" stack remove --dir "$scratch/copy"
equals "and the other runs on" "first" "$(there "$scratch/copy")$(remembered "$scratch/one")"
stack down --dir "$scratch/one"
cp -a "$scratch/one" "$scratch/copy"
holds "a copy of one that is down is another" up "$scratch/copy"
up "$scratch/one" >/dev/null
remember_more() { ask "$1" "insert into remembered values ('$2')"; }
remember_more "$scratch/copy" copied
equals "with a database of its own" "first first,copied" "$(remembered "$scratch/one") $(remembered "$scratch/copy")"
stack remove --dir "$scratch/copy"
equals "and is removed alone" "first" "$(remembered "$scratch/one")"
stack down --dir "$scratch/one"

# Moved.
mv "$scratch/one" "$scratch/moved"
up "$scratch/one" >/dev/null
remember "$scratch/one" second
holds "a moved directory starts" up "$scratch/moved"
equals "and has its database, as has the one in its place" "first second" "$(remembered "$scratch/moved") $(remembered "$scratch/one")"
stack remove --dir "$scratch/one"
equals "and keeps it when that is removed" "first" "$(remembered "$scratch/moved")"
mv "$scratch/moved" "$scratch/again"
holds "one that was moved while it runs can be stopped" stack down --dir "$scratch/again"
equals "with all its processes" "" "$(processes_of "$scratch/moved")$(processes_of "$scratch/again")"

# Parts that are gone, and one that is left over.
up "$scratch/neighbour" >/dev/null
mv "$scratch/again/secrets" "$scratch/secrets"
refuses "without its passwords a database is not started" "put them back" up "$scratch/again"
mv "$scratch/secrets" "$scratch/again/secrets"
lock=$scratch/again/pg/.s.PGSQL.5432.lock
contains "of the move it has the lock of a server that ended" "$scratch" "$(cat "$lock" 2>&1)"
sed -i "1s/.*/$(env_of "$scratch/neighbour" POSTGRES_PID)/" "$lock"
up "$scratch/again" >/dev/null
equals "which keeps it from nothing, whoever has that number now, and with its passwords it is whole" "first" "$(remembered "$scratch/again")"
stack remove --dir "$scratch/neighbour"
stack down --dir "$scratch/again"

# Sockets in /tmp.
long=$scratch/$(printf 'a%.0s' {1..120})
mv "$scratch/again" "$long"
up "$long" >/dev/null
equals "moved to a long path it has its sockets elsewhere" "first" "$(remembered "$long")"
sockets=$(dirname "$(readlink "$long/run")")
stack down --dir "$long"
cp -a "$long" "$long-copy"
up "$long-copy" >/dev/null
lacks "a copy has sockets of its own" "$sockets" "$(readlink "$long-copy/run") $(readlink "$long-copy/pg")"
stack remove --dir "$long-copy"
equals "and leaves the other's" "$sockets" "$(there "$sockets")"
mkdir "$scratch/another" && printf '%s\n%s\n' 0123456789abcdef /another >"$sockets/owner"
up "$long" >/dev/null
equals "sockets of another are not touched" "$sockets first" "$(there "$sockets") $(remembered "$long")"
lacks "nor used" "$sockets" "$(readlink "$long/run") $(readlink "$long/pg")"
rm -rf "$sockets"
stack remove --dir "$long"

[[ $EUID -eq 0 ]] || exit 0

# Started by root where others cannot reach it, the database lies in /var/lib/farebox.
mkdir -m 0700 "$scratch/closed"
one=$scratch/closed/one
home_of() { dirname "$(readlink "$1/postgres")"; }
# begin: a new one, whose database remembers.
begin() {
    up "$one" >/dev/null
    home=$(home_of "$one")
    remember "$one" first
    stack down --dir "$one"
}
is_whole() { equals "$1: the database is left as it was" "$home/postgres/data/PG_VERSION" "$(there "$home/postgres/data/PG_VERSION")"; }

homes=$(there /var/lib/farebox/*)
refuses "a first start fails there too" "is not an origin" fails_late "$one"
interrupt_start "$one" pids/postgres
equals "and leaves nothing outside" "$homes" "$(there /var/lib/farebox/*)$(there "$one")"

begin
equals "the database is outside" /var/lib/farebox "$(dirname "$home")"
refuses "a later start fails" "is not an origin" fails_late "$one"
is_whole "after it"

mv "$one" "$scratch/closed/kept"
for command in "up $one" "stack up --dir $one --port 0" "$root/scripts/run --port 0 --dir $one" "$root/scripts/run --fresh --port 0 --dir $one"; do
    # shellcheck disable=SC2086 # words
    refuses "where a directory was moved away, nothing is begun in its place: $command" "$home" $command
    is_whole "after it"
done
equals "and nothing is left there" "" "$(there "$one")"
holds "the moved one starts" up "$scratch/closed/kept"
equals "and has its database" "first" "$(remembered "$scratch/closed/kept")"
holds "then another can begin in its place" up "$one"
remember "$one" second
stack remove --dir "$one"
equals "and be removed, alone" "first" "$(remembered "$scratch/closed/kept")"
stack down --dir "$scratch/closed/kept"
mv "$scratch/closed/kept" "$one"
up "$one" >/dev/null
equals "and it can be moved back" "first" "$(remembered "$one")"

cp -a "$one" "$scratch/closed/copy"
refuses "a copy of it is no start of its database" "is a copy of $one" up "$scratch/closed/copy"
stack down --dir "$one"
rm -rf "$scratch/closed/copy"
cp -a "$one" "$scratch/closed/copy"
for command in "up $scratch/closed/copy" "stack remove --dir $scratch/closed/copy" "$root/scripts/run --fresh --port 0 --dir $scratch/closed/copy"; do
    # shellcheck disable=SC2086 # words
    refuses "nor one made while it is down: $command" "is a copy of $one, whose database in $home was not copied" $command
    is_whole "after it"
done
mv "$one" "$scratch/closed/kept"
up "$scratch/closed/kept" >/dev/null
stack down --dir "$scratch/closed/kept"
refuses "not even when the other was moved" "is a copy of $scratch/closed/kept" stack remove --dir "$scratch/closed/copy"
is_whole "after it"
rm -rf "$scratch/closed/copy"
mv "$scratch/closed/kept" "$one"
up "$one" >/dev/null
stack down --dir "$one"

cp "$home/owner" "$scratch/owner"
printf '%s\n%s\n' 0123456789abcdef /another >"$home/owner"
for command in "up $one" "stack remove --dir $one" "$root/scripts/run --fresh --port 0 --dir $one"; do
    # shellcheck disable=SC2086 # words
    refuses "a database with another's id is not touched: $command" "belongs to another directory (/another)" $command
    is_whole "after it"
done
cp "$scratch/owner" "$home/owner"

mv "$home" "$scratch/home"
refuses "a database that is gone is not made anew" "where it is not any more" up "$one"
mv "$scratch/home" "$home"
up "$one" >/dev/null
equals "and used when it is back" "first" "$(remembered "$one")"

# Deleted while it runs.
pid=$(env_of "$one" POSTGRES_PID)
rm -rf "$one"
refuses "where a directory was deleted, nothing is begun in its place" "rm -rf '$home' (Postgres still runs on it: end it first, with kill -INT $pid)" up "$one"
kill -INT "$pid"
until_true 30 process_ended "$pid" || broke "Postgres ends" "$pid"
refuses "nor once nothing runs" "delete the database with rm -rf '$home'" up "$one"
is_whole "after it"
rm -rf "$home"
holds "what it says helps" up "$one"
home=$(home_of "$one")
stack remove --dir "$one"
equals "remove takes the database along" "" "$(there "$home" "$one")"

# As version 0.1.0 has left it: named by the path, without an owner.
begin
former=/var/lib/farebox/$(printf '%s' "$one" | sha256sum | cut -c 1-12)
mv "$home" "$former" && rm "$former/owner" && : >"$one/.farebox" && home=$former
for name in postgres temporary pg run; do ln -sfn "$home/$name" "$one/$name"; done
mv "$one" "$scratch/closed/kept"
refuses "a database of version 0.1.0 is not passed over either" "$home" up "$one"
refuses "nor taken by what is not at its path" "move the directory back" stack remove --dir "$scratch/closed/kept"
is_whole "after it"
mv "$scratch/closed/kept" "$one"
cp -a "$one" "$scratch/closed/kept"
holds "its own directory takes it" up "$one"
equals "with all that it holds" "first $home" "$(remembered "$one") $(home_of "$one")"
stack down --dir "$one"
refuses "from then on it is that one's alone" "belongs to another directory ($one)" stack remove --dir "$scratch/closed/kept"
stack remove --dir "$one"
equals "and removed with it" "" "$(there "$home" "$one")"

# Opened, and closed around what lies inside.
mkdir -m 0700 "$scratch/shut"
up "$scratch/inside" >/dev/null
stack down --dir "$scratch/inside"
mv "$scratch/inside" "$scratch/shut/inside"
refuses "moved to where Postgres cannot reach it, a database is left alone" "cannot reach its data in $scratch/shut/inside" up "$scratch/shut/inside"
mv "$scratch/shut/inside" "$scratch/inside"
holds "and starts where it can" up "$scratch/inside"
