#!/bin/bash
# sweep.flux: a sweep as a Flux job, on all cores of one node. Copy it, edit the two lines marked EDIT, and `flux batch
# sweep.flux` in the folder from which the spec is named. Two minutes before its time is up it saves; the same flux batch
# goes on. Submitted several times it works on the same folder with as many nodes.
#     flux cancel JOB                     ends it, nothing is lost: the same flux batch goes on
#     sld status runs/NAME                from any machine that sees the folder
#flux: --job-name=sld-sweep
#flux: --nodes=1
#flux: --exclusive
#flux: --time-limit=240m
#flux: --output={{name}}-{{id}}.log
seconds=14400                      # time limit, once more
modules=""                         # EDIT: what sld was built with, such as "openmpi hdf5"
sweep=sweeps/ablation.yaml         # EDIT: the spec
settings=()                        # such as launch.retries=5 --dir runs/other
sld=sld

# ---- nothing below needs an edit

if [ -n "$modules" ]; then
    # shellcheck disable=SC2086 # several words
    module load $modules || exit
fi
# This scheduler gives no signal in time: USR1 is save and stop.
timeout --preserve-status --signal=USR1 $((seconds - 120)) "$sld" sweep "$sweep" "${settings[@]}"
code=$?
[ "$code" != 75 ] || echo "saved: submit this script again, it goes on" >&2
exit "$code"
