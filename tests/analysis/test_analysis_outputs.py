"""What the verbs of sld-analysis that write a file may write over: what the same verb wrote, another file with --force, and never an
input, a file of a run or anything in a sweep's folder. And what no verb reads: pipes, for which nobody waits. torch-weights is left
out without torch."""
import os
import re
import resource
import secrets
import shutil
import signal
import socket
import subprocess
import sys

from package import ANALYSIS, said_by

import h5py
import numpy as np

import made_sweep
from harness import SLD, check, expect, in_folder, sld, teacher, write
from sld_analysis import import_data, import_parts, outputs, weights_file
from sld_analysis.__main__ import main as sld_analysis

try:
    import torch
except ImportError:
    print("no torch: torch-weights is not tried")
    torch = None

# {what is written: the command before the output's name}
PAGE = ("viewer", "--h5wasm", "h5wasm", "-o")
DATA = ("import-data", "set.npz")
WEIGHTS, STATE = ("torch-weights", "--sld", SLD, "state.pth", "--data", "cifar100"), ("torch-weights", "--sld", SLD, "weights.h5")


def run(command, path, *more):
    return said_by(sld_analysis, *command, path, *more)


def bytes_of(path):
    with open(path, "rb") as f:
        return f.read()


def names_beside(path):
    folder = os.path.dirname(path) or "."
    return sorted(os.listdir(folder)) if os.path.isdir(folder) else None


def refused(command, path, *says, force=True):
    """Refused with 2, with and without --force; the file stays as it was, and nothing else is there."""
    before, beside = bytes_of(path) if os.path.isfile(path) else None, names_beside(path)
    for more in (["--force"], []) if force else ([],):
        code, out, err = run(command, path, *more)
        check(code == 2 and not out and err.startswith("sld-analysis %s: " % command[0]), command, path, more, code, err)
        check(all(word in err for word in says), "the message says it", says, err)
        check(before is None or bytes_of(path) == before, "untouched", command, path)
    check(names_beside(path) == beside, "nothing is beside it", path)


def made(command, path, *more):
    code, out, err = run(command, path, *more)
    check(code == 0, command, path, code, err)


def verbs(ending):
    """The commands that write a file of that ending, or of any."""
    return [PAGE, DATA] + ([] if not torch else [WEIGHTS] if ending == ".h5" else [STATE])


def check_kept():
    """Whatever a run or a sweep writes in its folder, begun or ended, be it there or not."""
    kept = ["runs/teacher/" + name for name in sorted(os.listdir("runs/teacher"))]
    check(any("/ckpt-" in path for path in kept) and "runs/teacher/results.h5" in kept, "a run's files", kept)
    trial = "made/trials/" + sorted(os.listdir("made/trials"))[0]
    write("made/other.pth", "mine")
    os.makedirs("made/claims", exist_ok=True)
    write("made/claims/0123456789ab.1", "")
    os.makedirs("made/trials/begun")
    write("made/trials/begun/last-a1.h5", "")
    new = ["runs/teacher/epoch-7.h5", "made/late-claims", "made/trials/begun/last.h5", "made/trials/begun/mine.pth", "runs/teacher/best-a2.h5"]
    for path in kept + new + ["made/points", "made/sweep.h5", trial + "/results.h5", "made/trials/begun/last-a1.h5", "made/claims/0123456789ab.1"]:
        for command in verbs(os.path.splitext(path)[1]):
            refused(command, path, path, "a run or a sweep keeps", "--force keeps too")
    for command in verbs(".pth"):
        refused(command, "made/other.pth", "in the folder of the sweep", "--force keeps it too")
    os.symlink("made/trials", "way")
    refused(DATA, "way/begun/last-a1.h5", "--force keeps too")
    for path in ("made/page.html", "runs/teacher/page.html"):
        made(PAGE, path)  # a new file may be there, and what a verb wrote it replaces
        made(PAGE, path)


def check_names():
    """The names of a run's files are those of sld."""
    with open(os.path.join(ANALYSIS, "..", "include", "sld", "rundir.h")) as f:
        rows = re.findall(r'X\(\w+, +"(\w+)", +"([.\w]*)"\)', f.read())
    check(len(rows) == 9, "rows of SLD_RUN_FILES", rows)
    for stem, ending in rows + [("epoch-12", ".h5"), ("ckpt-0000003-000000012", ".h5")]:
        for attempt in ("", "-a1", "-a12"):
            check(outputs.OF_RUN.fullmatch(stem + attempt + ending), "a run's file", stem, attempt, ending)
    for name in ("student.h5", "best.pth", "last.h5.txt", "mylast.h5", "results.html", "epoch-.h5"):
        check(not outputs.OF_RUN.fullmatch(name), "no run's file", name)


def check_others():
    """Files of others, with --force alone; inputs, links, folders and devices never."""
    for ending in (".h5", ".pth"):
        for command in verbs(ending):
            path = "mine" + ending
            write(path, "mine")
            refused(command, path, path + " already exists", "--force", force=False)
            os.chmod(path, 0o640)
            made(command, path, "--force")
            check(bytes_of(path) != b"mine" and os.stat(path).st_mode & 0o777 == 0o640, "written, with the mode that it had", path)
            if command in (WEIGHTS, STATE):  # whose files tell nobody who made them
                refused(command, path, "already exists", force=False)
            else:
                made(command, path)
            os.symlink(path, "link" + ending)
            refused(command, "link" + ending, "got a link")
            os.unlink("link" + ending)
            os.makedirs("folder" + ending, exist_ok=True)
            refused(command, "folder" + ending, "got a folder")
    refused(PAGE, "h5wasm/", "expected the name of a file")
    refused(DATA, "absent/new.h5", "there is no folder absent")
    code, _, err = run(DATA, "/dev/null", "--force")
    check(code == 2 and "got a device" in err, "a device", code, err)
    for source, command in (("set.npz", DATA), ("study.h5", PAGE[:-1] + ("--embed", "study.h5", "-o")),
                            ("images/train/a/0.png", ("import-data", "images")), ("h5wasm/LICENSE.txt", PAGE)):
        refused(command, source, "is the same file as input" if "/" not in source else "which is read")
    os.link("set.npz", "linked.h5")
    refused(DATA, "linked.h5", "is the same file as input set.npz")


def node(path):
    """A pipe, a socket or a device, as its name says."""
    os.makedirs(os.path.dirname(path) or ".", exist_ok=True)
    if "pipe" in path:
        os.mkfifo(path)
    elif "socket" in path:
        socket.socket(socket.AF_UNIX).bind(path)
    else:
        os.symlink("/dev/zero", path)
    return path


def unread(path, *command):
    node(path)
    signal.alarm(60)  # ends a test that waits
    code, out, err = said_by(sld_analysis, *command)
    signal.alarm(0)
    check(code == 2 and not out and path + ": " in err, command, code, err)
    check(not any(name.startswith("no.") for name in os.listdir(".")), "nothing is written", command)
    os.unlink(path)


def check_nodes():
    """A pipe, a socket or a device as an input is refused by name, wherever a verb opens it."""
    for kind in ("pipe", "socket", "device"):
        h5, npz, pth = kind + ".h5", kind + ".npz", kind + ".pth"
        for command in (("report", h5, "-o", "no.report"), ("trials", h5), ("config", h5, "id"), ("merge", h5, h5, "-o", "no.h5"),
                        ("probe-linear", h5, h5), PAGE[:-1] + ("--embed", h5, "-o", "no.html")) + ((STATE[:-1] + (h5, "no.pth"),) if torch else ()):
            unread(h5, *command)
        if torch:
            unread(pth, *WEIGHTS[:3], pth, "no.h5", *WEIGHTS[4:])
        unread(npz, "import-data", npz, "no.h5")
        unread("nodes/train/a/%s.png" % kind, "import-data", "nodes", "no.h5")
        unread("w-%s/dist/iife/h5wasm.js" % kind, "viewer", "--h5wasm", "w-" + kind, "-o", "no.html")
        for name in ("train", "test"):
            os.makedirs("c-" + kind, exist_ok=True)
            write("c-%s/%s" % (kind, name), "")
        unread("c-%s/meta" % kind, "import-data", "c-" + kind, "no.h5")


def check_full_disk():
    """A file that may not grow ends a verb as a full disk does: with 74 and the file's name, not by a signal; nothing is left."""
    beside = sorted(os.listdir("."))
    for command, path in ((PAGE, "new.html"), (DATA, "new.h5")) + (((WEIGHTS, "new.h5"), (STATE, "new.pth")) if torch else ()):
        for most in (0, 1 << 12):
            done = subprocess.run([sys.executable, "-m", "sld_analysis", *command, path], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                  env=dict(os.environ, PYTHONPATH=ANALYSIS), preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (most, most)))
            check(done.returncode == 74 and (path + ": cannot be written: ").encode() in done.stderr, command, most, done.returncode, done.stderr)
            check(sorted(os.listdir(".")) == beside, "nothing is left", command, most, os.listdir("."))


def check_earlier():
    """Tables and figures of an earlier report do not stay beside those of a new one, as which they would pass; other files do."""
    expect(sld("report", "made", "--pack", "pack.h5", ranks=0), 0)
    made(("report", "pack.h5", "-o"), "again", "--svg")
    check(any(name.endswith(".svg") for name in os.listdir("again")), "figures")
    for name in ("T9.csv", "F12.png", "mine.csv"):
        write("again/" + name, "earlier")
    made(("report", "pack.h5", "-o"), "again")
    left = set(os.listdir("again"))
    check("mine.csv" in left and not left & {"T9.csv", "F12.png"} and not any(name.endswith(".svg") for name in left), left)


def check_publish():
    """A temporary file of somebody else stays, whatever becomes of ours."""
    names, secrets.token_hex = secrets.token_hex, lambda n: "theirs"
    write("new.txt.theirs.tmp", "theirs")
    try:
        outputs.publish("new.txt", lambda temporary: write(temporary, "ours"))
        check(False, "published over another's temporary file")
    except OSError as error:
        check(error.filename == "new.txt", error)
    check(bytes_of("new.txt.theirs.tmp") == b"theirs" and not os.path.exists("new.txt"), "theirs stays")
    secrets.token_hex = names


def check_room():
    """What is reserved of a disk holds the file: of few and many chunks, long names, many small tensors."""
    reserved, keep = [], outputs.reserve
    outputs.reserve = lambda path, n: reserved.append(n)
    for n, shape, classes, name in ((1, (1, 1, 1), 0, ""), (3, (9, 9, 3), 4000, "class %04d"), (20, (700, 800, 3), 2, "\u00e9" * 500 + "%d")):
        images = np.zeros((n,) + shape, np.uint8)
        split = import_parts.Split(n, shape, lambda: iter([images]), np.zeros(n, np.int32), np.zeros(n, np.int32))
        names = [name % k for k in range(classes)]
        import_data.write_file("room.h5", import_parts.DataSet("room", split, split, names, names, False))
        check(os.path.getsize("room.h5") <= reserved[-1], "room", n, shape, os.path.getsize("room.h5"), reserved)
    for n in (0, 3, 2000):
        tensors = {"layer%d.%s.weight" % (k, "x" * 100): np.zeros(k % 7, np.float32) for k in range(n)}
        weights_file.write("room.h5", weights_file.Weights(tensors, "resnet8", 10, {"mean": np.zeros(3, np.float32)}))
        check(os.path.getsize("room.h5") <= reserved[-1], "room", n, os.path.getsize("room.h5"), reserved)
    outputs.reserve = keep


def inputs():
    x, y = np.arange(4 * 8 * 8).reshape(4, 8, 8) % 256, np.arange(4) % 2
    np.savez("set.npz", x_train=x, y_train=y, x_test=x, y_test=y)
    os.makedirs("h5wasm/dist/iife")
    write("h5wasm/dist/iife/h5wasm.js", "")
    write("h5wasm/LICENSE.txt", "terms")
    write("study.h5", "a study")
    for split in ("train", "test"):
        os.makedirs("images/%s/a" % split)
        write("images/%s/a/0.png" % split, "an image")
        for name in "ab":
            os.makedirs("nodes/%s/%s" % (split, name))
            write("nodes/%s/%s/0.ppm" % (split, name), "P5 1 1 255\n0")
    teacher()
    made_sweep.small_sweep("made")
    shutil.copy("runs/teacher/last.h5", "weights.h5")
    if torch:
        with h5py.File("weights.h5") as f:
            torch.save({name: torch.from_numpy(value[()]) for name, value in f["model"].items()}, "state.pth")


def main():
    inputs()
    check_names()
    check_kept()
    check_others()
    check_earlier()
    check_full_disk()
    check_publish()
    check_room()
    check_nodes()


in_folder(main)
