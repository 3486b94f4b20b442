#!/usr/bin/env python3
"""kernels.py: how fast the convolutions of the six pairs are, shape by shape, on one core: one JSON.

usage: kernels.py [--program FILE] [--seconds S] [--isa auto|avx2|avx512] [--algorithm NAME] [--networks NAME ...]
       kernels.py --compare BEFORE.json AFTER.json

The program is the target bench_kernels of a build (cmake --build build/release --target bench_kernels). Each shape is
timed for S seconds a pass, eight samples, and the fastest of many slices of two milliseconds counts, so that a machine
at work is no great harm. --algorithm takes one row of the table in src/kernels/conv/conv.c (winograd3x3, direct3x3,
depthwise, "implicit gemm") for every shape that it supports.

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


def measure(options):
    command = [options.program, str(options.seconds), options.isa, options.algorithm, *options.networks]
    printed = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False)
    if printed.returncode != 0:
        sys.exit(f"kernels.py: {options.program}: exit code {printed.returncode}")
    head, *shapes = [json.loads(line) for line in printed.stdout.splitlines()]
    commit = git("rev-parse", "--short", "HEAD") + ("+" if git("status", "--porcelain", "-uno") else "")
    return {"commit": commit, "machine": {"processor": processor(), "cores": os.cpu_count()}, **head, "shapes": shapes}


def key(shape):
    return tuple(shape[name] for name in SHAPE)


def compare(before, after):
    old = {key(shape): shape for shape in before["shapes"]}
    logs = {name: [] for name in PASSES}
    print(f"{'in':>5} {'out':>5} {'map':>7} {'k':>2} {'s':>2} {'groups':>6}" + "".join(f"{name:>18}" for name in PASSES))
    for shape in after["shapes"]:
        if key(shape) not in old:
            continue
        cells = []
        for name in PASSES:
            a, b = old[key(shape)].get(name), shape.get(name)
            if a and b:
                logs[name].append(math.log(b / a))
            cells.append(f"{b / a:7.2f} ({b:6.1f})" if a and b else "-")
        size = f"{shape['height']}x{shape['width']}"
        print(f"{shape['in']:5} {shape['out']:5} {size:>7} {shape['kernel']:2} {shape['stride']:2} {shape['groups']:6}"
              + "".join(f"{cell:>18}" for cell in cells))
    means = [math.exp(sum(logs[name]) / len(logs[name])) if logs[name] else float("nan") for name in PASSES]
    print(f"{'geometric mean':>32}" + "".join(f"{mean:18.3f}" for mean in means))


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--program", default=os.path.join(HERE, "../../build/release/tests/bench/bench_kernels"))
    parser.add_argument("--seconds", type=float, default=0.1, help="for each pass of each shape")
    parser.add_argument("--isa", default="auto", choices=("auto", "avx2", "avx512"))
    parser.add_argument("--algorithm", default="table")
    parser.add_argument("--networks", nargs="+", default=NETWORKS)
    parser.add_argument("--compare", nargs=2, metavar=("BEFORE", "AFTER"))
    options = parser.parse_args()
    if options.compare:
        files = []
        for name in options.compare:
            with open(name, encoding="utf-8") as file:
                files.append(json.load(file))
        compare(*files)
    else:
        json.dump(measure(options), sys.stdout, indent=1)
        print()


if __name__ == "__main__":
    main()
