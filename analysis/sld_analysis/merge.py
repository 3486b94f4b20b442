"""merge.py: one packed study of several, which hold parts of it: other seeds, other arms, or other trials of the same sweep.

    sld report runs/study --pack part1.h5            # on each machine
    sld-analysis merge part1.h5 part2.h5 -o study.h5
    sld report study.h5

A trial is known by its ID. Its results come from the first file that has them.
"""
import os
import warnings
from collections import namedtuple

from . import merge_check, options, outputs, spec
from .errors import StudyError
from .hdf5 import attributes, column, open_file
from .study_file import StudyFile
from .merge_file import union, write
from .needs import need

np = need("numpy")

Label = namedtuple("Label", "id is_teacher seed arm axes")  # of a trial; axes: its labels on them
Merged = namedtuple("Merged", "rows labels same")  # rows: (part, row) of each trial, labels: of each, same: further labels

PACK = "`sld report DIR --pack FILE` makes a packed study of a sweep's folder"
# What differs from machine to machine, and what depends on the other trials of a study.
OWN_NUMBERS = {"minutes", "samples_per_second", "memory_mb", "copy_rate", "copy_rate_unseen", "attempts", "teacher", "teacher_row", "ranks"}


class Part(StudyFile):
    """A packed study, with its axes, labels and spec."""

    def __init__(self, path):
        if os.path.isdir(path):
            raise StudyError("%s: expected a packed study, got a folder; `sld report %s --pack FILE` makes one of a sweep's" % (path, path))
        with open_file(path) as f:
            kind = attributes(f).get("format", "none")
            if kind != "sld-study":
                raise StudyError("%s: format: expected sld-study, got %s; %s" % (path, kind, PACK))
            if "config" not in f.get("trials", ()) or "trial_index" not in f:
                raise StudyError("%s: expected a packed study, got an index of trials' results elsewhere; %s" % (path, PACK))
            self.axes = [name for name in f["trials"] if name.startswith("axis_")]
            self.also = self._labels({name: column(thing) for name, thing in f["same"].items()}) if "same" in f else []
            self.test = f["labels/test"][()] if "labels/test" in f and f["labels/test"].ndim == 1 else None
        super().__init__(path)
        self.compact = self.compact or "left_out" in self.head
        self.own = self._labels(self.columns)
        self.row_of = {label.id: i for i, label in enumerate(self.own)}
        self.spec, self.fault = spec.read(self.spec_text)

    def _labels(self, columns):
        axes = zip(*(columns[name] for name in self.axes)) if self.axes else [()] * len(columns["id"])
        return [Label(i, bool(t), int(s), arm, a) for i, t, s, arm, a in
                zip(columns["id"], columns["is_teacher"], columns["seed"], columns["arm"], axes)]

    def text(self, name, row):
        """What the pack kept of that trial's results; empty: nothing."""
        return self.kept[name][row] if name in self.kept else ""

    def index(self, name, row):
        return int(self.columns[name][row]) if name in self.columns else -1

    def tested(self, row):
        """What tells its test set from others."""
        return self.text("data_sha256", row), options.flat(self.configs[row]).get("data.test_fraction", 1.0)

    def data_of(self):
        """{arm: SHA-256 of the data of its first trial that has results}."""
        out = {}
        for row in np.flatnonzero(self.valid):
            out.setdefault(self.own[row].arm, self.text("data_sha256", row))
        return out


# ---- which trials, in which order, from which file ----

def in_order(parts):
    """Items of dicts {item: (is_teacher, seed, arm)}, one for each file, as one sweep would have them: teachers, then by seed the arms in
    their order. Where a file has another order, as that of a spec whose seeds do not ascend: those of the first file, then the others'."""
    blocks = {}
    for k, places in enumerate(parts):
        for teacher, seed, arm in places.values():
            blocks.setdefault((k, teacher, seed), []).append((teacher, arm))
    rank = {arm: i for i, arm in enumerate(union(blocks.values()))}
    key = {item: (not teacher, not teacher and seed, rank[teacher, arm]) for places in parts for item, (teacher, seed, arm) in places.items()}
    for places in parts:
        items = list(places)
        if any(key[a] > key[b] for a, b in zip(items, items[1:])):
            return list(key)
    return sorted(key, key=key.get)


def differences(a, i, b, j):
    """Names of what two results of one trial do not share."""
    out = ["weights_sha256"] if a.text("weights_sha256", i) != b.text("weights_sha256", j) else []
    for name, values in a.columns.items():
        if isinstance(values, np.ndarray) and name in b.columns and name not in OWN_NUMBERS and values.dtype.kind == "f":
            x, y = values[i], b.columns[name][j]
            if x != y and not (np.isnan(x) and np.isnan(y)):
                out.append("%s (%.6g, %.6g)" % (name, x, y))
    return out


def choose(parts, label):
    """(part, row) whose results count: done before what runs, and that before what waits; then one that has the trial as what it is here,
    student or teacher, as its experiment may say more; then the first."""
    there = [(part, part.row_of[label.id]) for part in parts if label.id in part.row_of]
    part, row = min(there, key=lambda at: (not at[0].valid[at[1]], at[0].columns["state"][at[1]] == "waiting",
                                           at[0].own[at[1]].is_teacher != label.is_teacher))
    for other, j in there:
        found = differences(part, row, other, j) if other is not part and other.valid[j] else []
        if found:
            warnings.warn("trial %s (%s, seed %d) is done in %s and in %s, which differ in %s; that of %s counts. Processors and libraries of "
                          "different kinds give other bits" % (label.id, label.arm, label.seed, part.path, other.path, ", ".join(found), part.path),
                          stacklevel=2)
    return part, row


def merged(parts):
    """A trial that one file has as a student and another as a teacher is what it would be in one sweep: a student with a further label, in
    the teacher's place."""
    found = {}
    for label in (label for part in parts for label in part.own + part.also):
        found.setdefault(label.id, []).append(label)
    own = {i: next((x for x in labels if not x.is_teacher), labels[0]) for i, labels in found.items()}
    places = {i: next((x for x in labels if x.is_teacher), own[i])[1:4] for i, labels in found.items()}
    rows = in_order([{label.id: places[label.id] for label in part.own} for part in parts])
    more = in_order([{label: (own[label.id] if label.is_teacher else label)[1:4] for label in part.own + part.also if label != own[label.id]}
                     for part in parts])
    return Merged([choose(parts, own[i]) for i in rows], [own[i] for i in rows], more)


# ---- the verb ----

def is_study(path):
    try:
        with open_file(path) as f:
            return attributes(f).get("format") == "sld-study"
    except StudyError:
        return False


def run(args):
    if len(args.parts) < 2:
        raise StudyError("merge: expected two packed studies or more, got %d" % len(args.parts))
    parts = [Part(path) for path in args.parts]
    outputs.check(args.out, args.parts, is_study, args.force, "--out")
    merge_check.check(parts)
    study = merged(parts)
    write(args.out, parts, study)
    done = sum(bool(part.valid[row]) for part, row in study.rows)
    print("%s: %d trials of %d files, %d with results" % (args.out, len(study.rows), len(parts), done))
