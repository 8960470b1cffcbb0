# shellcheck shell=bash
# How scripts/test runs, counts and reports: a line a group, details only of what failed.

passed=0 failed=0
took=() # "SECONDS TITLE" of each group, build and long check

# since SECONDS: how long ago that was.
since() { printf '%d s' $((SECONDS - $1)); }

# note_time TITLE SECONDS: for the table at the end; SECONDS is when it began.
note_time() { took+=("$((SECONDS - $2)) $1"); }

show_times() {
    local line
    [[ ${#took[@]} -gt 0 ]] || return 0
    for line in "${took[@]}" "$SECONDS in all"; do printf '%6d s  %s\n' "${line%% *}" "${line#* }"; done
}

# check TITLE COMMAND...: one test.
check() {
    local title=$1 start=$SECONDS log=$scratch/check.log
    shift
    if "$@" >"$log" 2>&1 </dev/null; then
        passed=$((passed + 1))
        say "ok      $title ($(since "$start"))"
        # What this machine did not allow.
        grep -h '^skipped: ' "$log" | sed 's/^/        /' || true
        ((SECONDS - start < 3)) || note_time "$title" "$start"
    else
        failed=$((failed + 1))
        say "FAILED  $title ($(since "$start"))"
        sed 's/^/        /' "$log"
        return 1
    fi
}

# compile PRESET [BUILD OPTIONS]: one test as well; it shows its own progress.
compile() {
    local preset=$1 start=$SECONDS
    shift
    if "$root/scripts/build" "$@" "$preset"; then
        passed=$((passed + 1))
        say "ok      $preset builds without a warning ($(since "$start"))"
        note_time "build of $preset" "$start"
    else
        failed=$((failed + 1))
        say "FAILED  $preset builds without a warning"
        return 1
    fi
}

# While ctest runs: how far it is, every tenth of the way where there is no terminal.
show_tests() {
    awk -v terminal="$([[ -t 1 ]] && echo 1)" '
        match($0, /^ *[0-9]+\/[0-9]+ Test/) {
            split($1, step, "/")
            if (terminal) { printf "\r        %d of %d", step[1], step[2]; moved = 1 }
            else if (int(4 * step[1] / step[2]) > shown) { shown = int(4 * step[1] / step[2]); printf "        %d of %d\n", step[1], step[2] }
            fflush()
        }
        END { if (moved) printf "\r" }'
}

# cases_by_file LOG: what ctest's own log says of the tests that it ran by source file (--filenames-as-tags), where Catch counts
# the test cases. "all ALL bad BAD" is what these add to ctest's count of entries; an entry that passed without Catch's last words
# did not run to its end, and is named.
cases_by_file() {
    awk '
        /^[0-9]+\/[0-9]+ Testing: / { title = $0; sub(/^[^:]*: /, "", title); by_file = cases = failed = output = 0 }
        /^Command: / && !output { by_file = /"--filenames-as-tags"/ }
        /^Output:$/ { output = 1 }
        output && /^All tests passed \(.* in [0-9]+ test cases?\)$/ { cases = $(NF - 2); failed = 0 }
        output && /^test cases: / {
            cases = $3
            failed = 0
            if (match($0, /[0-9]+ failed/)) failed = substr($0, RSTART, RLENGTH) + 0
        }
        /^<end of output>$/ { ended = 1; next }
        ended && /^Test (Passed|Failed)\.$/ {
            ended = 0
            if (!by_file) next
            if (cases > 0) all += cases - 1
            if ($2 == "Failed." && failed > 1) bad += failed - 1
            if ($2 == "Passed." && (cases == 0 || failed > 0)) { bad += 1; print "        " title " ended too early" }
        }
        END { printf "all %d bad %d\n", all, bad }
    ' "$1"
}

# group TITLE LABEL [CTEST OPTIONS]: every test of that label in build/$build, release when it is not set; each counts as one.
group() {
    local title=$1 label=$2 start=$SECONDS log=$scratch/ctest.log own_log summary bad all more
    shift 2
    own_log=$root/build/${build:-release}/Testing/Temporary/LastTest.log
    say "        $title ..."
    rm -f "$own_log"
    ctest --test-dir "$root/build/${build:-release}" --label-regex "^$label\$" --output-on-failure --no-tests=error "$@" 2>&1 </dev/null |
        tee "$log" | show_tests || true
    # What this machine did not allow, and how far a test came in its time, which ctest keeps to itself.
    grep -hE '^(skipped|note): ' "$own_log" 2>/dev/null | sed 's/^/        /' || true
    note_time "$title" "$start"
    summary=$(grep -oE '[0-9]+ tests failed out of [0-9]+' "$log" || true)
    if [[ -z $summary || ! -e $own_log ]]; then
        failed=$((failed + 1))
        say "FAILED  $title: the tests could not be run"
        tail -n 30 "$log" | sed 's/^/        /'
        return 1
    fi
    more=$(cases_by_file "$own_log")
    read -r _ all _ bad < <(tail -n 1 <<<"$more")
    all=$((all + ${summary##* }))
    bad=$((bad + ${summary%% *}))
    passed=$((passed + all - bad))
    failed=$((failed + bad))
    if [[ $bad -eq 0 ]]; then
        say "ok      $title: $all tests ($(since "$start"))"
        return
    fi
    say "FAILED  $title: $bad of $all tests ($(since "$start"))"
    printf '%s\n' "$more" | sed '$d'
    # What remains are the failing tests, each with its output.
    grep -vE '^ *Start +[0-9]+: | Passed +[0-9.]+ sec|^Internal ctest|^Test project' "$log" | sed 's/^/        /'
    return 1
}

# Every stack of these tests is a copy of one finished cluster.
template_of_all() {
    FAREBOX_CLUSTER_TEMPLATE=$scratch/templates
    "$root/scripts/stack" template --dir "$FAREBOX_CLUSTER_TEMPLATE" || return 1
    export FAREBOX_CLUSTER_TEMPLATE
}

# stack_of NAME BIN: starts a farebox of these programs for the tests that follow, and tells them of it.
stack_of() {
    FAREBOX_TEST_STACK=$scratch/$1
    FAREBOX_TEST_BIN=$2
    "$root/scripts/stack" up --dir "$FAREBOX_TEST_STACK" --port 0 --bin "$2" || return 1
    eval "$("$root/scripts/stack" env --dir "$FAREBOX_TEST_STACK")"
    FAREBOX_TEST_URL=$FAREBOX_URL
    FAREBOX_TEST_DATABASE_URL=$ADMIN_DATABASE_URL
    unset DATABASE_URL ADMIN_DATABASE_URL
    export FAREBOX_TEST_STACK FAREBOX_TEST_BIN FAREBOX_TEST_URL FAREBOX_TEST_DATABASE_URL
}

# pgTAP, and sessions that a test file opens beside its own: the server opens them, so they need a password that it can read.
ready_for_pgtap() {
    "$PSQL" -X -q -v ON_ERROR_STOP=1 -d "$SUPERUSER_DATABASE_URL" <<'END' || return 1
create extension if not exists pgtap with schema extensions;
create extension if not exists dblink with schema extensions;
grant execute on function extensions.dblink_connect_u(text, text) to postgres;
END
    FAREBOX_TEST_OTHER_SESSION="$FAREBOX_TEST_DATABASE_URL password=$(cut -d : -f 5 "$FAREBOX_TEST_STACK/secrets/postgres.pgpass")"
    export FAREBOX_TEST_OTHER_SESSION
}

# no_reports DIR: what a sanitizer had to say lies in the handlers' logs.
no_reports() {
    ! grep -hE -A 30 'ERROR: (Address|Leak|Thread)Sanitizer|WARNING: ThreadSanitizer|runtime error:' "$1"/log/*.log
}

books_balance() { "$root/scripts/verify" --database-url "$FAREBOX_TEST_DATABASE_URL"; }
