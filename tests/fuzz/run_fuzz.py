#!/usr/bin/env python3
"""run_fuzz.py SECONDS [TARGET ...]: builds the fuzz targets with clang (preset fuzz) and runs each for so long, two at a time, from seeds
made here and from what earlier runs found (build/fuzz/corpus). Prints executions; a finding is kept in build/fuzz/found."""
import concurrent.futures
import glob
import os
import re
import shutil
import struct
import subprocess
import sys
import tempfile

import h5py
import numpy as np

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BUILD = os.path.join(TOP, "build", "fuzz")
TARGETS = ("config", "spec", "points", "document", "weights", "table", "idx", "cifar")
# Bytes of the largest input: for HDF5 files what a small one has, for pictures a few of them.
LARGEST = {"document": 20000, "weights": 20000, "table": 20000, "cifar": 16000}


def skip(why):
    print("SKIP:", why)
    sys.exit(77)


def build():
    if not shutil.which("clang"):
        skip("clang is not installed (Debian: clang libclang-rt-14-dev)")
    probe = subprocess.run(["clang", "-x", "c", "-", "-fsanitize=fuzzer,address", "-o", "/dev/null"],
                           input=b"int LLVMFuzzerTestOneInput(const char *b, unsigned long n) { return 0; }",
                           stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    if probe.returncode:
        skip("clang has no libFuzzer (Debian: libclang-rt-14-dev)")
    for words in (["cmake", "--preset", "fuzz"], ["cmake", "--build", BUILD, "--target", "fuzz", "-j", "2"]):
        done = subprocess.run(words, cwd=TOP, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        if done.returncode:
            print(done.stdout.decode(errors="replace")[-3000:])
            sys.exit(1)


def put(target, name, content):
    folder = os.path.join(BUILD, "seeds", target)
    os.makedirs(folder, exist_ok=True)
    with open(os.path.join(folder, name), "wb") as f:
        f.write(content)


def files(*contents):
    return b"".join(struct.pack(">H", len(c)) + c for c in contents)


def document(body, libver):
    path = os.path.join(BUILD, "seed.h5")
    with h5py.File(path, "w", libver=libver) as f:
        body(f)
    with open(path, "rb") as f:
        return f.read()


def things(f):
    f["numbers"] = np.arange(6, dtype="i2").reshape(2, 3)
    f.create_dataset("packed", data=np.zeros((8, 8), "u1"), chunks=(4, 8), compression="gzip")
    f["texts"] = ["a", "bc"]
    f["fixed"] = np.array([b"x", b"yz"])
    f["link"] = h5py.SoftLink("/numbers")
    f["away"] = h5py.ExternalLink("other.h5", "/x")
    f.attrs["format"] = "seed"
    f.attrs["mean"] = np.zeros(3, "f4")


def weights(f):
    f.attrs.update(network="resnet8", classes=4, input_size=8, mean=[.5] * 3, std=[.2] * 3)
    f["model/fc.weight"] = np.ones((2, 3), "f4")
    f["model/bn.running_var"] = np.ones(2, "f4")
    f["model/bn.num_batches_tracked"] = 3


def table(f):
    f.attrs.update(format="sld-teacher-logits", format_version=1, key="teacher: x\n", epoch=1)
    f["sample"] = np.array([0, 2, 3], "i4")
    f["class"] = np.arange(4)
    f["logits"] = np.zeros((3, 4), "f4")
    f["sha256"] = np.zeros((1, 32), "u1")


def seeds():
    for path in glob.glob(os.path.join(TOP, "sweeps", "*.yaml")):
        with open(path, "rb") as f:
            text = f.read()
        put("spec", os.path.basename(path), text)
    put("spec", "small", b"name: s\nbase: {method: none}\naxes: {train.lr: [0.1, 0.2], arm: {A: {}, B: {train.batch: 32}}}\n"
        b"seeds: 1..2\nexclude: [{arm: A, train.lr: 0.1}]\nlaunch: {ranks: 2}\n")
    put("config", "small", b"method: sld\nseed: 3\nteacher: {weights: t.h5}\nkd: {temperatures: [1, 2.5]}\ntrain.epochs: 4\n")
    put("points", "small", b"sld-sweep 1\nname\ts\nbaseline\tA\naxis\tarm\nlaunch\tranks\t2\nlaunch\tslots\t0\nlaunch\tretries\t2\n")
    for kind, body in (("document", things), ("weights", weights), ("table", table)):
        for libver in ("earliest", "latest"):
            put(kind, libver, document(body, libver))
    pictures = struct.pack(">IIII", 0x803, 2, 3, 3) + bytes(18)
    labels = struct.pack(">II", 0x801, 2) + bytes([0, 1])
    put("idx", "small", files(pictures, labels, pictures, labels))
    record = bytes([1, 2]) + bytes(3072)
    put("cifar", "small", files(record * 2, record, b"name\n" * 100, b"name\n" * 20))


def run(target, seconds, scratch):
    corpus, found = os.path.join(BUILD, "corpus", target), os.path.join(BUILD, "found")
    os.makedirs(corpus, exist_ok=True)
    os.makedirs(found, exist_ok=True)
    words = [os.path.join(BUILD, "tests", "fuzz", "fuzz_" + target), "-max_total_time=%d" % seconds, "-rss_limit_mb=3000",
             "-timeout=120", "-max_len=%d" % LARGEST.get(target, 4096), "-detect_leaks=1", "-print_final_stats=1",
             "-artifact_prefix=%s/%s-" % (found, target), corpus, os.path.join(BUILD, "seeds", target)]
    # HDF5 and MPI keep what they allocate once
    env = dict(os.environ, TMPDIR=scratch, ASAN_OPTIONS="allocator_may_return_null=1:detect_leaks=%d" % (target in ("config", "spec", "points")))
    done = subprocess.run(words, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    said = done.stdout.decode(errors="replace")
    counts = re.findall(r"number_of_executed_units: (\d+)", said)
    print("%-9s %10s executions in %d s, %s" % (target, counts[0] if counts else "?", seconds,
                                               "a finding" if done.returncode else "nothing found"), flush=True)
    if done.returncode:
        print(said[-4000:])
    return done.returncode == 0


def main():
    seconds, targets = int(sys.argv[1]), sys.argv[2:] or TARGETS
    build()
    seeds()
    with tempfile.TemporaryDirectory(dir="/dev/shm" if os.access("/dev/shm", os.W_OK) else None) as scratch:
        with concurrent.futures.ThreadPoolExecutor(2) as pool:
            good = list(pool.map(lambda target: run(target, seconds, scratch), targets))
    print("passed" if all(good) else "FAILED")
    sys.exit(0 if all(good) else 1)


if __name__ == "__main__":
    main()
