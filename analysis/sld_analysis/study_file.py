"""study_file.py: one study file: the index of a sweep's folder (sweep.h5) or a packed study. It is read by block and closed again;
nothing is kept open."""
import os
import warnings
from collections import namedtuple

from . import halved, inputs, study_check
from .errors import StudyError
from .hdf5 import attributes, column, dataset, open_file
from .integrity import NOT_THERE, fault_of, text_of
from .needs import need
from .samples import WHICH, read_labels, read_logits, read_record

np = need("numpy")
h5py = need("h5py")

BLOCK = 100  # rows read at a time: HDF5 keeps every source of a virtual data set open until the file is closed
MAX_TRIALS = 1000000  # beyond these a file is damaged, not large
OPTION = "option_"  # columns of options, for who reads no YAML; a Study has them from the configurations, with their types
# What a packed study keeps of the attributes of each trial's results.
FACTS = ("version", "machine", "fingerprint", "fingerprints", "data", "data_sha256", "weights_sha256", "teacher_sha256",
         "teacher_logits_sha256", "teacher_network", "started", "finished", "ranks")
Top = namedtuple("Top", "log_p classes label rank")  # (sample, place), (sample, place), (sample): its log-probability, (sample)


class StudyFile:
    """sweep.h5 of a sweep's folder, or what `sld report DIR --pack FILE` made."""

    def __init__(self, path):
        self.path = path
        with open_file(path) as f:
            head = attributes(f)
            if head.get("format") != "sld-study":
                raise StudyError("%s: attribute format: expected sld-study or sld-results, got %s. `sld report DIR --pack "
                                 "study.h5` makes a study of a sweep" % (path, head.get("format", "none")))
            study_check.check_head(head, path)
            self.head = head
            self.name, self.baseline = head.get("name", os.path.basename(path)), head.get("baseline", "")
            self.spec_text = head.get("sweep", "")
            self.columns = self._columns(f)
            self.n = len(self.columns["id"])
            study_check.check_columns({"valid": dataset(f, "valid", 1, path)}, path)
            self.valid = column(f["valid"]) == 1
            if len(self.valid) != self.n:
                raise StudyError("%s: /valid: expected %d values, got %d" % (path, self.n, len(self.valid)))
            study_check.check_trials(self.columns, self.valid, path)
            study_check.check_tables(f, self.columns, path)
            self.halved = halved.told(f, path)
            if self.halved:
                warnings.warn(self.halved, stacklevel=2)
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
        study_check.check_columns(trials, self.path)
        return {name: column(trials[name]) for name in names}

    def _same(self, f):
        """[(label, seed, arm)] of labels whose trial is another arm's, and {label: {axis_NAME: its label there}}."""
        if "same" not in f:
            return [], {}
        arm_of = dict(zip(self.columns["id"], self.columns["arm"]))
        names = ["id", "arm", "seed", "is_teacher"] + [name for name in f["same"] if name.startswith("axis_")]
        things = {name: dataset(f, "same/" + name, 1, self.path) for name in names}
        study_check.check_columns(things, self.path)
        same = {name: column(thing) for name, thing in things.items()}
        ids, arms, seeds, teachers = (same.pop(name) for name in names[:4])
        if len({len(values) for values in (ids, arms, seeds, teachers, *same.values())}) > 1:
            raise StudyError("%s: /same: expected columns of one length, got %d ids and %d arms" % (self.path, len(ids), len(arms)))
        rows = [i for i, is_teacher in enumerate(teachers) if not is_teacher]
        return [(arms[i], int(seeds[i]), arm_of.get(ids[i], ids[i])) for i in rows], {
            arms[i]: {name: values[i] for name, values in same.items()} for i in rows}

    def _file_beside(self, name):
        """(its text, what keeps it from being read)."""
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
            others = " (and %d others)" % (len(lost) - 1) if len(lost) > 1 else ""
            what = ("%s, which is there, gives NaN alone: it holds nothing else, or there was no free descriptor for it (ulimit -n)" % self._own(lost[0])
                    if os.path.isfile(self._own(lost[0])) else "expected trials/ID/results.h5 beside it")
            raise StudyError("%s: the results of %s%s cannot be read: %s. `sld report DIR --pack study.h5` makes a file that stands alone" % (
                self.path, self.columns["id"][lost[0]], others, what))

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
