"""run_files.py: the results of single runs, put together as a study."""
import os

from . import metrics
from .errors import StudyError
from .hdf5 import attributes, column, open_file
from .integrity import fault_of, text_of
from .needs import need
from .samples import WHICH, read_labels, read_logits, read_record

np = need("numpy")
h5py = need("h5py")


class RunFiles:
    """results.h5 of each: columns as in a study file, made from each run's own numbers."""

    def __init__(self, paths):
        self.paths, self.head, self.spec_text, self.late_text, self.baseline = paths, {}, "", "", ""
        self.name = os.path.basename(os.path.dirname(os.path.abspath(paths[0]))) if len(paths) == 1 else "%d runs" % len(paths)
        self.n, self.virtual, self.compact, self.n_classes = len(paths), True, False, 0
        self.valid = np.ones(self.n, bool)
        self._facts, self._epochs = [], []
        self.class_names, self.curve_units, self.same, self.same_axes, self.unfit, self.spec_fault = None, {}, [], {}, [], ""
        self.halved = ""  # runs keep logits
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
