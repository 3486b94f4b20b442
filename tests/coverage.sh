#!/usr/bin/env bash
# coverage.sh [ctest arguments]: builds with counters (preset coverage), runs the tests chosen, the fast ones when none are,
# and prints for each room how many of its lines they reached.
set -u
here=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
# shellcheck source=jobs/setup.sh
. "$here/jobs/setup.sh"
[ $# -gt 0 ] || set -- -L fast

sld_mpi_env 8
sld_build coverage || exit 1
find "$here/build/coverage" -name '*.gcda' -delete
(cd "$here" && ctest --preset coverage -j "$(sld_cores)" "$@")
tests=$?

# gcov names a source and, in the next line, the share of its lines. A file without a .gcda was never reached.
cd "$here/build/coverage" || exit 1
find . -path '*/sld_*.dir/src/*.gcno' -exec gcov --no-output {} + 2>/dev/null |
    awk -F"'" '/^File / { file = $2 }
        /^Lines executed:/ && sub(/^(.*\/)?src\//, "", file) && file ~ /\.c$/ {
            split(file, part, "/")
            split($0, word, /[:% ]+/) # Lines executed 85.71 of 28
            lines[part[1]] += word[5]
            reached[part[1]] += word[3] / 100 * word[5]
            file = ""
        }
        END {
            for (room in lines) printf "%-10s %5.1f %% of %5d lines\n", room, 100 * reached[room] / lines[room], lines[room]
        }' | sort
exit "$tests"
