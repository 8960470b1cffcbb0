#!/usr/bin/env bash
# scripts/run, as a person uses it: the printed lines work, a second run keeps the data, Ctrl-C leaves no process.
# shellcheck source=tests/run/support.sh
source "$(dirname "${BASH_SOURCE[0]}")/support.sh"
dir=$scratch/var
runner=''
unset FAREBOX_CLUSTER_TEMPLATE # a person has none

# In a session of its own, so that the Ctrl-C of this test reaches what a terminal's would and nothing else.
begin_run() {
    : >"$scratch/out"
    rm -f "$scratch/runner"
    # shellcheck disable=SC2016 # for the inner shell
    setsid --fork bash -c 'echo $$ >"$0"; exec "$@"' "$scratch/runner" "$root/scripts/run" --dir "$dir" "$@" \
        </dev/null >"$scratch/out" 2>&1
    until_true 5 test -s "$scratch/runner"
    runner=$(<"$scratch/runner")
}
start_run() {
    begin_run "$@"
    until_true 300 has_begun_or_ended
    grep -q "Ctrl-C stops everything" "$scratch/out" || { broke "scripts/run starts" "$(<"$scratch/out")" && exit 1; }
}
# What a terminal does at Ctrl-C: the signal goes to the whole group.
interrupt() { kill -s "$1" -- "-$runner"; }
has_begun_or_ended() { grep -q "Ctrl-C stops everything" "$scratch/out" || has_ended; }
has_ended() { ! kill -0 "$runner" 2>/dev/null; }
# try N: runs the Nth printed line as it stands; sets $status and $answer.
try() {
    answer=$(bash -c "$(grep '^curl ' "$scratch/out" | sed -n "$1p") -s -m 10" | tr -d '\r')
    status=$(awk 'NR == 1 { print $2 }' <<<"$answer")
}

start_run --port 0
url=$(grep -oE 'http://127.0.0.1:[0-9]+' "$scratch/out" | head -n 1)
try 1
equals "the first line shows the balance" "200 1000" "$status $(sed -nE 's/.*"token_balance": ?([0-9]+).*/\1/p' <<<"$answer")"
try 2
equals "the second spends" "200 975" "$status $(sed -nE 's/.*"balance_after": ?([0-9]+).*/\1/p' <<<"$answer")"
first=$(tail -n 1 <<<"$answer")
lacks "for the first time" "dempotent-" "$answer"
try 3
equals "the third gets the same answer again" "200 $first" "$status $(tail -n 1 <<<"$answer")"
contains "marked as such" "idempotent-replayed: true" "${answer,,}"
try 4
equals "the fourth is too much" "409" "$status"
contains "and says what there is" "available: 975" "$answer"
try 5
equals "the fifth adds tokens" "201" "$status"
try 6
equals "the sixth keeps some" "201 1875" "$status $(sed -nE 's/.*"available": ?([0-9]+).*/\1/p' <<<"$answer")"
try 7
equals "the seventh makes an account" "201" "$status"
try 8
equals "and the eighth logs it in" "200" "$status"
contains "with a token" '"access_token":"ey' "$answer"
lacks "no argument list holds the key" "$(<"$dir/secrets/demo.key")" "$(cat /proc/[0-9]*/cmdline 2>/dev/null | tr '\0' ' ')"
equals "the demo key is its owner's alone" "600" "$(stat -c %a "$dir/secrets/demo.key")"
until_true 10 grep -q '"path":"/api/v1/users/1/grants"' "$scratch/out" || broke "the log is followed" "$(tail -n 5 "$scratch/out")"

refuses "a second one in the same directory is refused, by pid" "is already running in $dir (nginx " "$root/scripts/run" --dir "$dir" --port 0
refuses "a second one on the same port is refused" "port ${url##*:} is taken by nginx" "$root/scripts/run" --dir "$scratch/other" --port "${url##*:}"
equals "and leaves nothing behind" "" "$(ls -d "$scratch/other" 2>/dev/null || true)"

interrupt INT
until_true 60 has_ended || broke "Ctrl-C ends it" "$(tail -n 5 "$scratch/out")"
equals "Ctrl-C leaves no process" "" "$(processes_of "$dir")"
contains "and says where the data is" "its data is in $dir" "$(tail -n 1 "$scratch/out")"

start=$SECONDS
start_run --port "${url##*:}"
((SECONDS - start < 20)) || broke "a second run takes seconds" "$((SECONDS - start)) s"
try 1
equals "a second run keeps the data, and its key works" "200 1975" "$status $(sed -nE 's/.*"token_balance": ?([0-9]+).*/\1/p' <<<"$answer")"
"$root/scripts/key" revoke demo --dir "$dir" >/dev/null
try 1
equals "a revoked demo key does not work" 401 "$status"
interrupt INT
until_true 60 has_ended || broke "Ctrl-C ends it again" "$(tail -n 5 "$scratch/out")"

start_run --port "${url##*:}"
try 2
equals "the next run has another, and its lines spend anew" "200 1950" "$status $(sed -nE 's/.*"balance_after": ?([0-9]+).*/\1/p' <<<"$answer")"
interrupt TERM
until_true 60 has_ended || broke "TERM ends it too" "$(tail -n 5 "$scratch/out")"
equals "TERM leaves no process" "" "$(processes_of "$dir")"

begin_run --port 0
until_true 60 test -e "$dir/pids/postgres" || broke "the start of Postgres is seen" "$(<"$scratch/out")"
kill -TERM "$runner" # and not to what it runs
until_true 60 has_ended || broke "TERM ends it in the middle of a start" "$(tail -n 5 "$scratch/out")"
equals "TERM in the middle of a start leaves no process" "" "$(processes_of "$dir")"

start_run --port 0 --fresh
try 1
equals "--fresh begins anew" "200 1000" "$status $(sed -nE 's/.*"token_balance": ?([0-9]+).*/\1/p' <<<"$answer")"

# README's lines, copied in order into one shell, answer what stands below them; ids and times differ.
# blocks FENCE: what stands in blocks that begin with it.
blocks() {
    sed -n '/^The lines below work/,/^## Endpoints/p' "$root/README.md" |
        awk -v fence="$1" '/^```/ { begun = begun ? "" : $0; next } begun == fence'
}
same() { sed -E 's/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/ID/g; s/[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.]+Z/TIME/g'; }
url=$("$root/scripts/stack" env --dir "$dir" | sed -n 's/^FAREBOX_URL=//p')
blocks '```' | sed "s|http://127.0.0.1:8080|$url|g" >"$scratch/lines"
(cd "$scratch" && bash "$scratch/lines") >"$scratch/answers" 2>&1 || broke "README's lines work" "$(<"$scratch/answers")"
# A curl ends its answer without a line's end.
sed 's/}{/}\n{/g' "$scratch/answers" | same >"$scratch/answered"
while IFS= read -r line; do
    contains "README's lines answer what it says" "$line" "$(<"$scratch/answered")"
done < <(blocks '```json' | same)
contains "down to the balance of a new account" '"token_balance":50000' "$(tail -n 1 "$scratch/answered")"
kill -KILL "$("$root/scripts/stack" env --dir "$dir" | sed -n 's/^NGINX_PID=//p')"
until_true 60 has_ended || broke "it ends when nginx does" "$(tail -n 5 "$scratch/out")"
contains "and says so" "nginx has ended by itself" "$(<"$scratch/out")"
equals "and leaves no process" "" "$(processes_of "$dir")"
