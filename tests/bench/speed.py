#!/usr/bin/env python3
"""speed.py: how fast one build of sld is: the six pairs and the kernels' layer shapes, in one JSON.

usage: speed.py [--build DIR] [--ranks 1,2] [--seconds S] [--pairs TEACHER-STUDENT ...] [--no-kernels]
       speed.py --compare BEFORE.json ... --with AFTER.json ...

Wants an otherwise idle machine and a build with its tests (cmake --build DIR --target sld bench_kernels); by default
build/release of the tree in which this file lies.

The JSON: commit (with + where the tree has changes), machine (processor, cores, load: the average over the last minute,
when it began), build (what `sld --version` says), pairs: a list of the records that `sld bench --json` prints, one for each
pair and number of ranks; isa, peak_f32, shapes: as kernels.py has them.

--compare takes the runs of two commits on one machine, best made in turns, and prints for each pair the median of the
samples/s of both, their ratio and how far the runs of one commit lie apart, then the same for the shapes.
"""
import argparse
import json
import os
import statistics
import subprocess
import sys

import kernels

PAIRS = ("resnet56-resnet20", "resnet32x4-resnet8x4", "wrn_40_2-wrn_16_2", "vgg13-vgg8", "resnet32x4-ShuffleV2",
         "vgg13-MobileNetV2")


def output(*command):
    done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True, check=False)
    if done.returncode != 0:
        sys.exit(f"speed.py: {' '.join(command)}: exit code {done.returncode}")
    return done.stdout


def measure(options):
    load = os.getloadavg()[0]
    sld = os.path.join(options.build, "src", "cli", "sld")
    said = [line.split(": ", 1) for line in output(sld, "--version").splitlines()]
    document = {**kernels.where(), "build": dict(pair for pair in said if len(pair) == 2), "pairs": []}
    document["machine"]["load"] = load
    for pair in options.pairs:
        lines = output(sld, "bench", *pair.split("-"), "--ranks", options.ranks, "--seconds", str(options.seconds),
                       "--no-epoch", "--json")
        document["pairs"] += [json.loads(line) for line in lines.splitlines()]
    if options.kernels:
        program = os.path.join(options.build, "tests", "bench", "bench_kernels")
        document.update(kernels.shapes(program, networks=kernels.NETWORKS))
    return document


def rates(documents):
    """{(pair, ranks): samples/s of each document that has it}"""
    found = {}
    for document in documents:
        for record in document["pairs"]:
            found.setdefault((record["pair"], record["ranks"]), []).append(record["figures"]["samples_per_s"])
    return found


def spread(values):
    return 100 * (max(values) / min(values) - 1)


def compare(before, after):
    old, new = rates(before), rates(after)
    ratios = []
    print(f"{'samples/s':32} {'ranks':>5} {'before':>9} {'spread':>7} {'after':>9} {'spread':>7} {'ratio':>6}")
    for key in [key for key in old if key in new]:
        a, b = statistics.median(old[key]), statistics.median(new[key])
        ratios.append(b / a)
        print(f"{key[0]:32} {key[1]:5} {a:9.1f} {spread(old[key]):5.1f} % {b:9.1f} {spread(new[key]):5.1f} % {b / a:6.3f}")
    if ratios:
        print(f"{'geometric mean':>73} {statistics.geometric_mean(ratios):9.3f}\n")
    kernels.compare(before, after)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--build", default=os.path.join(kernels.HERE, "../../build/release"))
    parser.add_argument("--ranks", default="1,2")
    parser.add_argument("--seconds", type=float, default=5.0, help="for each pair and number of ranks")
    parser.add_argument("--pairs", nargs="+", default=PAIRS)
    parser.add_argument("--no-kernels", dest="kernels", action="store_false")
    parser.add_argument("--compare", nargs="+", metavar="BEFORE")
    parser.add_argument("--with", dest="after", nargs="+", metavar="AFTER", default=[])
    options = parser.parse_args()
    if bool(options.compare) != bool(options.after):
        parser.error("--compare BEFORE.json ... --with AFTER.json ...: both are needed")
    if options.compare:
        compare(kernels.read(options.compare), kernels.read(options.after))
        return
    if os.geteuid() == 0:  # Open MPI asks for it
        os.environ.update(OMPI_ALLOW_RUN_AS_ROOT="1", OMPI_ALLOW_RUN_AS_ROOT_CONFIRM="1")
    json.dump(measure(options), sys.stdout, indent=1)
    print()


if __name__ == "__main__":
    main()
