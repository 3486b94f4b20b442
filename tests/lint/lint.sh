#!/usr/bin/env bash
# lint.sh                          cppcheck over the program's sources
# lint.sh --tidy BUILD [FILE ...]  clang-tidy over these sources, or over all, as BUILD compiles them
# What either may say stands with its reason in cppcheck.txt, and in .clang-tidy and tidy.txt. Exit code 77: the tool is
# not there.
set -u
cd "$(dirname "${BASH_SOURCE[0]}")/../.." || exit

# tidy BUILD [FILE ...]: prints each finding that no exception covers, and with all files each exception that covers
# nothing any more.
tidy() {
    local build=$1 all=false said
    shift
    if [ $# = 0 ]; then
        all=true
        mapfile -t files < <(find src -name '*.c' | sort)
        set -- "${files[@]}"
    fi
    said=$(mktemp) || return
    if ! printf '%s\n' "$@" | xargs -n 1 -P "$(nproc)" clang-tidy -p "$build" --quiet >"$said" 2>"$said.log"; then
        cat "$said.log" "$said"
        rm -f "$said" "$said.log"
        return 1
    fi
    sed -n "s,^$PWD/,,; /: \(warning\|error\): .*\]\$/p" "$said" | sort -u | awk -v all="$all" '
        FILENAME == "tests/lint/tidy.txt" { if ($0 !~ /^\/\//) needed[$1] = 0; next }
        { split($0, place, ":"); key = $0; sub(/.*\[/, "", key); sub(/\].*/, "", key); key = key ":" place[1]
          if (key in needed) needed[key] = 1; else { print; bad = 1 } }
        END { for (key in needed) if (all == "true" && !needed[key]) print "tests/lint/tidy.txt: " key ": covers nothing any more"
              exit bad }' tests/lint/tidy.txt -
    bad=$?
    rm -f "$said" "$said.log"
    return $bad
}

if [ "${1-}" = --tidy ]; then
    # Other versions know other checks, and find other paths.
    version=$(clang-tidy --version 2>/dev/null | grep -o 'version [0-9]*')
    [ "$version" = "version 14" ] || { echo "SKIP: clang-tidy 14 is not installed, found: ${version:-none}"; exit 77; }
    tidy "${2:?a build folder}" "${@:3}"
    exit
fi
command -v cppcheck >/dev/null || { echo "SKIP: cppcheck is not installed"; exit 77; }
exec cppcheck --enable=warning,portability,performance --std=c11 --quiet --error-exitcode=1 --inline-suppr \
    --suppressions-list=tests/lint/cppcheck.txt -D_GNU_SOURCE -Iinclude src
