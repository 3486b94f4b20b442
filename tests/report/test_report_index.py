"""sweep.h5 and the packed study: every value where h5py and netCDF look for it, the folder movable, lost sources told, and
600 trials under 256 descriptors."""
import os
import resource
import shutil
import subprocess
import sys

import h5py
import numpy as np

import made_sweep
from harness import SLD, check, environment, expect, in_folder, sld

MAKE_INDEX, FEW = sys.argv[1], sys.argv[2:] == ["few"]  # under the sanitizers, which are slow
MANY = 600


def index(folder):
    done = subprocess.run([MAKE_INDEX, folder], stderr=subprocess.PIPE)
    check(done.returncode == 0, done.stderr.decode())


def check_study(path, trials, virtual_curves=True, virtual_logits=True):
    """What must be in either file."""
    with h5py.File(path) as f:
        text = lambda name: [t.decode() for t in f["trials/" + name][()]]
        check(f.attrs["format"] == "sld-study" and f.attrs["name"] == "made" and f.attrs["baseline"] == "kd", dict(f.attrs))
        check(text("id") == [t.id for t in trials] and text("arm") == [t.arm for t in trials], "names")
        check(text("axis_method") == [t.axes[0] if t.axes else "" for t in trials], "axes")
        check(text("state") == [t.status if t.top1 else "waiting" for t in trials], text("state"))
        check(list(f["trials/seed"]) == [t.seed for t in trials], "seeds")
        check(list(f["valid"]) == [int(bool(t.top1)) for t in trials] and f["valid"].dtype == np.int32, "valid")
        last, best, top1 = f["logits/test_last"], f["logits/test_best"], f["epoch/top1_test"]
        check(last.is_virtual == best.is_virtual == virtual_logits and top1.is_virtual == virtual_curves, "virtual or not")
        check(np.isnan(last.fillvalue) and np.isnan(top1.fillvalue), "NaN is the fill value")
        for i, t in enumerate(trials):
            check(np.array_equal(top1[i], t.top1 + [np.nan] * (4 - len(t.top1)), equal_nan=True), "curve", t.id, top1[i])
            wanted = made_sweep.student_logits(t.copies) if t.top1 else np.full((12, 4), np.nan)
            check(np.array_equal(last[i], wanted, equal_nan=True), "logits", t.id)
            check(np.array_equal(best[i], wanted + np.float32(t.seed), equal_nan=True), "best", t.id)
        check(np.array_equal(f["labels/test"], made_sweep.LABELS), "labels")
        check([c.decode() for c in f["class_name"]] == ["class%d" % c for c in range(4)], "class names")
        check([d[0].name for d in last.dims] == ["/trial_index", "/sample", "/class"], "axes of the logits")
        check([d[0].name for d in top1.dims] == ["/trial_index", "/epoch/epoch"], "axes of the curves")
        check(np.isnan(f["trials/top1_last"][len(trials) - 1]) and f["trials/top1_last"][1] == trials[1].top1[-1], "numbers")


def netcdf_agrees(path):
    if not shutil.which("ncdump"):
        return
    said = subprocess.run(["ncdump", "-v", "/epoch/top1_test", path], stdout=subprocess.PIPE, check=True).stdout.decode()
    check("double top1_test(trial_index, epoch)" in said and "61, " not in said.split("data:")[0], said[:2000])
    check("30, 62, 60, 61" in said, "netCDF reads the curves")


def check_small(trials):
    index("made")
    check_study("made/sweep.h5", trials)
    netcdf_agrees("made/sweep.h5")
    with h5py.File("made/sweep.h5") as f:
        check(sorted(f["trial"]) == sorted(t.id for t in trials if t.top1), "links")
        check(f["trial/sl0000000001"].attrs["id"] == "sl0000000001", "a link leads to the trial's file")
    check(sorted(os.listdir("made")) == ["claims", "points", "sweep.h5", "sweep.yaml", "trials"], "no temporary file is left")


def check_moved(trials):
    os.makedirs("elsewhere/deep")
    os.rename("made", "elsewhere/deep/moved")
    check_study("elsewhere/deep/moved/sweep.h5", trials)
    os.rename("elsewhere/deep/moved", "made")


def check_unreadable(trials):
    """Results of which a part cannot be read are those of a failed trial: of them nothing is packed, least of all more than
    others have room for."""
    shutil.copytree("made", "part")
    results = "part/trials/sl0000000002/results.h5"
    with h5py.File("made/trials/sl0000000002/results.h5") as old, h5py.File(results, "w", libver=("v108", "v108")) as f:
        f.attrs.update(old.attrs)
        old.copy("epoch", f)
        for name in ("logits/test_last", "logits/test_best", "labels/test"):
            f[name] = np.concatenate([old[name][()]] * 40)
        f["logits/val_last"], f["labels/val"] = np.zeros((3, 2, 2), np.float32), np.zeros(3, np.int32)
    made_sweep.seal(results)
    for options in ((), ("--compact",)):
        pack = "part%d.h5" % len(options)
        expect(sld("report", "part", "--pack", pack, *options, ranks=0), 0)
        with h5py.File(pack) as f:
            at = [t.id for t in trials].index("sl0000000002")
            check(f["trials/state"][at].decode() == "failed" and f["valid"][at] == 0 and sum(f["valid"]) == 11, "a failed trial")
            logits = f["log_p/test_last_top" if options else "logits/test_last"]
            check(logits.shape[1] == 12 and np.isnan(logits[at]).all() and not np.isnan(logits[1]).any(), "its logits")


def check_lost(trials):
    shutil.copytree("made", "lost")
    os.unlink("lost/trials/sl0000000001/results.h5")
    os.unlink("lost/trials/kd0000000002/results.h5")
    expect(sld("report", "lost", ranks=0), 0, "results of 2 trials that are not there",
           "the first: lost/trials/sl0000000001/results.h5")
    check("not there" not in sld("report", "made", ranks=0).err, "nothing is missing")
    index("lost")
    check("not there" not in sld("report", "lost", ranks=0).err, "a new index does not point to them")


def check_pack(trials):
    expect(sld("report", "made", "--pack", "study.h5", ranks=0), 0, "13 trials packed")
    shutil.move("made", "away")
    check_study("study.h5", trials, virtual_curves=False, virtual_logits=False)
    netcdf_agrees("study.h5")
    with h5py.File("study.h5") as f:
        check("trial" not in f and f.attrs["sweep"] == "name: made\n", "no links, the spec")
        check([c.decode() for c in f["trials/config"]] == [t.experiment for t in trials], "configurations")
        check(list(f["trials/teacher_row"]) == [0 if t.sha and t.top1 else -1 for t in trials], "whose teacher")
        check(np.array_equal(f["logits/test_teacher"][0], made_sweep.teacher_logits()), "the teacher's logits")
    shutil.move("away", "made")
    expect(sld("report", "made", "--pack", "absent/study.h5", ranks=0), 74, "absent/study.h5")


def log_softmax(z):
    z = z.astype(float) - z.max(axis=-1, keepdims=True)
    return z - np.log(np.exp(z).sum(axis=-1, keepdims=True))


def give_logits(folder, trials, classes, random):
    """Random logits in place of the made ones: those of the first trial are beyond what half precision holds."""
    n = made_sweep.SAMPLES
    teacher, labels = random.standard_normal((n, classes)).astype(np.float32), (np.arange(n) * 7 % classes).astype(np.int32)
    for i, t in enumerate(t for t in trials if t.top1):
        with h5py.File("%s/trials/%s/results.h5" % (folder, t.id), "r+") as f:
            for name in [k for k in ("logits/test_last", "logits/test_best", "logits/test_teacher", "labels/test", "class_name") if k in f]:
                del f[name]
            f["logits/test_last"] = random.standard_normal((n, classes)).astype(np.float32) * np.float32(3e5 if i == 0 else 3)
            f["logits/test_best"] = f["logits/test_last"][()] + np.float32(1)
            f["labels/test"] = labels
            if t.sha:
                f["logits/test_teacher"] = teacher
    return teacher, labels


def check_kept(f, row, name, z, labels):
    """Row of /log_p against the logits: within half precision, classes and ranks exactly."""
    log_p = np.maximum(log_softmax(z), -65504.0)
    order = np.argsort(-z, axis=1, kind="stable")[:, :5]
    own = np.arange(len(labels)), labels
    near = lambda found, wanted: np.allclose(found.astype(float), wanted, rtol=2.0 ** -11, atol=2.0 ** -25)  # noqa: E731
    check(np.array_equal(f["log_p/%s_top_class" % name][row], order), "classes", name, row)
    check(near(f["log_p/%s_top" % name][row], np.take_along_axis(log_p, order, 1)), "largest", name, row)
    check(near(f["log_p/%s_label" % name][row], log_p[own]), "the label's", name, row)
    check(np.array_equal(f["log_p/%s_label_rank" % name][row], 1 + (z > z[own][:, None]).sum(axis=1)), "rank", name, row)


def calibration(p, labels):
    """Equal-mass ECE, and reliability and resolution in bins of equal width, sample by sample."""
    sure, hit = p.max(axis=1), p.argmax(axis=1) == labels
    order = np.argsort(sure, kind="stable")
    parts = [[i for k, i in enumerate(order) if k * 15 // len(order) == b] for b in range(15)]
    ece = sum(abs(sum(float(hit[i]) - sure[i] for i in part)) for part in parts)
    widths = [[i for i in order if b / 15 < sure[i] <= (b + 1) / 15] for b in range(15)]
    mean = lambda values: sum(values) / len(values)  # noqa: E731
    return {"ece_equal_mass": 100.0 * ece / len(order),
            "reliability": sum(len(w) / len(order) * (mean(sure[w]) - mean(hit[w])) ** 2 for w in widths if w),
            "resolution": sum(len(w) / len(order) * (mean(hit[w]) - hit.mean()) ** 2 for w in widths if w)}


def check_compact():
    for classes, whole in ((4, np.uint8), (300, np.uint16))[FEW:]:
        trials = made_sweep.small_sweep("rich%d" % classes)
        folder, random = "rich%d" % classes, np.random.default_rng(classes)
        teacher, labels = give_logits(folder, trials, classes, random)
        for name in ("full.h5", "compact.h5"):
            expect(sld("report", folder, "--pack", name, *(["--compact"] if name == "compact.h5" else []), "--force", ranks=0), 0, "13 trials packed")
        with h5py.File("compact.h5") as f, h5py.File("full.h5") as full:
            top = f["log_p/test_last_top"]
            check("logits" not in f and "compact" in f.attrs["left_out"], "no logits, and said so")
            check(top.dtype == np.float16 and f["log_p/test_last_top_class"].dtype == whole, top.dtype)
            check([d[0].name for d in top.dims] == ["/trial_index", "/sample", "/place"] and top.shape[2] == min(5, classes), "axes")
            check_kept(f, 0, "test_teacher", teacher, labels)
            for i, t in enumerate(trials):
                if not t.top1:
                    check(np.isnan(top[i]).all(), "a trial without results")
                    continue
                z = full["logits/test_last"][i]
                check_kept(f, i, "test_last", z, labels)
                p, one = np.exp(log_softmax(z)), np.eye(classes)[labels]
                check(abs(f["trials/brier_last"][i] - ((p - one) ** 2).sum(axis=1).mean()) < 1e-9, "Brier score", t.id)
                check(np.isclose(-f["trials/nll_logits_last"][i], log_softmax(z)[np.arange(len(labels)), labels].mean(), rtol=1e-9), "NLL", t.id)
                for name, number in calibration(p, labels).items():
                    check(abs(f["trials/%s_last" % name][i] - number) < 1e-9, name, t.id, f["trials/%s_last" % name][i], number)
                q = log_softmax(teacher)
                kl = (np.exp(q) * (q - log_softmax(z))).sum(axis=1).mean() if t.sha else np.nan
                check(np.isclose(f["trials/teacher_kl_last"][i], kl, rtol=1e-9, equal_nan=True), "KL", t.id)
            for name in full["trials"]:
                check(np.array_equal(full["trials/" + name][()], f["trials/" + name][()], equal_nan=full["trials/" + name].dtype.kind == "f"), name)
            for name in full["epoch"]:
                check(np.array_equal(full["epoch/" + name][()], f["epoch/" + name][()], equal_nan=True), name)
        check_reports(folder, ("full.h5", "compact.h5"))
    expect(sld("report", folder, "--compact", ranks=0), 2, "expected --pack")


def check_reports(folder, packs):
    """sld report says of a pack, to the digit, what it says of the folder."""
    for form in ("text", "csv", "json")[2 * FEW:]:
        wanted = expect(sld("report", folder, "--format", form, ranks=0), 0).out
        for pack in packs:
            said = expect(sld("report", pack, "--format", form, ranks=0), 0).out
            check(said.replace("(%s)" % pack, "(%s)" % folder) == wanted, form, pack, said, wanted)
    expect(sld("report", packs[0], "--pack", "again.h5", ranks=0), 2, "expected a sweep's folder, got a packed study")
    with h5py.File("bad.h5", "w") as f:
        f["x"] = 1
    expect(sld("report", "bad.h5", ranks=0), 2, "bad.h5: expected a packed study", "got an HDF5 file of another kind")
    shutil.copy(packs[0], "bad.h5")
    with h5py.File("bad.h5", "r+") as f:
        f["trials/state"][1] = b"unheard of"
    expect(sld("report", "bad.h5", ranks=0), 2, "/trials/state: expected waiting")


def make_many():
    """As many trials: the curve of trial i is that of i % 12."""
    few = [made_sweep.Trial("", "", 1, [10.0 + k, 20.0 + k], sha="a" * 64, copies=k % 6) for k in range(12)]
    trials = [made_sweep.Trial("x%011d" % i, "arm %d" % (i // 3), i % 3, [1.0]) for i in range(MANY)]
    made_sweep.write_sweep("many", [made_sweep.Trial(t.id, t.arm, t.seed) for t in trials], baseline="arm 0")
    for i, t in enumerate(trials):
        like = few[i % 12]
        made_sweep.write_results("many/trials/%s/results.h5" % t.id,
                                 made_sweep.Trial(t.id, t.arm, t.seed, like.top1, sha=like.sha, copies=like.copies))
        made_sweep.mark("many", t.id, "done")
    return few


def check_many():
    """The tools of sld themselves under 256 descriptors: no row is lost in silence."""
    few = make_many()
    resource.setrlimit(resource.RLIMIT_NOFILE, (256, resource.getrlimit(resource.RLIMIT_NOFILE)[1]))
    index("many")
    expect(sld("report", "many", "--format", "csv", "--pack", "many.h5", ranks=0), 0, "600 trials packed")
    for path in ("many/sweep.h5", "many.h5"):
        with h5py.File(path) as f:
            check(f["valid"][()].sum() == MANY, path)
            check(not f["epoch/top1_test"].is_virtual, "curves are copied beyond 500 trials")
            curves = np.array([t.top1 for t in few])[np.arange(MANY) % 12]
            check(np.array_equal(f["epoch/top1_test"], curves), "curves", path)
            check(np.array_equal(f["trials/top1_last"], curves[:, 1]), "numbers", path)
    with h5py.File("many.h5") as f:
        logits = np.array([made_sweep.student_logits(t.copies) for t in few])[np.arange(MANY) % 12]
        check(np.array_equal(f["logits/test_last"], logits), "packed logits")
    for first in range(0, MANY, 100):  # in blocks, for HDF5 keeps a virtual data set's sources open
        with h5py.File("many/sweep.h5") as f:
            check(np.array_equal(f["logits/test_last"][first:first + 100], logits[first:first + 100]), "virtual logits", first)


def main():
    trials = made_sweep.small_sweep("made")
    check_small(trials)
    check_moved(trials)
    check_unreadable(trials)
    check_lost(trials)
    check_pack(trials)
    check_compact()
    if not FEW:
        check_many()


in_folder(main)
