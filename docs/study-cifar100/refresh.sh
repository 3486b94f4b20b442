#!/bin/sh
# refresh.sh RUNS: makes report, tables, figures and compact pack of each spec in this folder anew, and the table of README.md,
# from the folders RUNS/NAME of its sweeps. It reads them only, also while they run. sld and sld-analysis are taken from the path.
set -eu
[ $# -eq 1 ] || { echo "usage: refresh.sh RUNS" >&2; exit 2; }
runs=$(cd "$1" && pwd)
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work" # a report names its study as it was given: by the name of the pack

count() { # count STATE: of the trials that status.json tells
    grep -o "\"state\": \"$1\"" status.json | wc -l
}

printf '| spec | trials | done | failed, diverged | results |\n|---|---|---|---|---|\n' > state
for spec in "$here"/*.yaml; do
    name=$(basename "$spec" .yaml)
    if [ ! -e "$runs/$name/points" ]; then
        sed -n "s/^| $name | \([0-9]*\) .*/| $name | \1 | 0 | 0 | not begun |/p" "$here/README.md" >> state
        continue
    fi
    sld report "$runs/$name" --pack "$name.h5"
    results="no report yet"
    if sld-analysis report "$name.h5" -o "$here/$name" --svg; then # else it has said why: no trial is done
        sld report "$runs/$name" --pack "$here/$name.h5" --compact
        results="[tables and figures]($name/report.md), [one page]($name/report.html), [compact pack]($name.h5)"
    fi
    sld status "$runs/$name" --json > status.json
    echo "| $name | $(count '[a-z]*') | $(count done) | $(($(count failed) + $(count diverged))) | $results |" >> state
done
awk '/<!-- state -->/ { print; while ((getline line < "state") > 0) print line; skip = 1 }
     /<!-- end of state -->/ { skip = 0 } !skip' "$here/README.md" > README.md
cat README.md > "$here/README.md"
