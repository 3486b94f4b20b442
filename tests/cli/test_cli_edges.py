"""Edges of the command line: data without its format, axes that meet each other or a column, settings given twice, names that are
almost right, claims that come late, a standard output that takes nothing, little memory. What is refused changes nothing on the disk."""
import csv
import io
import os
import re
import resource
import shutil
import subprocess

import h5py
import numpy as np

from harness import check, command, environment, expect, in_folder, sld, write

BASE = "base: {method: none, student: {network: resnet8}, synthetic: {train: 40, test: 20}, train: {epochs: 1}}\n"
NONE = "method: none\nstudent: {network: resnet8}\ntrain: {epochs: 1, batch: 20}\n"
SPECS = {
    "key": "axes: {arm: {fast: {train.lr: 0.1}, slow: {}}, train.lr: [0.01, 0.02]}\n",
    "seed": "axes: {seed: [1, 2]}\n",
    "label": "axes: {arm: {A: {train.lr: 0.1}, A: {train.lr: 0.2}}}\n",
    "many": "seeds: 1-3\n",
}
REFUSED = [  # command, what is said
    (("run", "none.yaml", "data.path=empty"), ("data.path: expected a data set whose format shows", "got empty and no data.format")),
    (("run", "none.yaml", "data.path=no/where.h5"), ("data.path: expected a data set, got no/where.h5, which is not there",)),
    (("sweep", "columns.yaml", "--plan", "data.path=empty"), ("data.path: expected a data set whose format shows",)),
    (("sweep", "key.yaml"), ("train.lr: expected one axis that sets it, got two values, of arm (fast) and of train.lr (0.01)",)),
    (("sweep", "seed.yaml"), ("expected an axis, got seed; write seeds: [1, 2, 3] beside axes",)),
    (("sweep", "label.yaml"), ("arm: expected each once, got A twice",)),
    (("sweep", "many.yaml"), ("seeds: expected a seed, a list like [1, 2, 3] or a range like 1..3, got 1-3",)),
    (("sweep", "columns.yaml", "launch.retry=1"), ("launch.retry: unknown option; nearest: launch.retries",)),
    (("sweep", "runs/columns", "launch.retry=1"), ("launch.retry: unknown option; nearest: launch.retries",)),
    (("sweep", "runs/columns", "seeds=1..4"), ("seeds: expected beside the spec of a sweep", "sld sweep SPEC.yaml seeds=1..4")),
    (("run", "none.yaml", "train.lr=1", "train.lr=1"), ("train.lr: expected once, got twice",)),
    (("sweep", "columns.yaml", "train.lr=1", "train.lr=1"), ("train.lr: expected once, got twice",)),
    (("sweep", "columns.yaml", "seeds=1", "seeds=2"), ("seeds: expected once, got twice",)),
    (("sweep", "runs/columns", "launch.slots=1", "launch.slots=2"), ("launch.slots: expected once, got twice",)),
    *(((*args, option + path), (option.rstrip("="), "expected a path, got " + path, text))
      for path, text in (("~/x", "only a shell puts a home folder for ~; write the whole path: " + os.path.expanduser("~/x")),
                         ("~her/x", "only a shell"),
                         ("$HOME/x", "only a shell puts a value for $HOME; write the value"), ("sub/${USER}/x", "a value for ${USER};"),
                         ("file:///tmp/x", "write it without file://: /tmp/x"), ("s3://x/y", "sld reads local files"))
      for args, option in ((("run", "none.yaml"), "run.dir="), (("run", "none.yaml"), "data.path="),
                           (("run", "none.yaml", "method=kd"), "teacher.weights="), (("sweep", "columns.yaml", "--plan"), "data.path="))),
    (("run", "home.yaml"), ("home.yaml:4:12: run.dir: expected a path, got ~/x",)),
    (("sweep", "homes.yaml", "--plan"), ("weights: expected a path, got ~/t.h5",)),
    (("data", "views", "none.yaml", "--epoch", "1", "--out", "~/x"), ("--out: expected a path, got ~/x",)),
    (("sweep", "columns.yaml", "--dir", "~/x"), ("--dir: expected a path, got ~/x",)),
    (("report", "runs/columns", "--pack", "$HOME/x"), ("--pack: expected a path, got $HOME/x",)),
    (("report", "runs/columns", "--html", "~/x"), ("--html: expected a path",)),
    (("eval", "found/last.h5", "--logits", "file:///x"), ("--logits: expected a path, got file:///x",)),
    (("eval", "found/last.h5", "data.path=~/d.h5"), ("data.path: expected a path, got ~/d.h5",)),
    (("eval", "~/last.h5"), ("~/last.h5: cannot open: expected a path, got ~/last.h5: only a shell",)),
    (("run", "~/none.yaml"), ("~/none.yaml: cannot open: expected a path, got ~/none.yaml: only a shell",)),
    (("doctor", "~/runs"), ("doctor: expected a path, got ~/runs: only a shell puts a home folder for ~",)),
    (("doctor", "$SCRATCH/runs"), ("doctor: expected a path, got $SCRATCH/runs: only a shell puts a value for $SCRATCH",)),
    (("report", "~/runs"), ("got ~/runs: only a shell puts a home folder for ~",)),
    (("run", "none.yaml", "parallel.cpus=1000"), ("parallel.cpus: 1000: expected CPUs that this process may use, ", ", got 1000; name those")),
    (("sweep", "columns.yaml", "seed=3", "seeds=1..2"), ("seed: expected a sweep without seeds, got 2 in seeds", "give seeds=3")),
]


def formats():
    """The format of a path alone is found, and named in the first lines of the log."""
    with h5py.File("d.h5", "w") as f:
        for split, n in (("train", 40), ("test", 20)):
            f[split + "/labels"] = np.arange(n) % 4
            f[split + "/images"] = np.random.default_rng(0).integers(0, 256, (n, 8, 8, 3), dtype="u1")
    expect(sld("run", "none.yaml", "data.path=d.h5", "run.dir=found", ranks=0), 0, "student resnet8, hdf5, seed 1")
    for path in ("above10/cifar-10-batches-bin/data_batch_1.bin", "above100/cifar-100-binary/train.bin", "both/data_batch_1.bin", "both/train.bin",
                 "archives/cifar-10-batches-bin/data_batch_1.bin", "archives/cifar-100-binary/train.bin"):
        os.makedirs(os.path.dirname(path), exist_ok=True)
        write(path, "")
    for folder, found in (("above10", "cifar10"), ("above100", "cifar100"), ("above10/cifar-10-batches-bin", "cifar10")):
        expect(sld("run", "none.yaml", "--show-config", "data.path=" + folder, ranks=0), 0, "format: %s\n" % found)
    for folder in ("both", "archives"):
        expect(sld("run", "none.yaml", "data.path=" + folder), 2, "data.path: expected data.format beside it, cifar10 or cifar100, for the files of both")
        expect(sld("run", "none.yaml", "--show-config", "data.path=" + folder, "data.format=cifar100", ranks=0), 0, "format: cifar100\n")


def named_so():
    """What is called as a shell writes a home folder or a variable, and is there, is taken."""
    os.mkdir("$there")
    os.rename("d.h5", "$there/d.h5")
    expect(sld("data", "info", "none.yaml", "data.path=$there/d.h5", ranks=0), 0)
    expect(sld("data", "views", "none.yaml", "--epoch", "1", "--out", "$there/new.h5", ranks=0), 0)
    os.rename("$there/d.h5", "d.h5")
    expect(sld("data", "views", "none.yaml", "--epoch", "1", "--out", "a~b.h5", ranks=0), 0)


def closed():
    """Data that this user may not open are told as that."""
    root = os.geteuid() == 0
    other = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"] if root else []
    if root and not shutil.which("setpriv"):
        return
    os.chmod(".", 0o755)
    os.makedirs("closed/below")
    for path in ("closed.h5", "closed/below/d.h5"):
        shutil.copy("d.h5", path)
    for path in ("closed.h5", "closed"):
        os.chmod(path, 0)
    for path in ("closed.h5", "closed", "closed/below/d.h5"):
        done = subprocess.run(other + command(0, "run", "none.yaml", "--show-config", "data.path=" + path), env=environment(), capture_output=True)
        said = done.stderr.decode()
        check(done.returncode == 2 and "data.path: expected a data set, got %s, which this user may not open (permission denied)" % path in said, said)
    for path in ("closed.h5", "closed"):
        os.chmod(path, 0o755)


def columns():
    """Axes may be called as columns are: each column keeps its own name."""
    write("columns.yaml", "name: columns\n" + BASE + "axes: {arm: {x: {train.momentum: 0.1}, y: {train.momentum: 0.2}}, id: {q: {train.batch: 20}}}\n")
    expect(sld("sweep", "columns.yaml", "--no-run", ranks=0), 0)
    rows = list(csv.reader(io.StringIO(expect(sld("report", "runs/columns", "--format", "csv", ranks=0), 0).out)))
    check(len(set(rows[0])) == len(rows[0]), "columns of one name", rows[0])
    check([[row[rows[0].index("axis_" + axis)] for axis in ("arm", "id")] for row in rows[1:]] == [["x", "q"], ["y", "q"]], rows)


LATE = ["d: named after 2 of 2", "c: taken out after 2 of 2", "e: named after 2 of 2", "e: changed after 2 of 4", "d: taken out after 2 of 4", "e: taken out after 2 of 4"]


def check_late(told):
    """Every form of a report says which claims came late, and no other."""
    expect(sld("report", "runs/late", "--pack", "late.h5", "--force", ranks=0), 0)
    expect(sld("report", "runs/late", "--html", "late.html", "--force", ranks=0), 0)
    with open("late.html") as f:
        forms = [f.read()]
    forms += [expect(sld("report", of, ranks=0), 0).out for of in ("runs/late", "late.h5")]
    for text in forms:
        found = re.findall(r"claim (.*: .* after \d of \d) trials had ended, 20", text)
        check(found == told and ("No predictions" in text) == bool(told), "wanted:", told, text)


def fewer_seeds(head):
    """Seeds that are left out once their results are known make no prediction of a claim; those that never ran take nothing away."""
    def step(seeds, *options):
        write("fewer.yaml", head.replace("name: late", "name: fewer") + "claims: {c: {effect: a}}\nseeds: %s\n" % seeds)
        return expect(sld("sweep", "fewer.yaml", *options, ranks=0), 0).err

    step("1..2")
    step("1..3", "--no-run")
    step("1..2", "--accept-changes", "--no-run")
    check(not os.path.exists("runs/fewer/late-claims"), "a seed that never ran")
    said = step("[2]", "--accept-changes", "--no-run")
    check("claims compare fewer seeds" in said, said)
    text = expect(sld("report", "runs/fewer", ranks=0), 0).out
    check("c: changed after 4 of 4 trials had ended" in text, text)


def late_claims():
    """A folder keeps the spec as given, though it changes claims and report alone; claims that come after results are told."""
    grid = "axes: {a: {p: {train.lr: 0.1}, q: {train.lr: 0.2}}}\n"
    head = "name: late\n" + BASE + grid

    def step(text, *options):
        write("late.yaml", head + text)
        return expect(sld("sweep", "late.yaml", *options, ranks=0), 0)

    def kept():
        with open("runs/late/sweep.yaml") as f:
            return f.read()

    step("", "--no-run")
    said = step("claims: {c: {effect: a}}\n", "--no-run").err
    check("other claims" in said and "trials had ended" not in said, "claims before the first trial", said)
    check("warning" not in step("claims: {c: {effect: a}}\nreport: {title: T}\n").err, "a title is no claim")
    check_late([])
    for text, options, words, told in (
            ("claims: {d: {effect: a}}\n", ("--accept-changes",), "other claims and report", LATE[:2]),
            ("claims: {d: {effect: a}, e: {arm: p, against: q}}\n", (), "claims were named after 2 of 2 trials had ended", LATE[:3]),
            ("claims: {d: {effect: a}, e: {arm: q, against: p}}\nseeds: 1..2\n", ("--no-run",), "claims were changed after 2 of 4 trials had ended",
             LATE[:4]),
            ("seeds: 1..2\n", ("--no-run",), "claims were taken out after 2 of 4 trials had ended", LATE)):
        plan = expect(sld("sweep", "late.yaml", "--plan", ranks=0), 0).out
        check("given spec has other" not in plan, "the spec is the folder's", plan)
        said = step(text, *options).err
        check(words in said and kept() == head + text, text, "wanted:", words, said, "kept:", kept())
        check("trials had ended" not in step(text, "--no-run").err, "told twice")
        check_late(told)
    fewer_seeds(head)
    os.rename("runs/late/late-claims", "kept-claims")
    with open("runs/late/late-claims", "w") as f:  # more than is read
        f.truncate((1 << 28) + 1)
    write("late.yaml", head + "claims: {z: {effect: a}}\nseeds: 1..2\n")
    expect(sld("sweep", "late.yaml", "--no-run", ranks=0), 2, "late-claims: expected at most")
    check("z:" not in kept(), "the spec was kept without its late claim", kept())
    check(os.path.getsize("runs/late/late-claims") == (1 << 28) + 1, "late claims that cannot be read were replaced")
    os.rename("kept-claims", "runs/late/late-claims")
    step("seeds: 1..2\n", "--no-run")
    write("late.yaml", head + "report: {title: U}\nseeds: 1..2\n")
    expect(sld("sweep", "late.yaml", "--plan", ranks=0), 0, "the given spec has other report")
    check("title" not in kept(), "a plan changes nothing", kept())
    with open("runs/late/late-claims", "r+") as f:  # as an editor may leave it
        lines = f.read()
        f.seek(0)
        f.write("\n" + lines.replace("\n", "\n\n"))
    expect(sld("report", "runs/late", "--html", "late.html", "--force", ranks=0), 0)
    with open("late.html") as f:
        for text in (f.read(), expect(sld("report", "runs/late", ranks=0), 0).out):
            check(len(re.findall(r"\bclaim ", text.split("No predictions")[1].split("Trial")[0])) == len(LATE), "no claim without a name", text)


def arms_of_seed_1(path):
    with h5py.File(path) as f:
        return {i.decode(): a.decode() for i, a, seed in zip(f["trials/id"], f["trials/arm"], f["trials/seed"]) if seed == 1}


def meaning():
    """A claim is what it compares: the same words over other trials are another claim, other words over the same trials are not."""
    head = "name: meaning\n" + BASE + "baseline: p\n"
    there, exchanged = "axes: {a: {p: {train.lr: 0.1}, q: {train.lr: 0.2}}}\n", "axes: {a: {q: {train.lr: 0.1}, p: {train.lr: 0.2}}}\n"
    claims, labels = "claims: {c: {arm: q, against: p}}\n", "p (there q), q (there p)"

    def step(text, *options, code=0):
        write("meaning.yaml", head + text)
        return expect(sld("sweep", "meaning.yaml", *options, ranks=0), code)

    step(there + claims + "seeds: 1..2\n")
    step(there + "claims:\n  c: {metric: top1_last, against: [p], arm: [q]}\nseeds: [1, 2]\n", "--no-run")
    check(not os.path.exists("runs/meaning/late-claims"), "the same claim in other words is late")
    write("meaning.yaml", head + exchanged + claims + "seeds: 1..2\n")
    plan = expect(sld("sweep", "meaning.yaml", "--plan", ranks=0), 0, "labels that name other trials than in the folder: " + labels,
                  "claims that compare other trials, though they say the same: c", "after 4 of 4 trials have ended").out
    check("other claims" in plan and not os.path.exists("runs/meaning/late-claims"), "a plan changes nothing", plan)
    before = arms_of_seed_1("runs/meaning/sweep.h5")
    said = step(exchanged + claims + "seeds: 1..2\n", "--no-run").err
    check(sorted(arms_of_seed_1("runs/meaning/sweep.h5").items()) == sorted((i, {"p": "q", "q": "p"}[a]) for i, a in before.items()),
          "sweep.h5 has the labels that the folder has", before, arms_of_seed_1("runs/meaning/sweep.h5"))
    for words in (labels, "though they say the same: c", "claims were changed after 4 of 4", "the baseline became other trials after 4 of 4"):
        check(words in said, "wanted:", words, said)
    for form in (("runs/meaning",), ("meaning.h5",)):
        expect(sld("report", "runs/meaning", "--pack", "meaning.h5", "--force", ranks=0), 0)
        told = expect(sld("report", *form, ranks=0), 0, "\nclaim c: changed after 4 of 4 trials had ended", "\nthe baseline: changed after 4 of 4").out
        check(len(re.findall(r"had ended, 20", told)) == 2, told)
    check("labels that name" not in step(exchanged + claims + "seeds: 1..2\n", "--no-run").err, "told twice")
    fewer = exchanged + claims + "seeds: [1]\n"
    check("the sweep needs --accept-changes" in step(fewer, "--plan").out, "nobody accepts")
    plan = step(fewer, "--plan", "--accept-changes").out
    check("needs --accept-changes" not in plan and "2 of the gone have ended" in plan, plan)
    check("2 of its points are not in this spec, 2 of them with results" in step(fewer, "--no-run", code=2).err, "what is left out")
    said = step(fewer, "--no-run", "--accept-changes").err
    check("2 trials that have ended are not in this spec" in said and "though they say" not in said, said)
    expect(sld("sweep", "meaning.yaml", "seed=1", "--plan", ranks=0), 2, "seed: expected a sweep without seeds")
    write("meaning.yaml", (head + there + "seeds: 1..2\n").replace("{method: none", "{seed: 9, method: none"))
    expect(sld("sweep", "meaning.yaml", "--plan", ranks=0), 0, "base: seed: changes nothing here: seeds says the seeds")


def full():
    """What a verb prints is its result: where it cannot be written the verb has failed."""
    for args in (("report", "runs/columns"), ("report", "runs/columns", "--format", "csv"), ("report", "runs/columns", "--format", "json"),
                 ("status", "runs/columns"), ("sweep", "columns.yaml", "--plan"), ("models",), ("help", "options"), ("--version",),
                 ("run", "none.yaml", "--show-config"), ("eval", "found/last.h5")):
        with open("/dev/full", "w") as out:
            done = subprocess.run(command(0, *args), env=environment(), stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.PIPE)
        check(done.returncode == 74 and b"standard output: cannot write" in done.stderr, args, done.returncode, done.stderr)


def memory():
    """Little memory is an error with a word, or enough: never a crash."""
    if "ASAN_OPTIONS" in os.environ:
        return  # shadow memory alone takes more
    for mebibytes in (100, 130, 140, 164, 220, 300):  # each failed in its own place
        def limit():
            resource.setrlimit(resource.RLIMIT_AS, (mebibytes << 20, mebibytes << 20))

        if subprocess.run(command(0, "models"), preexec_fn=limit, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL).returncode != 0:
            continue  # libraries are not even loaded
        done = subprocess.run(command(0, "run", "none.yaml", "synthetic.train=40", "synthetic.test=20", "run.dir=little%d" % mebibytes),
                              env=environment(), preexec_fn=limit, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        check(done.returncode in (0, 1, 2, 70, 74) and (done.returncode == 0 or done.stderr), mebibytes, "MiB:", done.returncode, done.stderr)


def main():
    write("none.yaml", NONE)
    os.mkdir("empty")
    for name, text in SPECS.items():
        write(name + ".yaml", "name: %s\n" % name + BASE + text)
    write("home.yaml", NONE + "run: {dir: ~/x}\n")
    write("homes.yaml", "name: homes\n" + BASE + "teachers: {t: {weights: ~/t.h5, train: {epochs: 1}}}\naxes: {teacher: [t]}\n")
    formats()
    named_so()
    closed()
    columns()
    late_claims()
    meaning()
    before = sorted(os.listdir("runs") + os.listdir("."))
    for args, texts in REFUSED:
        expect(sld(*args, ranks=0), 2, *texts)
    check(sorted(os.listdir("runs") + os.listdir(".")) == before, "a refusal made something", os.listdir("."), os.listdir("runs"))
    full()
    memory()


in_folder(main)
