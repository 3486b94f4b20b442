#!/bin/sh
# refresh.sh RUNS: brings each spec of this folder up to date with the folder RUNS/NAME of its sweep: the compact pack
# NAME.h5 (trials that it has from elsewhere stay), from it report, tables and figures, and the table of README.md. It only
# reads the sweeps' folders, also while they run. sld and sld-analysis are taken from the path.
set -eu
[ $# -eq 1 ] || { echo "usage: refresh.sh RUNS" >&2; exit 2; }
runs=$(cd "$1" && pwd)
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work" # a report names its study as it was given: by the name of the pack

count() { # count NAME STATE: the trials of its pack in that state
    sld report "$1.h5" --format json | grep -o "\"state\": \"$2\"" | wc -l
}

printf '| spec | trials | done | failed, diverged | results |\n|---|---|---|---|---|\n' > state
for spec in "$here"/*.yaml; do
    name=$(basename "$spec" .yaml)
    if [ -e "$runs/$name/points" ]; then
        sld report "$runs/$name" --pack "$name.h5" --compact
        if [ -e "$here/$name.h5" ]; then
            mv "$name.h5" new.h5
            sld-analysis merge new.h5 "$here/$name.h5" -o "$name.h5"
        fi
    elif [ -e "$here/$name.h5" ]; then
        cp "$here/$name.h5" .
    else
        sed -n "s/^| $name | \([0-9]*\) .*/| $name | \1 | 0 | 0 | not begun |/p" "$here/README.md" >> state
        continue
    fi
    results="no report yet"
    if sld-analysis report "$name.h5" -o "$here/$name" --svg; then # else it has said why: no trial is done
        cp "$name.h5" "$here/.$name.h5.tmp" # the pack is there whole or as it was
        mv "$here/.$name.h5.tmp" "$here/$name.h5"
        results="[tables and figures]($name/report.md), [one page]($name/report.html), [compact pack]($name.h5)"
    fi
    echo "| $name | $(count "$name" '[a-z]*') | $(count "$name" "done") | $(($(count "$name" failed) + $(count "$name" diverged))) | $results |" >> state
done
awk '/<!-- state -->/ { print; while ((getline line < "state") > 0) print line; skip = 1 }
     /<!-- end of state -->/ { skip = 0 } !skip' "$here/README.md" > README.md
cat README.md > "$here/README.md"
