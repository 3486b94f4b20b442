"""study.py: the trials of a sweep, of a packed study or of single runs, as pandas frames and numpy arrays."""
import functools
import os
import re
import warnings

from .errors import StudyError
from .hdf5 import attributes, open_file, raise_file_limit
from .run_files import RunFiles
from .samples import FEATURES, LABEL_P, WHICH, predicted
from .study_file import StudyFile
from .needs import need
from . import arms, options as options_of, spec

np = need("numpy")
pd = need("pandas")

# One stable name for what the method's name is part of: the teacher's term is kd_* without and lts_* with the swap.
SAME_CURVE = re.compile(r"^(loss|grad_norm)_(kd|lts|dkd|nkd|mlkd)_(weak|strong)$")


def results_in(folder):
    """Results of the runs in a folder of runs, by name."""
    try:
        names = sorted(os.listdir(folder))
    except OSError as error:
        raise StudyError("%s: %s" % (folder, error.strerror)) from None
    found = [os.path.join(folder, name, "results.h5") for name in names]
    return [path for path in found if os.path.isfile(path)]


def paths_of(path):
    """The results that a path of single runs means."""
    if os.path.isfile(path):
        return [path]
    own = os.path.join(path, "results.h5")
    return [own] if os.path.isfile(own) else results_in(path)


def several(paths):
    """The results of several paths, each of a run or of a folder of runs."""
    out = []
    for path in map(os.fspath, paths):
        if os.path.exists(os.path.join(path, "points")):
            raise StudyError("%s: expected the folder of a run, got that of a sweep; give a sweep alone, or make one study of several: "
                             "`sld report DIR --pack FILE` of each, then `sld-analysis merge`" % path)
        found = paths_of(path)
        if not found:
            raise StudyError("%s: expected the folder of a run, or one of runs, got one without results.h5" % path)
        out += found
    if not out:
        raise StudyError("expected the folders of runs, got none")
    return out


def source_of(path):
    if not isinstance(path, (str, os.PathLike)):
        return RunFiles(several(path))
    path = os.fspath(path)
    if not os.path.exists(path):
        raise StudyError("%s: no such file or folder; expected a sweep's folder, a packed study, or a run's folder" % path)
    if os.path.isdir(path):
        index = os.path.join(path, "sweep.h5")
        if os.path.isfile(index):
            return StudyFile(index)
        if os.path.exists(os.path.join(path, "points")):
            raise StudyError("%s: expected sweep.h5, which `sld sweep` keeps there; at any time `sld report %s --pack "
                             "study.h5` makes one file of it" % (path, path))
        runs = paths_of(path)
        if not runs:
            raise StudyError("%s: expected sweep.h5 or results.h5, found neither; `sld report DIR --pack study.h5` makes a "
                             "study of a sweep" % path)
        return RunFiles(runs)
    with open_file(path) as f:
        kind = attributes(f).get("format")
    return RunFiles([path]) if kind == "sld-results" else StudyFile(path)


class Study:
    """trials, options: pandas frames, one row a trial. Logits and curves are read when asked for."""

    def __init__(self, path):
        raise_file_limit()
        self.source = source_of(path)
        self.path = os.fspath(path) if isinstance(path, (str, os.PathLike)) else None  # None: of several runs there is no single one
        self.name, self.n = self.source.name, self.source.n
        self.where = self.path or self.name  # for messages
        if self.source.unfit:
            warnings.warn("%s: %s" % (self.where, self.without()), stacklevel=2)
        self.spec, fault = spec.read(self.source.spec_text)
        self.spec_fault = self.source.spec_fault or fault  # what keeps the spec from being read
        self.class_names = self.source.class_names
        self.halved = self.source.halved  # what is said of a compact pack with wrong values, or an empty text
        # object from the start: beside a trial that waits, which has no options, a whole number would become 2.0
        self.options = pd.DataFrame([options_of.flat(self.source.config(i)) for i in range(self.n)], index=range(self.n), dtype=object)
        self.trials = self._frame()
        self.same = self.source.same
        # Where none is named the first arm of the spec, whatever has ended: another one each day would be no baseline.
        self.names_baseline = bool(self.source.baseline)
        self.baseline = arms.called(self, self.source.baseline or next(iter(self.trials["arm"][~self.trials["is_teacher"]]), ""))

    def without(self):
        """What is said of results in a sweep's folder that do not count, or an empty text."""
        unfit = self.source.unfit
        return unfit and ("The results of %d trial%s do not count, of %s first: %s. `sld sweep` on the folder trains what is missing."
                          % (len(unfit), "" if len(unfit) == 1 else "s", *unfit[0])) or ""

    # ---- frames ----

    def varying(self):
        """Options in which the students differ, in the order of the configuration; not seed, and no paths."""
        students = self.options[np.asarray(self.source.columns["is_teacher"]) != 1]
        keep = []
        for key in students.columns:
            if options_of.technical(key) or key == "seed":
                continue
            if len({repr(v) for v in students[key].dropna()}) > 1:
                keep.append(key)
        return keep

    def _frame(self):
        columns = dict(self.source.columns)
        if "seed" not in columns:  # runs: the configuration knows it
            columns["seed"] = [int(v) if isinstance(v, int) else 1 for v in self._option("seed", 1)]
            columns["arm"] = self._name_runs()
        frame = pd.DataFrame(columns, index=range(self.n))
        frame["is_teacher"] = frame["is_teacher"].astype(bool)
        if "top1_val" in self.source.curve_units and "top1_val_last" not in frame:
            self._add_validation(frame)
        for key in self.varying():
            frame[key] = self.options[key]
        return frame

    def _add_validation(self, frame):
        """Validation accuracy at the last epoch and at the best: arms and options are chosen by it, not by test."""
        values = self.source.curve("top1_val")
        there = ~np.isnan(values)
        last = np.where(there.any(axis=1), values.shape[1] - 1 - there[:, ::-1].argmax(axis=1), 0)
        frame["top1_val_last"] = values[np.arange(self.n), last] if values.shape[1] else np.nan
        best = frame["best_epoch"].fillna(0).astype(int).to_numpy() if "best_epoch" in frame else np.zeros(self.n, int)
        inside = (best >= 1) & (best <= values.shape[1])
        frame["top1_val_best"] = np.where(inside, values[np.arange(self.n), np.where(inside, best - 1, 0)] if values.shape[1] else np.nan, np.nan)

    def _option(self, key, default):
        return list(self.options[key].where(self.options[key].notna(), default)) if key in self.options else [default] * self.n

    def _name_runs(self):
        """Runs that differ in seed alone are one arm, named by its method and by what tells it from the others."""
        keys = [k for k in self.varying() if k != "method" and not k.startswith("seeds.")]
        students, networks = self._option("method", "run"), self._option("student.network", "")
        experiments = [self._without_seeds(i) for i in range(self.n)]
        for told in (keys[:4], keys):  # as few as tell arms apart
            names = [", ".join([str(students[i])] + ["%s=%s" % (k, self.options[k][i]) for k in told] +
                               [str(networks[i])] * bool(self.n == 1 and not told and networks[i])) for i in range(self.n)]
            of = {}
            for name, experiment in zip(names, experiments):
                of.setdefault(name, []).append(experiment)
            if all(len(set(alike)) == 1 for alike in of.values()):
                return names
        ids = {experiment: self.source.columns["id"][i] for i, experiment in reversed(list(enumerate(experiments)))}
        return ["%s (%s)" % (name, ids[experiment]) if len(set(of[name])) > 1 else name for name, experiment in zip(names, experiments)]

    def _without_seeds(self, trial):
        """What a run computes, whatever its seed: its identity, which names data and weights by content, else its options."""
        identity = self.source.facts(trial).get("identity", "")
        if identity:
            return "\n".join(line for line in identity.splitlines() if not line.startswith("seed"))
        return repr([(k, v) for k, v in self.options.loc[trial].items() if not k.startswith("seed") and not options_of.technical(k)])

    @functools.cached_property
    def twins(self):
        """{label: the arm whose trials it shares} of the labels that have no trial of their own."""
        own = set(self.trials["arm"][~self.trials["is_teacher"]])
        return {label: arm for label, _, arm in self.same if label not in own}

    @functools.cached_property
    def cells(self):
        """The cells of the grid that have trials: name, labels on the axes, arm."""
        return arms.cells(self)

    @property
    def arms(self):
        """{arm: [trial, ...]} of done trials that have results, in the order of the spec; no teachers."""
        t = self.trials
        good = self.source.valid & (t["state"] == "done").to_numpy() & ~t["is_teacher"].to_numpy()
        out = {arm: [] for arm in t["arm"]}  # also of arms whose first trials are still to come
        for i in np.flatnonzero(good):
            out[t["arm"][i]].append(int(i))
        return {arm: trials for arm, trials in out.items() if trials}

    @property
    def students(self):
        """The done trials of all arms."""
        return [i for trials in self.arms.values() for i in trials]

    # ---- curves ----

    @property
    def curve_names(self):
        names = list(self.source.curve_units)
        return names + sorted({self.stable_name(n) for n in names if SAME_CURVE.match(n)} - set(names))

    @staticmethod
    def stable_name(name):
        """loss_teacher_weak for loss_kd_weak and loss_lts_weak: one name over all arms."""
        return SAME_CURVE.sub(r"\1_teacher_\3", name)

    def curves(self, name):
        """(trial, epoch) as a frame, NaN where a trial has none. epoch counts from 1."""
        names = [name] if name in self.source.curve_units else [n for n in self.source.curve_units
                                                                 if self.stable_name(n) == name]
        if not names:
            raise StudyError("%s: no curve %s; there are %s" % (self.where, name, ", ".join(self.curve_names)))
        values = None
        for one in names:
            found = self.source.curve(one)
            values = found if values is None else np.where(np.isnan(values), found, values)
        return pd.DataFrame(values, index=range(self.n), columns=pd.RangeIndex(1, values.shape[1] + 1, name="epoch"))

    # ---- samples ----

    def logits(self, trial, which="last"):
        """(sample, class) float32 on test, in the data set's order: which is last, best or teacher; val: on the trial's validation split,
        last epoch. None where there are none."""
        if which not in WHICH:
            raise StudyError("logits: expected last, best, teacher or val, got %s" % which)
        if not 0 <= trial < self.n:
            raise StudyError("%s: trial %d of %d" % (self.where, trial, self.n))
        return self.source.logits(trial, which) if self.source.valid[trial] else None

    def predicted(self, trial, which="last"):
        """(sample) the class of the largest logit, of a compact pack too. None where there is none."""
        return predicted(self, trial, which)

    @functools.cached_property
    def digests(self):
        """digests.student(trial), digests.teacher(trial): predicted, confidence, correct, nll by sample; of a compact pack too."""
        from .digest import Digests
        return Digests(self)

    def features(self, trial):
        """(sample, feature) float32 on test: what the last layer makes its logits of; None without `run.features: test`."""
        return self.source.record(trial, FEATURES) if self.source.valid[trial] else None

    def label_p(self, trial):
        """(training sample, epoch) float16: the probability that the student in training gave the label; NaN where a sample was not
        trained on. None without `run.label_p: true`."""
        return self.source.record(trial, LABEL_P) if self.source.valid[trial] else None

    def top(self, trial, which="last"):
        """The largest log-probabilities with their classes, the label's, and its rank: from a compact pack, which has no logits. None
        where there are none."""
        return self.source.top(trial, which) if self.compact and self.source.valid[trial] else None

    @property
    def compact(self):
        """A file of `sld report DIR --pack FILE --compact`."""
        return self.source.compact

    def labels(self, trial=0, split="test"):
        """(sample) of the trial's own test set, or of its validation split (val)."""
        return self.source.labels(trial, split)

    def coarse(self, trial=0):
        return self.source.labels(trial, "test_coarse")

    def facts(self, trial):
        """Attributes of the trial's results file: configuration, version, machine, fingerprint, hashes, times, ranks ..."""
        return self.source.facts(trial)

    def config(self, trial):
        return self.source.config(trial)

    def address(self, trial):
        """(path, ID) by which `sld-analysis config` finds the trial."""
        return (self.path, self.trials["id"][trial]) if self.path is not None else self.source.address(trial)
