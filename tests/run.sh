#!/usr/bin/env bash
# run.sh [--quick] [--soak]: installs what is missing, builds with warnings as errors and runs the whole suite: as users
# run it, under the sanitizers, and what convolutions compute once more without oneDNN. The last line is the sum of it
# all; the exit code is 0 when something ran and nothing failed.
#   --quick   only the build that users run
#   --soak    also the long tests (label soak: under the sanitizers most of the command line's), and ThreadSanitizer's
set -u
here=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
# shellcheck source=jobs/setup.sh
. "$here/jobs/setup.sh"

quick=false
soak=false
long=(-LE soak)
for argument in "$@"; do
    case $argument in
    --quick) quick=true ;;
    --soak) soak=true long=() ;;
    *)
        sed -n '2,/^set -u/{/^#/s/^# \{0,1\}//p}' "${BASH_SOURCE[0]}"
        [ "$argument" = --help ] || [ "$argument" = -h ]
        exit $(($? * 2))
        ;;
    esac
done

passed=0 failed=0 skipped=0

# count NAME PASSED FAILED SKIPPED: adds to the sums and says so.
count() {
    printf '%s: %d passed, %d failed, %d skipped\n' "$@"
    passed=$((passed + $2)) failed=$((failed + $3)) skipped=$((skipped + $4))
}

# skips REPORT: the tests that were left out, each with the reason that it gave.
skips() {
    awk '/<testcase / { split($0, part, "\""); name = part[2]; skipped = 0; told = 0 }
        /<skipped message="SKIP_RETURN_CODE=|status="disabled"/ { skipped = 1 }
        skipped && match($0, /SKIP: .*/) { print "skipped: " name ": " substr($0, RSTART + 6); told = 1 }
        skipped && !told && /<\/testcase>/ { print "skipped: " name ": it gives no reason" }' "$1" |
        sed 's/&quot;/"/g; s/&apos;/'"'"'/g; s/&lt;/</g; s/&gt;/>/g; s/&amp;/\&/g; s/<\/system-out>//'
}

# begin PRESET: builds what is tested of it, beside the tests of another preset, which go first. Sets building.
begin() {
    local target=all
    [ "$1" != blas ] || target=kernel_tests
    [ "$1" != tsan ] || target=tsan_tests
    (renice -n 10 "$BASHPID" >/dev/null 2>&1; sld_build "$1" --target "$target") &
    building=$!
}

# suite PRESET [ctest arguments]: runs its tests. A test is passed or skipped (exit code 77) when the report says so;
# anything else, such as a test without its program, is a failure.
suite() {
    local preset=$1 report=$here/build/$1/tests.xml total good none
    shift
    rm -f "$report"
    # two more than cores: many wait, for launchers, locks, stalls and Slurm
    if ! (cd "$here" && ctest --preset "$preset" -j "$(($(sld_cores) + 2))" --output-junit "$report" "$@") && [ ! -s "$report" ]; then
        count "$preset (ctest)" 0 1 0
        return
    fi
    total=$(grep -c '<testcase ' "$report")
    good=$(grep -c '<testcase .*status="run"' "$report")
    none=$(grep -cE '<skipped message="SKIP_RETURN_CODE=|<testcase .*status="disabled"' "$report")
    skips "$report"
    count "$preset" "$good" $((total - good - none)) "$none"
}

# keep_sessions: the folder in which all of Open MPI's sessions of this machine and user lie. Who starts makes it where it
# is not, who ends removes it where it is empty; of two that make it at once one fails. Here it is never empty.
keep_sessions() {
    sessions=$(mktemp -d /tmp/sld-XXXXXX) || return
    trap 'rm -rf "$sessions"' EXIT
    mkdir -p "$sessions/ompi.$(uname -n).$(id -u)/kept"
    export OMPI_MCA_orte_tmpdir_base=$sessions
}

sld_setup build speed test report analysis
sld_mpi_env 8
keep_sessions
# A page that a process touches first is dear, above all in virtual machines: a heap that takes large pages and keeps them
# saves a quarter of the time of what starts and ends. It is what malloc of glibc 2.35 and newer can be told.
export GLIBC_TUNABLES=${GLIBC_TUNABLES:-glibc.malloc.hugetlb=1:glibc.malloc.mmap_threshold=1000000000:glibc.malloc.trim_threshold=4000000000}
# NumPy's threads would wait for each other on cores that other tests use.
export OPENBLAS_NUM_THREADS=${OPENBLAS_NUM_THREADS:-1}
# ci and blas compile most files alike. An empty cache that runs the preprocessor for itself costs a third of a build.
if command -v ccache >/dev/null; then
    export CMAKE_C_COMPILER_LAUNCHER=ccache CCACHE_BASEDIR=$here CCACHE_NOHASHDIR=1 CCACHE_DEPEND=1
fi

presets=(ci)
if ! $quick; then
    presets+=(debug)
    ! sld_have "header oneapi/dnnl/dnnl.h" || presets+=(blas)
    ! $soak || presets+=(tsan)
fi
begin "${presets[0]}"
for i in "${!presets[@]}"; do
    preset=${presets[i]} next=${presets[i + 1]-} only=()
    [ "$preset" != blas ] || only=(-R '^(test_kernels|test_nn|golden_networks|golden_trajectory)_')
    wait "$building"
    built=$?
    [ -z "$next" ] || begin "$next"
    if [ "$built" = 0 ]; then
        suite "$preset" "${long[@]}" "${only[@]}"
    else
        count "$preset (build)" 0 1 0
    fi
done

# clang-format 14, whose word counts, is Debian 12's; Debian 13 has later ones alone.
formatter=$({ clang-format-14 --version || clang-format --version; } 2>/dev/null)
if [[ $formatter != *"version 14."* ]]; then
    echo "skipped: format-check: needs clang-format 14, found: ${formatter:-none}"
    count format-check 0 0 1
elif cmake -DROOT="$here" -DCHECK=ON -P "$here/cmake/format.cmake"; then
    count format-check 1 0 0
else
    count format-check 0 1 0
fi

printf '%d passed, %d failed, %d skipped\n' "$passed" "$failed" "$skipped"
[ "$failed" = 0 ] && [ "$passed" -gt 0 ]
