#!/usr/bin/env bash
# local.sh SPEC.yaml|EXPERIMENT.yaml [key=value ...]: sets this machine up, builds sld and runs a sweep on its cores, with
# the report at the end, also as a page in the sweep's folder, or trains one experiment, one rank per physical core. The
# same command resumes. Ctrl-C (or SIGTERM) saves and stops, exit code 75; a second one ends at once. RANKS=n in the
# environment asks for n ranks per trial.
set -u
here=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
# shellcheck source=jobs/setup.sh
. "$here/jobs/setup.sh"

case ${1:-} in
"" | -*)
    sed -n '2,/^set -u/{/^#/s/^# \{0,1\}//p}' "${BASH_SOURCE[0]}"
    [ "${1:-}" = --help ] || [ "${1:-}" = -h ]
    exit $(($? * 2))
    ;;
esac
experiment=$1
shift

sld_setup build speed
sld_build release --target sld || exit 1
sld=$here/build/release/src/cli/sld

ranks=${RANKS:-$(sld_cores)}
if ! [[ $ranks =~ ^[1-9][0-9]{0,5}$ ]]; then
    sld_say "RANKS: expected a whole number from 1, got '$ranks'"
    exit 2
fi
sld_mpi_env "$ranks"

# What runs has a session of its own, so that Ctrl-C reaches this script alone, which hands it on as SIGUSR1: save and
# stop. mpirun would answer SIGINT and SIGTERM by killing its ranks.
signals=0
interrupted=false
last=KILL # to mpirun: it takes its ranks along
# shellcheck disable=SC2317 # called by the trap
stop() {
    local job # by bash's own list: a signal can come before the name below is set
    job=$(jobs -p)
    [ -n "$job" ] || exit 130 # nothing runs yet, or no more
    interrupted=true
    signals=$((signals + 1))
    if [ "$signals" = 1 ]; then
        sld_say "asked to stop: saving (once more: end at once)"
        kill -USR1 "$job" 2>/dev/null
    else
        kill "-$last" "$job" 2>/dev/null
    fi
}

# wait_job: its exit code in code, however often a signal comes between.
wait_job() {
    while :; do
        interrupted=false
        wait "$job" 2>/dev/null
        code=$?
        $interrupted || break
    done
}
trap stop INT TERM HUP USR1

# A sweep's document has sections that no experiment has.
if grep -qE '^"?(base|axes|teachers|seeds|launch|exclude|baseline)"?[[:space:]]*:' "$experiment" 2>/dev/null; then
    last=INT # the coordinator's word for "at once"
    arguments=()
    if [ -n "${RANKS:-}" ]; then
        arguments=(--ranks "$RANKS")
    elif ! sld_loopback; then
        sld_say "no network interface is up, not even lo, and mpirun cannot work: one rank per trial"
        arguments=(--ranks 1)
    fi
    # Where it will lie; and a mistake in the spec is reported here.
    plan=$("$sld" sweep "$experiment" "$@" --plan) || exit
    folder=$(sed -n 's/^folder \(.*\): .*/\1/p' <<<"$plan")
    sld_say "$(sed -n 1p <<<"$plan"); by the plan's estimate$(sed -n 's/^  training  */ /p' <<<"$plan"), small networks take several times as long; from another shell: $sld status $folder --watch"
    setsid "$sld" sweep "$experiment" "$@" "${arguments[@]}" </dev/null &
    job=$!
    wait_job
    if [ "$code" -le 1 ]; then
        "$sld" report "$folder"
        sld_setup report
        "$here/analysis/sld-analysis" report "$folder" -o "$folder/report" # prints the path of the page
    fi
    exit "$code"
fi

# A mistake in the experiment is reported here, once, before any rank starts.
config=$(OMPI_MCA_ess_singleton_isolated=1 "$sld" run "$experiment" "$@" --show-config) || exit
shards=$(awk '/^[^ #]/ { section = $1 } section == "parallel:" && $1 == "shards:" { print $2 }' <<<"$config")
if [ -z "${RANKS:-}" ] && [ "$ranks" -gt "${shards:-8}" ]; then
    sld_say "$ranks cores, $shards ranks: parallel.shards is the most ranks a trial can use"
    ranks=$shards
fi
if ! sld_loopback; then
    sld_say "no network interface is up, not even lo, and mpirun cannot work: training on one rank without it"
    OMPI_MCA_ess_singleton_isolated=1 exec "$sld" run "$experiment" "$@"
fi

sld_say "training on $ranks ranks; build in ${sld%/src/cli/sld}"
read -ra flags <<<"$(sld_mpirun_flags "$ranks")"
# The ranks' stderr is a pipe: this is where their live line goes.
[ ! -t 2 ] || export SLD_TERMINAL="${SLD_TERMINAL:-$(readlink "/proc/$$/fd/2")}"
exec {talk}> >(sld_mpirun_talk)
filter=$!
setsid mpirun -n "$ranks" "${flags[@]}" "$sld" run "$experiment" "$@" </dev/null 2>&$talk &
job=$!
exec {talk}>&-
wait_job
wait "$filter"
exit "$code"
