#!/usr/bin/env python3
"""side_by_side.py: the SLD training step of sld beside PyTorch's on this machine, in one run.

Times PyTorch's best arrangement and `sld bench` on 1 rank and on 2 ranks in turns (A B C A B C ...), so that a drift of
the machine meets them alike, and prints medians over the rounds as plain-text tables. Which of PyTorch's arrangements
(threads, a process per core under DDP, each with and without channels_last; with --compile the latter by torch.compile too)
is best is found out in the first round.
Wants an otherwise idle machine and a build: sld is looked for in build/release, or named.

usage: side_by_side.py [--sld FILE] [--pairs TEACHER-STUDENT ...] [--precisions f32 bf16] [--seconds S] [--rounds N]
                       [--compile] [--epoch] [--json FILE]
"""
import argparse
import json
import os
import shlex
import statistics
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
ARRANGEMENTS = ("threads", "ddp", "threads:channels_last", "ddp:channels_last")
COMPILED = tuple(a + ":compile" for a in ARRANGEMENTS[2:])
RANKS = (1, 2)
PAIRS = ("resnet56-resnet20", "resnet32x4-resnet8x4", "wrn_40_2-wrn_16_2", "vgg13-vgg8", "resnet32x4-ShuffleV2",
         "vgg13-MobileNetV2")
BATCH = 64  # torch_step.py's
PARTS = ("teacher", "conv_forward", "conv_backward_data", "conv_backward_weights", "batch_norm", "other_layers", "losses",
         "reduction", "waiting", "sgd", "rest")
IDLE_LOAD = 0.5  # average over a minute, above which the machine is not idle


# ---- measuring ----


def records(command):
    """Runs a command; the JSON documents it prints, one per line."""
    done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True)
    if done.returncode != 0:
        sys.exit(f"side_by_side.py: exit code {done.returncode}: {shlex.join(command)}\n{done.stdout}")
    return [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]


def run_sld(options, pair, precision, ranks):
    found = records([options.sld, "bench", *pair.split("-"), "--ranks", str(ranks), "--batch", str(BATCH), "--seconds",
                     str(options.seconds), "--teacher-precision", precision, "--json"]
                    + ([] if options.epoch else ["--no-epoch"]))[0]
    return {**found.pop("figures"), **found}


def run_torch(options, pair, precision, arrangement):
    """A process of its own per arrangement, so that its memory is its own too."""
    found = records([options.python, os.path.join(HERE, "torch_step.py"), "--pairs", pair,
                     "--teacher-precision", precision, "--arrangements", arrangement, "--seconds", str(options.seconds)])
    return next(r for r in found if "arrangement" in r)


def announce(round_number, case, what, record):
    print(f"round {round_number}, {title(case)}, {what}: {record['samples_per_s']:.1f} samples/s", file=sys.stderr, flush=True)


def title(case):
    """A case is a pair and the precision of its teacher."""
    pair, precision = case
    return pair if precision == "f32" else f"{pair} ({precision} teacher)"


def measure(options):
    """{case: {"best": arrangement, "torch": {arrangement: [records]}, "sld": {ranks: [records]}}}; of PyTorch every
    arrangement in the first round, then the best."""
    arrangements = ARRANGEMENTS + (COMPILED if options.compile else ())
    results = {(pair, precision): {"best": None, "torch": {a: [] for a in arrangements}, "sld": {n: [] for n in RANKS}}
               for pair in options.pairs for precision in options.precisions}
    for k in range(1, options.rounds + 1):
        for case, result in results.items():
            for arrangement in [result["best"]] if result["best"] else arrangements:
                record = run_torch(options, *case, arrangement)
                result["torch"][arrangement].append(record)
                announce(k, case, f"PyTorch, {arrangement}", record)
            for ranks in RANKS:
                record = run_sld(options, *case, ranks)
                result["sld"][ranks].append(record)
                announce(k, case, f"sld, ranks {ranks}", record)
            if not result["best"]:
                result["best"] = max(arrangements, key=lambda a: result["torch"][a][0]["samples_per_s"])
    return results


# ---- tables ----


def median(rows, key):
    """Of one number of every record."""
    return statistics.median(row[key] for row in rows)


def spread(rows):
    """Largest over smallest samples/s of the rounds, in percent above 1."""
    rates = [row["samples_per_s"] for row in rows]
    return f"{100 * (max(rates) / min(rates) - 1):.0f} %"


def print_table(title, rows):
    """rows: the first is the heading; numbers stand to the right, the first column to the left."""
    widths = [max(len(str(row[i])) for row in rows) for i in range(len(rows[0]))]
    print(f"\n{title}\n")
    for number, row in enumerate(rows):
        cells = [str(cell).ljust(w) if i == 0 else str(cell).rjust(w) for i, (cell, w) in enumerate(zip(row, widths))]
        print("  ".join(cells).rstrip())
        if number == 0:
            print("  ".join("-" * w for w in widths))


def configurations(result):
    """(name, records) of one pair, PyTorch's best arrangement first."""
    best = result["best"]
    return [(f"PyTorch, {best}", result["torch"][best])] + [
        (f"sld, {n} rank{'s' * (n > 1)}", result["sld"][n]) for n in RANKS]


def speed_rows(results):
    rows = [("", "samples/s", "to PyTorch", "efficiency", "ms/step", "GFLOP/s", "MiB", "spread")]
    for case, result in results.items():
        named = configurations(result)
        base = median(named[0][1], "samples_per_s")
        one = median(result["sld"][1], "samples_per_s")
        # Of the same nominal work: PyTorch computes what sld computes.
        gflop = median(result["sld"][1], "gflop_per_sample")
        for i, (name, found) in enumerate(named):
            rate = median(found, "samples_per_s")
            ranks = found[0].get("ranks", 1)
            ms = median(found, "ms_median") if i else 1e3 * BATCH / rate
            rows.append((f"{title(case)}: {name}", f"{rate:.1f}", f"{rate / base:.2f}" if i else "",
                         f"{rate / one / ranks:.2f}" if ranks > 1 else "", f"{ms:.1f}", f"{gflop * rate:.0f}",
                         f"{median(found, 'memory_mib'):.0f}", spread(found)))
    return rows


def share_rows(results):
    """A column per part, a row per case and number of ranks."""
    rows = [("", *PARTS)]
    for case, result in results.items():
        for n in RANKS:
            shares = (f"{100 * median(result['sld'][n], part):.1f}" for part in PARTS)
            rows.append((f"{title(case)}, {n} rank{'s' * (n > 1)}", *shares))
    return rows


def epoch_rows(results):
    """A row per case and number of ranks: what `sld bench` prints of a trial that feeds on data."""
    rows = [("", "samples/s", "input, % of the step", "files, % of the epoch")]
    for case, result in results.items():
        for n in RANKS:
            found = result["sld"][n]
            rows.append((f"{title(case)}, {n} rank{'s' * (n > 1)}", f"{median(found, 'epoch_samples_per_s'):.1f}",
                         f"{100 * median(found, 'input_of_step'):.2f}", f"{100 * median(found, 'epoch_files'):.2f}"))
    return rows


def print_means(results):
    """Of sld on as many ranks as cores over PyTorch's best, per precision."""
    for precision in sorted({precision for _, precision in results}, reverse=True):
        ratios = [median(result["sld"][RANKS[-1]], "samples_per_s") / median(result["torch"][result["best"]], "samples_per_s")
                  for case, result in results.items() if case[1] == precision]
        print(f"{precision} teacher: {statistics.geometric_mean(ratios):.2f} times PyTorch, geometric mean of {len(ratios)} "
              f"pairs on {RANKS[-1]} ranks")


def print_all(options, results):
    print_table(f"Samples per second of the SLD step (two views, batch {BATCH}), median of {options.rounds} rounds of "
                f"{options.seconds:g} s", speed_rows(results))
    print("\nefficiency: 2 ranks over twice 1 rank. GFLOP/s: nominal, 2 views x (teacher + 3 x student) x 2 x MAC, the "
          "first\nlayer's data gradient counted. MiB: peak resident memory of one process. spread: largest over smallest "
          "round.")
    print()
    print_means(results)
    print_table("sld: percent of the step, by part; waiting: for reductions and moving them",
                share_rows(results))
    if options.epoch:
        print_table("sld fed from data: loading and augmentation; results and checkpoints", epoch_rows(results))


# ---- the command ----


def read_options():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sld", default=os.path.join(ROOT, "build", "release", "src", "cli", "sld"))
    parser.add_argument("--python", default="/usr/bin/python3", help="one that has torch (Debian: python3-torch)")
    parser.add_argument("--pairs", nargs="+", default=PAIRS)
    parser.add_argument("--precisions", nargs="+", default=["f32"], choices=("f32", "bf16"), help="of the teacher")
    parser.add_argument("--seconds", type=float, default=10.0, help="timed per configuration and round")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--compile", action="store_true", help="try torch.compile too: minutes a pair")
    parser.add_argument("--epoch", action="store_true", help="a trial fed from data too: shares of its input and files")
    parser.add_argument("--json", help="file for every record")
    options = parser.parse_args()
    if not os.access(options.sld, os.X_OK):
        parser.error(f"{options.sld}: no such program; build the preset release or give --sld")
    if subprocess.run([options.python, "-c", "import torch"], stderr=subprocess.DEVNULL).returncode != 0:
        parser.error(f"{options.python} has no torch (Debian: apt-get install --no-install-recommends python3-torch)")
    if options.rounds < 1:
        parser.error("--rounds: at least 1")
    return options


def main():
    options = read_options()
    load = os.getloadavg()[0]
    cpus = len(os.sched_getaffinity(0))
    print(f"load average {load:.2f}, {cpus} CPUs, {options.rounds} rounds of {options.seconds:g} s")
    if load > IDLE_LOAD:
        print(f"WARNING: load average above {IDLE_LOAD}: the machine is not idle, these numbers mean little")
    sys.stdout.flush()
    if os.geteuid() == 0:  # Open MPI asks for it
        os.environ.update(OMPI_ALLOW_RUN_AS_ROOT="1", OMPI_ALLOW_RUN_AS_ROOT_CONFIRM="1")
    results = measure(options)
    if options.json:
        with open(options.json, "w") as file:
            json.dump({"load": load, "seconds": options.seconds,
                       "results": {title(case): result for case, result in results.items()}}, file, indent=1)
    print_all(options, results)


if __name__ == "__main__":
    main()
