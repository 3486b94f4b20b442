#!/usr/bin/env python3
"""kernels.py: how fast the convolutions of the six pairs are, shape by shape, on one core: one JSON.

usage: kernels.py [--program FILE] [--seconds S] [--isa auto|avx2|avx512] [--precision f32|bf16]
                  [--algorithm NAME] [--networks NAME ...]
       kernels.py --compare BEFORE.json AFTER.json

The program is the target bench_kernels of a build (cmake --build build/release --target bench_kernels). Each shape is
timed for S seconds a pass, eight samples, and the fastest of many slices of two milliseconds counts, so that a machine
at work is no great harm. --algorithm takes one row of the table in src/kernels/conv/conv.c (winograd3x3, direct3x3,
depthwise, "implicit gemm"; amx, with --precision bf16) for every shape that it supports.

The JSON: commit (with + where the tree has changes), machine (processor, cores), versions (library), isa, peak_f32
(GFLOP/s of one core in registers), shapes: a list of network (the first that has it), height, width, in, out, kernel,
stride, groups, samples, forward, backward_data, backward_weights in GFLOP/s of the products that the definition counts
(fast algorithms may so be over the peak), implementations.

--compare prints the ratio after to before of each shape and pass, and their geometric means.
"""
import argparse
import json
import math
import os
import platform
import statistics
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
NETWORKS = ("resnet56", "resnet20", "resnet32x4", "resnet8x4", "wrn_40_2", "wrn_16_2", "vgg13", "vgg8", "ShuffleV2",
            "MobileNetV2")
PASSES = ("forward", "backward_data", "backward_weights")
SHAPE = ("height", "width", "in", "out", "kernel", "stride", "groups")


def git(*words):
    found = subprocess.run(["git", "-C", HERE, *words], capture_output=True, text=True, check=False)
    return found.stdout.strip() if found.returncode == 0 else ""


def processor():
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as lines:
            return next(line.split(":", 1)[1].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.processor() or platform.machine()


def where():
    """The commit of this tree and the machine."""
    commit = git("rev-parse", "--short", "HEAD") + ("+" if git("status", "--porcelain", "-uno") else "")
    return {"commit": commit, "machine": {"processor": processor(), "cores": os.cpu_count()}}


def shapes(program, seconds=0.1, isa="auto", precision="f32", algorithm="table", networks=NETWORKS):
    """What the program bench_kernels prints: versions, isa, peak_f32, shapes."""
    command = [program, str(seconds), isa, precision, algorithm, *networks]
    printed = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False)
    if printed.returncode != 0:
        sys.exit(f"kernels.py: {program}: exit code {printed.returncode}")
    head, *found = [json.loads(line) for line in printed.stdout.splitlines()]
    return {**head, "shapes": found}


def key(shape):
    return tuple(shape[name] for name in SHAPE)


def medians(documents):
    """{shape: {pass: the median of GFLOP/s over the documents that have it}}"""
    found = {}
    for document in documents:
        for shape in document.get("shapes", ()):
            passes = found.setdefault(key(shape), {})
            for name in PASSES:
                if shape.get(name):
                    passes.setdefault(name, []).append(shape[name])
    return {shape: {name: statistics.median(rates) for name, rates in passes.items()} for shape, passes in found.items()}


def compare(before, after):
    """Two lists of documents."""
    old, new = medians(before), medians(after)
    logs = {name: [] for name in PASSES}
    print(f"{'in':>5} {'out':>5} {'map':>7} {'k':>2} {'s':>2} {'groups':>6}" + "".join(f"{name:>18}" for name in PASSES))
    for shape in [shape for shape in new if shape in old]:
        cells = []
        for name in PASSES:
            a, b = old[shape].get(name), new[shape].get(name)
            if a and b:
                logs[name].append(math.log(b / a))
            cells.append(f"{b / a:7.2f} ({b:6.1f})" if a and b else "-")
        height, width, n_in, n_out, kernel, stride, groups = shape
        print(f"{n_in:5} {n_out:5} {f'{height}x{width}':>7} {kernel:2} {stride:2} {groups:6}"
              + "".join(f"{cell:>18}" for cell in cells))
    means = [math.exp(sum(logs[name]) / len(logs[name])) if logs[name] else float("nan") for name in PASSES]
    print(f"{'geometric mean':>32}" + "".join(f"{mean:18.3f}" for mean in means))


def read(names):
    found = []
    for name in names:
        with open(name, encoding="utf-8") as file:
            found.append(json.load(file))
    return found


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--program", default=os.path.join(HERE, "../../build/release/tests/bench/bench_kernels"))
    parser.add_argument("--seconds", type=float, default=0.1, help="for each pass of each shape")
    parser.add_argument("--isa", default="auto", choices=("auto", "avx2", "avx512"))
    parser.add_argument("--precision", default="f32", choices=("f32", "bf16"))
    parser.add_argument("--algorithm", default="table")
    parser.add_argument("--networks", nargs="+", default=NETWORKS)
    parser.add_argument("--compare", nargs=2, metavar=("BEFORE", "AFTER"))
    options = parser.parse_args()
    if options.compare:
        before, after = read(options.compare)
        compare([before], [after])
    else:
        found = shapes(options.program, options.seconds, options.isa, options.precision, options.algorithm, options.networks)
        json.dump({**where(), **found}, sys.stdout, indent=1)
        print()


if __name__ == "__main__":
    main()
