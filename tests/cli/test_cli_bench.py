"""sld bench: what must be true of any measurement, the same under mpirun and by --ranks, and its mistakes."""
import json
import math
import os
import re

from harness import check, expect, in_folder, sld

STEP = ["teacher", "conv_forward", "conv_backward_data", "conv_backward_weights", "batch_norm", "other_layers", "losses",
        "reduction", "waiting", "sgd", "rest"]
EPOCH = ["epoch_augmentation", "epoch_steps", "epoch_evaluation", "epoch_files"]
# docs/recipes.md, "Networks": multiply-accumulates for one image of 32x32x3 and 100 classes.
MAC = {"none": 0, "resnet8": 12_507_392, "resnet14": 26_663_168}


def close(a, b):
    return abs(a - b) <= 1e-3 * abs(b)  # six digits are printed, some of them of sums of rounded parts


def hold(r, teacher, ranks, epoch):
    """A record of 2 steps of teacher -> resnet8, batch 64."""
    f = r["figures"]
    gflop = 2 * (MAC[teacher] + 3 * MAC["resnet8"]) * 2e-9
    check((r["pair"], r["ranks"], r["batch"], r["steps"]) == (teacher + "-resnet8", ranks, 64, 2), "what was run", r)
    check(math.isfinite(r["loss"]), "loss", r)
    check(all(v is None or v >= 0 for v in f.values()), "a negative figure", f)
    check(0 < f["ms_least"] <= f["ms_median"], "times", f)
    check(ranks > 1 or close(f["samples_per_s"], 64e3 / f["ms_median"]), "samples/s of two steps and their median", f)
    check(close(f["gflop_per_sample"], gflop), "nominal work", f, gflop)
    check(close(f["gflop_per_s"], gflop * f["samples_per_s"]), "nominal rate", f)
    check(abs(sum(f[k] for k in STEP) - 1) < 1e-3, "shares of the step do not add up", f)
    check((f["teacher"] > 1e-3) == (teacher != "none"), "share of the teacher", f)
    check(f["conv_forward"] > 0 and f["batch_norm"] > 0, "a part has no time", f)
    check(f["memory_mib"] > 1, "memory", f)
    check(all((f[k] is not None) == epoch for k in EPOCH), "epoch", f)
    check(not epoch or abs(sum(f[k] for k in EPOCH) - 1) < 1e-3, "shares of the epoch do not add up", f)
    check((f["input_of_step"] is not None) == epoch, "input pipeline", f)
    if epoch:  # of the slowest rank; the others are means
        fed = f["epoch_augmentation"] + f["epoch_steps"]
        check(f["epoch_augmentation"] / fed * 0.999 <= f["input_of_step"] < 1, "input pipeline of the step", f)
        check(f["epoch_augmentation"] > 0 and f["epoch_files"] > 0, "data or files without time", f)
    check(r["epoch_samples"] == (256 if epoch else 0), "samples of the trial", r)


def records(*args, ranks, env=None):
    done = expect(sld("bench", *args, "--seconds", 0.01, "--steps", 2, "--json", ranks=ranks, env=env), 0)
    return [json.loads(line) for line in done.out.splitlines()]


def main():
    os.environ["TMPDIR"] = os.getcwd()
    hold(*records("resnet14", "resnet8", ranks=2), "resnet14", 2, True)
    for record, ranks in zip(records("none", "resnet8", "--ranks", "1,2", "--no-epoch", ranks=0), (1, 2)):
        hold(record, "none", ranks, False)
    for option in ("--stall-minutes", "--cpus"):  # no word of the user is a command
        expect(sld("bench", "none", "resnet8", "--ranks", "1", option, "1'; touch INJECTED; echo '", ranks=0), 2, "touch INJECTED")
    check(not os.path.exists("INJECTED"), "a word was run by the shell")
    below = {"ONEDNN_MAX_CPU_ISA": "AVX2", "DNNL_MAX_CPU_ISA": "AVX2"}  # a peak that the kernels may not use is none
    figures = records("none", "resnet8", "--no-epoch", ranks=0, env=below)[0]["figures"]
    check(figures["peak_bf16"] == figures["peak_f32"], "bf16 without AMX is computed in f32")
    check(not [f for f in os.listdir(".") if f.startswith("sld-bench")], "the trial's folder was left behind")
    table = expect(sld("bench", "none", "resnet8", "--ranks", "1,2", "--seconds", 0.01, "--steps", 1, ranks=0), 0).out
    check("efficiency" in table and "results and checkpoints" in table, "table", table)
    check(re.search(r"^input pipeline, % of the step +\d+\.\d\d +\d+\.\d\d$", table, re.M), "input pipeline", table)
    check(re.search(r"^results, checkpoints, % of epoch +\d+\.\d\d +\d+\.\d\d$", table, re.M), "files", table)
    expect(sld("bench", "resnet14"), 2, "usage")
    expect(sld("bench", "resnet14", "resnet8", "--teacher-precision", "fp16"), 2, "--teacher-precision: expected f32 or bf16, got 'fp16'")
    expect(sld("bench", "resnet14", "resnet8", "--student-precision", "fp16"), 2, "--student-precision: expected f32 or bf16, got 'fp16'")
    expect(sld("bench", "resnet14", "resnte8"), 2, "resnet8")
    expect(sld("bench", "resnet14", "resnet8", "--batch", "0"), 2, "--batch: expected a whole number from 1 to 65536, got 0")
    expect(sld("bench", "resnet14", "resnet8", "--ranks", "1,,2", ranks=0), 2, "got '1,,2'")
    expect(sld("bench", "none", "resnet8", ranks=9), 2, "expected at most 8 ranks, one for each shard of the batch, got 9; start fewer")
    expect(sld("bench", "resnet14", "resnet8", "train.batch=3"), 2, "train.batch=3")
    expect(sld("bench", "resnet14", "resnet8", "--no-epochs"), 2, "nearest: --no-epoch")
    expect(sld("bench", "resnet14", "resnet8", "--stall-minutes", "-1"), 2, "--stall-minutes: expected a number from 0 to 100000, got -1")


in_folder(main)
