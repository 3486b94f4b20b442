"""sld selftest: all is well on this machine, as text and for programs, and nothing is left; what is wrong is found: no mpirun, a
golden value that is another, no room."""
import json
import os
import shutil

import h5py

from harness import SLD, check, expect, in_folder, sld

GOLDEN = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "golden", "data", "rivals_small.h5")


def well():
    os.mkdir("room")
    out = json.loads(expect(sld("selftest", "--json", ranks=0, env={"TMPDIR": os.path.abspath("room")}), 0).out)
    check(out["failed"] == 0 and out["passed"] == len(out["checks"]) == 10 and all(c["ok"] for c in out["checks"]), out)
    check(os.listdir("room") == [], "sld selftest left", os.listdir("room"))


def without_mpirun():
    """As where a module has not been loaded. Only a link to the program is in the path."""
    os.mkdir("bin")
    os.symlink(shutil.which(SLD), "bin/sld")
    told = expect(sld("selftest", ranks=0, env={"PATH": os.path.abspath("bin"), "TMPDIR": os.path.abspath("room")}), 1,
                  "FAIL  launcher", "mpirun: cannot be started: No such file or directory",
                  "FAIL  same bits       not tried", "ok    golden losses", "ok    data sets", "files are left in")
    folder = told.out.split("files are left in ")[1].strip()
    check(os.path.isfile(os.path.join(folder, "golden.h5")), folder, "is not there")


def wrong_value():
    shutil.copy(GOLDEN, "golden.h5")
    expect(sld("selftest", "--losses", "golden.h5", ranks=0), 0, "63 values, 0 failed")
    with h5py.File("golden.h5", "r+") as f:
        f["small/nkd_T2"].attrs["total"] *= 1.001
    expect(sld("selftest", "--losses", "golden.h5", ranks=0), 1, "FAIL: /small/nkd_T2 total", "63 values, 1 failed")
    expect(sld("selftest", "--losses", "golden.h5", ranks=9), 2, "golden.h5: expected at most 8 ranks, one for each shard of the rows, got 9; start fewer")


def main():
    well()
    without_mpirun()
    wrong_value()


in_folder(main)
