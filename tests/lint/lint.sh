#!/usr/bin/env bash
# lint.sh [--tidy BUILD]: cppcheck over the program's sources; with --tidy clang-tidy too, over the files that BUILD
# compiles, which takes the better part of an hour of a core. What either may say stands with its reason in cppcheck.txt
# and .clang-tidy. Exit code 77 where the tool is not there.
set -u
cd "$(dirname "${BASH_SOURCE[0]}")/../.." || exit

if [ "${1-}" = --tidy ]; then
    command -v clang-tidy >/dev/null || { echo "SKIP: clang-tidy is not installed"; exit 77; }
    git ls-files 'src/*.c' | xargs -n 1 -P "$(nproc)" clang-tidy -p "${2:?a build folder}" --quiet
    exit
fi
command -v cppcheck >/dev/null || { echo "SKIP: cppcheck is not installed"; exit 77; }
exec cppcheck --enable=warning,portability,performance --std=c11 --quiet --error-exitcode=1 --inline-suppr \
    --suppressions-list=tests/lint/cppcheck.txt -D_GNU_SOURCE -Iinclude src
