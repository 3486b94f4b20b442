"""files.py: what lies in the HDF5 files: one study file (sweep.h5 or a packed study), or the results of single runs. Both
are read by block and closed again; nothing is kept open."""
import os
import resource
from collections import namedtuple

from .integrity import NOT_THERE, fault_of, text_of
from .needs import need

np = need("numpy")
h5py = need("h5py")

FEATURES, LABEL_P = "features/test_last", "train/label_p"
BLOCK = 100            # rows read at a time: HDF5 keeps every source of a virtual data set open until the file is closed
MAX_TRIALS = 1000000  # beyond these a file is damaged, not large
MAX_VALUES = 1 << 30  # of one trial's logits
OPTION = "option_"  # columns of options, for who reads no YAML; a Study has them from the configurations, with their types
WHICH = {"last": "test_last", "best": "test_best", "teacher": "test_teacher", "val": "val_last"}
# What a packed study keeps of the attributes of each trial's results.
FACTS = ("version", "machine", "fingerprint", "fingerprints", "data", "data_sha256", "weights_sha256", "teacher_sha256",
         "teacher_logits_sha256", "started", "finished", "ranks")
Top = namedtuple("Top", "log_p classes label rank")  # (sample, place), (sample, place), (sample): its log-probability, (sample)


class StudyError(Exception):
    """What is wrong with the input: names the file, what was found, and what to do."""


def raise_file_limit():
    """HDF5 gives NaN in silence for a source that it has no descriptor left to open."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != hard:
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def attributes(thing):
    """Of a file's root: texts as str, several as one, numbers as they are. An attribute that cannot be read is left out."""
    out = {}
    for name in thing.attrs:
        try:
            value = thing.attrs[name]
        except (OSError, TypeError, ValueError):
            continue
        if isinstance(value, np.ndarray) and value.dtype.kind in "OSU":
            value = ", ".join(map(text_of, value.flat))
        out[name] = text_of(value) if isinstance(value, (bytes, str, np.str_)) else value
    return out


class open_file:
    """with open_file(path) as f: an HDF5 file, read only. What goes wrong inside becomes a StudyError that names the file."""

    def __init__(self, path):
        self.path, self.file = path, None

    def __enter__(self):
        try:
            if not os.path.isfile(self.path):
                what = "expected a file, got a folder or device" if os.path.exists(self.path) else "no such file"
                raise StudyError("%s: %s" % (self.path, what))
            self.file = h5py.File(self.path, "r", locking=False)
        except OSError as error:
            raise StudyError("%s: expected an HDF5 file that is whole: %s" % (self.path, first_line(error))) from None
        return self.file

    def __exit__(self, kind, error, trace):
        self.file.close()
        if kind and issubclass(kind, (OSError, KeyError, RuntimeError, TypeError)) and not issubclass(kind, StudyError):
            raise StudyError("%s: cannot be read: %s" % (self.path, first_line(error))) from None


def first_line(error):
    return (str(error).splitlines() or [type(error).__name__])[0].strip("'\"")


def dataset(f, path, n_dims, where):
    """A data set of so many axes, or a StudyError."""
    thing = f.get(path)
    if not isinstance(thing, h5py.Dataset) or len(thing.shape or ()) != n_dims:
        found = "shape %s" % (thing.shape,) if isinstance(thing, h5py.Dataset) else "nothing" if thing is None else "a group"
        raise StudyError("%s: /%s: expected a data set of %d axes, got %s" % (where, path, n_dims, found))
    return thing


def column(thing):
    """A data set of one axis as numbers, or as a list of texts."""
    if thing.dtype.kind in "OS":
        return [text_of(t) for t in thing[()]]
    return thing[()]


class StudyFile:
    """sweep.h5 of a sweep's folder, or what `sld report DIR --pack FILE` made."""

    def __init__(self, path):
        self.path = path
        with open_file(path) as f:
            head = attributes(f)
            if head.get("format") != "sld-study":
                raise StudyError("%s: attribute format: expected sld-study or sld-results, got %s. `sld report DIR --pack "
                                 "study.h5` makes a study of a sweep" % (path, head.get("format", "none")))
            if int(head.get("format_version", 1)) > 1:
                raise StudyError("%s: format_version: expected 1, got %s: a newer program wrote it; update sld_analysis"
                                 % (path, head["format_version"]))
            self.head = head
            self.name, self.baseline = head.get("name", os.path.basename(path)), head.get("baseline", "")
            self.spec_text = head.get("sweep", "")
            self.columns = self._columns(f)
            self.n = len(self.columns["id"])
            self.valid = column(dataset(f, "valid", 1, path)) == 1
            if len(self.valid) != self.n:
                raise StudyError("%s: /valid: expected %d values, got %d" % (path, self.n, len(self.valid)))
            self.configs = self.columns.pop("config", None)
            self.kept = {name: self.columns.pop(name) for name in FACTS if name in self.columns}
            self.same, self.same_axes = self._same(f)
            self.virtual = "trial" in f and "config" not in f["trials"]
            self.compact = "log_p" in f
            self.n_classes, self.places = (len(f[axis]) if isinstance(f.get(axis), h5py.Dataset) else 0 for axis in ("class", "place"))
            self.several_sets = "labels/test" in f and f["labels/test"].ndim == 2
            self.class_names = column(f["class_name"]) if "class_name" in f else None
            self.curve_units = {k: text_of(v.attrs.get("units", "1")) for k, v in f.get("epoch", {}).items() if k != "epoch"}
        self.spec_fault = ""
        if not self.spec_text and self.virtual:
            self.spec_text, self.spec_fault = self._file_beside("sweep.yaml")
        self.late_text = (self._file_beside("late-claims")[0] if self.virtual else "") or head.get("late_claims", "")
        self.unfit = self._leave_out_unfit() if self.virtual else []

    def _leave_out_unfit(self):
        """[(ID, fault)] of results that sweep.h5 still knows and that do not count any more: their trials wait, as in `sld status`."""
        faults = [(int(i), fault_of(self._own(i), self.columns["id"][i])) for i in np.flatnonzero(self.valid)]
        unfit = [(i, fault) for i, fault in faults if fault]
        if unfit and all(fault == NOT_THERE for _, fault in faults):  # sweep.h5 without its folder
            self._refuse_lost([i for i, _ in unfit])
        for i, _ in unfit:
            self.valid[i], self.columns["state"][i] = False, "waiting"
            for values in self.columns.values():
                if isinstance(values, np.ndarray) and values.dtype.kind == "f":
                    values[i] = np.nan
        return [(self.columns["id"][i], fault) for i, fault in unfit]

    def _columns(self, f):
        trials = f.get("trials")
        if not isinstance(trials, h5py.Group):
            raise StudyError("%s: /trials: expected a group of columns, got nothing" % self.path)
        for name in ("id", "arm", "seed", "state", "is_teacher"):
            dataset(f, "trials/" + name, 1, self.path)
        n = trials["id"].shape[0]
        if n > MAX_TRIALS:
            raise StudyError("%s: /trials/id: expected at most %d trials, got %d" % (self.path, MAX_TRIALS, n))
        names = [name for name in trials if not name.startswith(OPTION)]
        for name in names:
            if dataset(f, "trials/" + name, 1, self.path).shape[0] != n:
                raise StudyError("%s: /trials/%s: expected %d values, got %d" % (self.path, name, n, trials[name].shape[0]))
        return {name: column(trials[name]) for name in names}

    def _same(self, f):
        """[(label, seed, arm)] of labels whose trial is another arm's, and {label: {axis_NAME: its label there}}."""
        if "same" not in f:
            return [], {}
        arm_of = dict(zip(self.columns["id"], self.columns["arm"]))
        names = ["id", "arm", "seed", "is_teacher"] + [name for name in f["same"] if name.startswith("axis_")]
        same = {name: column(dataset(f, "same/" + name, 1, self.path)) for name in names}
        ids, arms, seeds, teachers = (same.pop(name) for name in names[:4])
        if len({len(values) for values in (ids, arms, seeds, teachers, *same.values())}) > 1:
            raise StudyError("%s: /same: expected columns of one length, got %d ids and %d arms" % (self.path, len(ids), len(arms)))
        rows = [i for i, is_teacher in enumerate(teachers) if not is_teacher]
        return [(arms[i], int(seeds[i]), arm_of.get(ids[i], ids[i])) for i in rows], {
            arms[i]: {name: values[i] for name, values in same.items()} for i in rows}

    def _file_beside(self, name):
        """(its text, what keeps it from being read)."""
        from . import inputs
        path = os.path.join(os.path.dirname(self.path), name)
        try:
            with open(inputs.check(path), encoding="utf-8", errors="replace") as f:
                return f.read(1 << 28), ""
        except StudyError as error:
            return "", str(error)
        except OSError as error:
            return "", "%s: %s" % (path, error.strerror)

    def _own(self, trial):
        """Path of a trial's own results, for what a virtual study leaves there."""
        return os.path.join(os.path.dirname(self.path), "trials", self.columns["id"][trial], "results.h5")

    def _has(self, trial, path):
        """Whether a trial's own results have a table: an index has NaN for those that have none, and for those that cannot be read."""
        with open_file(self._own(trial)) as f:
            return path in f

    def facts(self, trial):
        """Attributes of the trial's results; of a packed study what it kept of them."""
        if self.virtual and self.valid[trial]:
            if not os.path.isfile(self._own(trial)):
                self._refuse_lost([trial])
            with open_file(self._own(trial)) as f:
                return attributes(f)
        out = {"config": self.configs[trial]} if self.configs else {}
        out.update((name, values[trial]) for name, values in self.kept.items() if values[trial])
        return out

    def config(self, trial):
        return self.configs[trial] if self.configs else self.facts(trial).get("config", "")

    def curve(self, name):
        blocks = []
        for first in range(0, self.n, BLOCK):
            with open_file(self.path) as f:
                values = dataset(f, "epoch/" + name, 2, self.path)
                if values.shape[0] != self.n:
                    raise StudyError("%s: /epoch/%s: expected %d rows, got %d" % (self.path, name, self.n, values.shape[0]))
                blocks.append(self._rows(values, first))
        values = np.concatenate(blocks) if blocks else np.empty((0, 0))
        if name == "top1_test":  # a column that every trial has
            lost = self.valid & (np.nan_to_num(self.columns.get("epochs", 0)) > 0) & np.isnan(values).all(axis=1)
            self._refuse_lost(np.flatnonzero(lost))
        return values

    def _rows(self, values, first):
        """A block of them. Results that do not count are not read: one damaged file is an error of the whole block in HDF5 1.14."""
        valid = self.valid[first:first + BLOCK]
        if not self.unfit:
            return values[first:first + BLOCK]
        block = np.full((len(valid), values.shape[1]), np.nan, values.dtype)
        for i in np.flatnonzero(valid):
            block[i] = values[first + i]
        return block

    def _refuse_lost(self, lost):
        if len(lost):
            raise StudyError("%s: the results of %s (and %d others) cannot be read: expected trials/ID/results.h5 beside "
                             "it, and a free descriptor for each (ulimit -n). `sld report DIR --pack study.h5` makes a file "
                             "that stands alone" % (self.path, self.columns["id"][lost[0]], len(lost) - 1))

    def logits(self, trial, which):
        name = WHICH[which]
        with open_file(self.path) as f:
            if which == "teacher":
                values = self._teacher(f, trial)
            else:
                values = read_logits(f, "logits/" + name, self.path, trial)
        if values is not None and which != "teacher" and np.isnan(values[:, 0]).all():
            if self.virtual and self.valid[trial] and self._has(trial, "logits/" + name):
                self._refuse_lost([trial])
            return None
        return values

    def _teacher(self, f, trial):
        """None where the trial had no teacher, or where its test logits were not kept."""
        if "teacher_row" in self.columns:
            row = int(self.columns["teacher_row"][trial])
            return read_logits(f, "logits/test_teacher", self.path, row) if row >= 0 else None
        if not self.virtual or not self.valid[trial]:
            return None
        with open_file(self._own(trial)) as own:
            return read_logits(own, "logits/test_teacher", self._own(trial))

    def record(self, trial, path):
        """A table that an option asked for, such as FEATURES; packs leave them out."""
        return read_record(self._own(trial), path) if self.virtual and self.valid[trial] else None

    def top(self, trial, which):
        """What a compact pack keeps of the logits, with a place for each class of the trial at most. None where the trial has none."""
        row = int(self.columns["teacher_row"][trial]) if which == "teacher" else trial
        if not self.compact or which == "best" or row < 0:
            return None
        name = "log_p/" + WHICH[which]
        with open_file(self.path) as f:
            if name + "_top" not in f:
                return None
            part = lambda end, n_dims: dataset(f, name + end, n_dims, self.path)[row]  # noqa: E731
            top = Top(part("_top", 3).astype(np.float32), part("_top_class", 3).astype(np.int32),
                      part("_label", 2).astype(np.float32), part("_label_rank", 2).astype(np.int32))
        used = np.flatnonzero(~np.isnan(top.label))
        if not len(used):
            return None
        places = int(np.flatnonzero(~np.isnan(top.log_p).all(axis=0))[-1]) + 1
        return Top(top.log_p[:used[-1] + 1, :places], top.classes[:used[-1] + 1, :places], *(values[:used[-1] + 1] for values in top[2:]))

    def labels(self, trial, name="test"):
        """Of the trial's own test set: from its own results where they are there, as an index or pack may hold those of one set alone."""
        own = read_labels(self._own(trial), name) if self.virtual and self.valid[trial] else None
        return own if own is not None else read_labels(self.path, name, trial)


def read_labels(where, name, row=None):
    """(sample), of one row where there is an axis of trials, without padding; None where there are none."""
    with open_file(where) as f:
        thing = f.get("labels/" + name)
        if not isinstance(thing, h5py.Dataset):
            return None
        values = thing[()] if thing.ndim == 1 or row is None else thing[row]
    used = np.flatnonzero(values != -1)
    return values[:used[-1] + 1] if len(used) else values[:0]


def read_record(where, path):
    """A table of two axes, or None where the results have none."""
    with open_file(where) as f:
        return dataset(f, path, 2, where)[()] if path in f else None


def read_logits(f, path, where, row=None):
    """(sample, class) float32, of one row where there is an axis of trials; padding is cut off."""
    if path not in f:
        return None
    thing = dataset(f, path, 2 if row is None else 3, where)
    shape = thing.shape[-2:]
    if shape[0] * shape[1] > MAX_VALUES or (row is not None and row >= thing.shape[0]):
        raise StudyError("%s: /%s: shape %s does not fit this study" % (where, path, thing.shape))
    values = thing[()] if row is None else thing[row]
    classes = ~np.isnan(values).all(axis=0)
    samples = ~np.isnan(values).all(axis=1)
    if classes.all() and samples.all():
        return values
    last = lambda used: int(np.flatnonzero(used)[-1]) + 1 if used.any() else 0  # noqa: E731
    return values[:last(samples), :last(classes)] if samples.any() else values


def predicted(study, trial, which):
    """(sample) the class of the largest logit, of equal ones the lowest; a logit that is no number is never the largest. None where there
    are no logits. study: a StudyFile or a Study, of a compact pack too."""
    if study.compact:
        top = study.top(trial, which)
        return top.classes[:, 0] if top else None
    logits = study.logits(trial, which)
    return None if logits is None else np.where(np.isnan(logits), -np.inf, logits).argmax(axis=1)


class RunFiles:
    """results.h5 of single runs, put together as a study: columns as in a study file, made from each run's own numbers."""

    def __init__(self, paths):
        self.paths, self.head, self.spec_text, self.late_text, self.baseline = paths, {}, "", "", ""
        self.name = os.path.basename(os.path.dirname(os.path.abspath(paths[0]))) if len(paths) == 1 else "%d runs" % len(paths)
        self.n, self.virtual, self.compact, self.n_classes = len(paths), True, False, 0
        self.valid = np.ones(self.n, bool)
        self._facts, self._epochs = [], []
        self.class_names, self.curve_units, self.same, self.same_axes, self.unfit, self.spec_fault = None, {}, [], {}, [], ""
        for path in paths:
            fault = fault_of(path)
            if fault:
                raise StudyError("%s: expected the results of a run that are whole, got %s" % (path, fault.replace("damaged: ", "damaged ones: ")))
            with open_file(path) as f:
                facts = attributes(f)
                if facts.get("format") != "sld-results":
                    raise StudyError("%s: attribute format: expected sld-results, got %s; a study is given alone, and `sld-analysis merge` makes one "
                                     "of several" % (path, facts.get("format", "none")))
                self._check_once(path, facts.get("id", ""))
                self._facts.append(facts)
                curves = {k: v for k, v in f.get("epoch", {}).items() if isinstance(v, h5py.Dataset) and v.ndim == 1}
                self._epochs.append({k: v[()] for k, v in curves.items() if k != "epoch"})
                self.curve_units.update({k: text_of(v.attrs.get("units", "1")) for k, v in curves.items() if k != "epoch"})
                if self.class_names is None and "class_name" in f:
                    self.class_names = column(f["class_name"])
        self.columns = self._columns()

    def _check_once(self, path, id):
        """A run and its copy would count as two seeds."""
        for other, facts in zip(self.paths, self._facts):
            if os.path.samefile(path, other) or id and id == facts.get("id"):
                raise StudyError("%s: expected different runs, got %s as in %s: one run would count twice; name it once" % (path, id or "the same file", other))

    def _columns(self):
        from . import metrics
        rows = [metrics.of_run(f, e) for f, e in zip(self._facts, self._epochs)]
        out = {name: np.array([row[name] for row in rows]) for name in rows[0]}
        out["id"] = [self._id(i, i + 1) for i in range(self.n)]
        out["state"] = [f.get("status", "running") for f in self._facts]
        out["reason"] = [""] * self.n
        return out

    def _id(self, trial, number):
        """number: by which a run without an ID is called."""
        return self._facts[trial].get("id", "") or "run %d" % number

    def address(self, trial):
        """(path, ID) of a run by itself: its folder, or its results where they have another name."""
        folder, name = os.path.split(self.paths[trial])
        return folder or "." if name == "results.h5" else self.paths[trial], self._id(trial, 1)

    def facts(self, trial):
        return self._facts[trial]

    def config(self, trial):
        return self._facts[trial].get("config", "")

    def curve(self, name):
        longest = max((len(e[name]) for e in self._epochs if name in e), default=0)
        out = np.full((self.n, longest), np.nan)
        for row, epochs in zip(out, self._epochs):
            values = epochs.get(name, ())
            row[:len(values)] = values
        return out

    def logits(self, trial, which):
        with open_file(self.paths[trial]) as f:
            return read_logits(f, "logits/" + WHICH[which], self.paths[trial])

    def record(self, trial, path):
        return read_record(self.paths[trial], path)

    def labels(self, trial, name="test"):
        return read_labels(self.paths[trial], name)
