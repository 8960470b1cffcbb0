# shellcheck shell=bash
# clang-format and clang-tidy differ from version to version in what they do and find, so the repository is held to one: that of
# Debian 12. Those of Debian 13 are version 19; where there is no 14 these two are left out, and a line says so.

readonly clang_version=14

# find_clang NAME: sets $program to that version of clang-format or clang-tidy; false, with the line, where there is another one.
find_clang() {
    local version other=''
    for program in "$1-$clang_version" "$1"; do
        version=$("$program" --version 2>/dev/null | grep -oE 'version [0-9]+' | head -n 1) || continue
        if [[ $version == "version $clang_version" ]]; then return; fi
        other=${version#version }
    done
    [[ -n $other ]] || fail "$1 is not installed: run scripts/packages --lint"
    say "skipped: $1 is not run: the repository is held to version $clang_version, and here is $other"
    return 1
}
