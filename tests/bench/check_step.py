#!/usr/bin/env python3
"""check_step.py COMMAND ...: runs bench_step so and holds its line of JSON to what must be true of any measurement."""
import json
import math
import subprocess
import sys

STEP_PARTS = {"teacher", "student_forward", "objective", "backward", "wait", "sgd", "rest"}
NN_PARTS = {"conv_forward", "conv_backward_data", "conv_backward_weights", "batch_norm", "other", "refresh", "merge",
            "reduce"}
# REFERENCE: multiply-accumulates for one image of 32x32x3 and 100 classes.
MAC = {"resnet8": 12_507_392, "resnet14": 26_663_168}


def numbers(value):
    """All numbers in a decoded document."""
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list):
        return [x for item in value for x in numbers(item)]
    return [value] if isinstance(value, (int, float)) and not isinstance(value, bool) else []


def close(a, b, relative):
    return abs(a - b) <= relative * abs(b)


def faults(r):
    """What is wrong with a record of 2 steps of resnet14 -> resnet8 on 2 ranks, batch 64."""
    gflop = 2 * (MAC["resnet14"] + 3 * MAC["resnet8"]) * 2e-9
    ms = r["ms_per_step"]
    return [text for good, text in [
        (r["pair"] == "resnet14-resnet8" and r["ranks"] == 2 and r["batch"] == 64 and r["steps"] == 2, "what was run"),
        (r["finite"] is True and r["loss"] is not None, "the loss is not finite"),
        (all(math.isfinite(x) and x >= 0 for x in numbers(r)), "a number is negative or not finite"),
        (0 < ms["min"] <= ms["median"], "times"),
        # The mean of two steps is their median; both are printed to five digits or more.
        (close(r["samples_per_s"], 64e3 / ms["median"], 1e-3), "samples_per_s is not the batch over the time"),
        (close(r["nominal_gflop_per_sample"], gflop, 1e-3), "nominal_gflop_per_sample"),  # printed to five decimals
        (close(r["nominal_gflop_per_s"], gflop * r["samples_per_s"], 1e-3), "nominal_gflop_per_s"),
        (set(r["share"]) == STEP_PARTS and set(r["share_nn"]) == NN_PARTS, "names of the parts"),
        (abs(sum(r["share"].values()) - 1) < 1e-3, "shares do not add up to 1"),  # seven of them, four decimals each
        (sum(r["share_nn"].values()) <= 1, "the student's parts are more than all"),
        (all(r["share"][p] > 0 for p in ("teacher", "student_forward", "objective", "backward")), "a part has no time"),
        (len(r["peak_memory_mib"]) == 2 and min(r["peak_memory_mib"]) > 1, "memory"),
    ] if not good]


def main():
    done = subprocess.run(sys.argv[1:], stdout=subprocess.PIPE, text=True)
    print(done.stdout, end="")
    lines = done.stdout.splitlines()
    if done.returncode != 0 or len(lines) != 1:
        sys.exit(f"exit code {done.returncode}, wanted 0; {len(lines)} lines, wanted 1")
    found = faults(json.loads(lines[0]))
    sys.exit("; ".join(found) if found else 0)


if __name__ == "__main__":
    main()
