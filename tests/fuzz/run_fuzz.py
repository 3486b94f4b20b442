#!/usr/bin/env python3
"""run_fuzz.py SECONDS [TARGET ...]: builds the fuzz targets with clang (preset fuzz) and runs each for so long, two at a time, from seeds
made here and from what earlier runs found (build/fuzz/corpus). Prints executions; a finding is kept in build/fuzz/found."""
import concurrent.futures
import os
import re
import shutil
import subprocess
import sys
import tempfile

import seeds
from seeds import FREES_ALL, TARGETS, TOP

BUILD = os.path.join(TOP, "build", "fuzz")
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


def run(target, seconds, scratch):
    corpus, found = os.path.join(BUILD, "corpus", target), os.path.join(BUILD, "found")
    os.makedirs(corpus, exist_ok=True)
    os.makedirs(found, exist_ok=True)
    words = [os.path.join(BUILD, "tests", "fuzz", "fuzz_" + target), "-max_total_time=%d" % seconds, "-rss_limit_mb=3000",
             "-timeout=120", "-max_len=%d" % LARGEST.get(target, 4096), "-detect_leaks=1", "-print_final_stats=1",
             "-artifact_prefix=%s/%s-" % (found, target), corpus, os.path.join(BUILD, "seeds", target)]
    env = dict(os.environ, TMPDIR=scratch, ASAN_OPTIONS="allocator_may_return_null=1:detect_leaks=%d" % (target in FREES_ALL))
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
    seeds.make(os.path.join(BUILD, "seeds"))
    with tempfile.TemporaryDirectory(dir="/dev/shm" if os.access("/dev/shm", os.W_OK) else None) as scratch:
        with concurrent.futures.ThreadPoolExecutor(2) as pool:
            good = list(pool.map(lambda target: run(target, seconds, scratch), targets))
    print("passed" if all(good) else "FAILED")
    sys.exit(0 if all(good) else 1)


if __name__ == "__main__":
    main()
