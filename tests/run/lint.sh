#!/usr/bin/env bash
# scripts/fmt and scripts/lint where clang-format and clang-tidy are of another version than the repository is held to.
# shellcheck source=tests/run/support.sh
source "$(dirname "${BASH_SOURCE[0]}")/support.sh"
a_checkout tree
mkdir "$scratch/tree/shared" "$scratch/tree/tests" "$scratch/bin"
printf 'int   main( ) { }\n' >"$scratch/tree/shared/ugly.cpp"

# here VERSION: every name of the two programs is of that version; run with arguments, they mark what they were given.
here() {
    local name
    for name in clang-format clang-format-14 clang-tidy clang-tidy-14; do
        # shellcheck disable=SC2016 # for the inner shell
        printf '#!/bin/sh\n[ "$1" = --version ] && echo "Debian %s version %s" || touch "%s"\n' "$name" "$1" "$scratch/$name.ran" \
            >"$scratch/bin/$name"
        chmod +x "$scratch/bin/$name"
    done
}
with_others() { PATH=$scratch/bin:$PATH "$scratch/tree/scripts/$1" "${@:2}"; }
ran() { find "$scratch" -maxdepth 1 -name '*.ran' -printf '%f '; }

here 19.1.7
for command in "fmt --check" fmt "lint --cpp" "lint --cpp-quick"; do
    # shellcheck disable=SC2086 # words
    contains "$command leaves another version out and says so" "is not run: the repository is held to version 14, and here is 19" "$(with_others $command)"
done
equals "and runs nothing" "" "$(ran)"
here 14.0.6
holds "one of the right version formats" with_others fmt
contains "by its name with the version, or by the plain one" "clang-format" "$(ran)"
