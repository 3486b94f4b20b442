"""The fuzz targets of every reader under the sanitizers, each with its seeds and some mutations of them (mutate.c), the same in every
run. The long search for others is run_fuzz.py.

usage: test_fuzz.py FOLDER_OF_TARGETS"""
import glob
import os
import subprocess
import sys
import tempfile

import seeds

# HDF5 files are tried by a process of their own first, two a target and input.
RUNS = {"document": 10, "weights": 10, "table": 10, "idx": 6000, "points": 3000, "spec": 2000}


def main():
    failed = []
    with tempfile.TemporaryDirectory(dir="/dev/shm" if os.access("/dev/shm", os.W_OK) else None) as scratch:
        seeds.make(os.path.join(scratch, "seeds"))
        for target in seeds.TARGETS:
            leaks = "allocator_may_return_null=1:detect_leaks=%d" % (target in seeds.FREES_ALL)
            files = sorted(glob.glob(os.path.join(scratch, "seeds", target, "*")))
            done = subprocess.run([os.path.join(sys.argv[1], "fuzz_" + target), str(RUNS.get(target, 500)), *files],
                                  env=dict(os.environ, TMPDIR=scratch, ASAN_OPTIONS=leaks), stdout=subprocess.PIPE,
                                  stderr=subprocess.STDOUT)
            print(target, len(files), "seeds, exit code", done.returncode, flush=True)
            if done.returncode or not files:
                print(done.stdout.decode(errors="replace")[-4000:])
                failed.append(target)
    sys.exit("failed: " + ", ".join(failed) if failed else 0)


main()
