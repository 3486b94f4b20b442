"""study.py: the trials of a sweep for Python: from the folder of a sweep (its sweep.h5), or from one packed file made by
`sld report DIR --pack STUDY.h5`. Both have one layout:

    study = Study("runs/ablation")
    study.column("top1_last")              # (trial) numbers, or texts: id, arm, state, axis_NAME, reason ...
    study.arms()                           # {arm: [trial, ...]} of done trials, in the order of the spec; no teachers
    study.curves("top1_test")              # (trial, epoch), NaN where a trial has none
    study.logits("test_last", trial)       # (sample, class); "test_teacher": those of its teacher
    study.labels(trial)                    # (sample)
"""
import os
import resource
from collections import OrderedDict

import h5py
import numpy as np

BLOCK = 100  # rows read at a time: HDF5 keeps every source of a virtual data set open until the file is closed


class StudyError(Exception):
    pass


def raise_file_limit():
    """HDF5 gives NaN in silence for a source that it has no descriptor left to open."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != hard:
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


class Study:
    def __init__(self, path):
        raise_file_limit()
        self.path = os.path.join(path, "sweep.h5") if os.path.isdir(path) else path
        if not os.path.exists(self.path):
            hint = "; it is written when a sweep ends, and sld report DIR --pack STUDY.h5 makes one file of it at any time"
            raise StudyError("%s is not there%s" % (self.path, hint if os.path.isdir(path) else ""))
        try:
            with h5py.File(self.path, "r") as f:
                if str(f.attrs.get("format")) != "sld-study":
                    raise StudyError("%s is no study: its attribute format is %s" % (self.path, f.attrs.get("format")))
                self.name, self.baseline = str(f.attrs["name"]), str(f.attrs["baseline"])
                self.valid = f["valid"][()] == 1
                self.columns = {k: self._texts(v) for k, v in f["trials"].items()}
        except OSError as error:
            raise StudyError("%s: %s" % (self.path, error))

    @staticmethod
    def _texts(dataset):
        value = dataset[()]
        return [t.decode() for t in value] if value.dtype == object else value

    def column(self, name):
        return self.columns[name]

    def arms(self):
        out = OrderedDict()
        for i, arm in enumerate(self.columns["arm"]):
            if self.valid[i] and self.columns["state"][i] == "done" and not self.columns["is_teacher"][i]:
                out.setdefault(arm, []).append(i)
        return out

    def curve_names(self):
        with h5py.File(self.path, "r") as f:
            return [k for k in f.get("epoch", {}) if k != "epoch"]

    def curves(self, name):
        blocks = []
        for first in range(0, len(self.valid), BLOCK):
            with h5py.File(self.path, "r") as f:
                blocks.append(f["epoch/" + name][first:first + BLOCK])
        values = np.concatenate(blocks)
        if name == "top1_test":  # a column that every trial has
            lost = self.valid & (np.nan_to_num(self.columns["epochs"]) > 0) & np.isnan(values).all(axis=1)
            self._check(np.flatnonzero(lost))
        return values

    def _check(self, lost):
        if len(lost):
            raise StudyError("%s: the results of %s (and %d others) cannot be read: a file is missing, or descriptors ran out"
                             % (self.path, self.columns["id"][lost[0]], len(lost) - 1))

    def logits(self, name, trial):
        with h5py.File(self.path, "r") as f:
            if name == "test_teacher":
                return self._teacher(f, trial)
            if "logits" not in f or name not in f["logits"]:
                return None
            values = f["logits/" + name][trial]
        if np.isnan(values).all():
            self._check([trial])
        return values

    def _teacher(self, f, trial):
        """None where the trial had no teacher, or where its test logits were not kept."""
        if "teacher_row" in self.columns:
            row = self.columns["teacher_row"][trial]
            return f["logits/test_teacher"][row] if row >= 0 else None
        own = f["trial/" + self.columns["id"][trial]]
        return own["logits/test_teacher"][()] if "logits/test_teacher" in own else None

    def labels(self, trial):
        with h5py.File(self.path, "r") as f:
            labels = f["labels/test"]
            return labels[()] if labels.ndim == 1 else labels[trial]
