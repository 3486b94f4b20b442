"""layout.py: what the arms of a study are: which pair of networks, which method, which differ in more than one thing."""
import functools
import os
import re

from . import options as options_of
from .table import plain


def family(network):
    """resnet20 and resnet56 are of one; ResNet50, of another layout, is not."""
    return re.match(r"[A-Za-z]*(V\d)?", str(network).replace("imagenet_", "")).group(0)


def own_names(parts):
    """Without those that only say more of another: "LSS schedule" beside "LSS"."""
    return [p for p in parts if not any(p.startswith(q + " ") for q in parts)]


class Layout:
    """pairs: {(teacher, student): {method: arm}}, in the order of the spec. An arm without a teacher stands under each pair of
    its student."""

    def __init__(self, study):
        self.study, self.report = study, study.spec.get("report") if isinstance(study.spec.get("report"), dict) else {}
        self.first = {arm: trials[0] for arm, trials in study.arms.items()}
        self.options = {arm: dict(study.options.loc[i].dropna()) for arm, i in self.first.items()}
        self.networks = {arm: (self._teacher(i), str(self.options[arm].get("student.network", ""))) for arm, i in self.first.items()}
        self.axes = [c for c in study.trials.columns if c.startswith("axis_")]
        self.pairs = self._pairs()

    def _teacher(self, trial):
        """The network of a trial's teacher, or its file's name; '' without one."""
        o = self.study.options.loc[trial]
        row = int(self.study.trials["teacher"][trial]) if "teacher" in self.study.trials else -1
        if row >= 0:
            return str(self.study.options["student.network"][row]) if "student.network" in self.study.options else ""
        if not options_of.has_teacher(o):
            return ""
        if isinstance(o.get("teacher.network"), str) and o["teacher.network"]:
            return o["teacher.network"]
        weights = str(o.get("teacher.weights") or o.get("teacher.logits_files") or "")
        teachers = self.study.spec.get("teachers")
        for body in (teachers.values() if isinstance(teachers, dict) else ()):
            if isinstance(body, dict) and body.get("weights") and os.path.basename(str(body["weights"])) == os.path.basename(weights):
                student = body.get("student")
                if isinstance(student, dict) and student.get("network"):
                    return str(student["network"])
        return os.path.splitext(os.path.basename(weights))[0]

    def label(self, arm, axis):
        return str(self.study.trials[axis][self.first[arm]])

    def _pair_axes(self):
        """Axes that decide the pair: `report: {pair: AXIS}`, else those called pair or teacher, and those that decide the student's
        network or the data."""
        named = self.report.get("pair")
        if named:
            named = named if isinstance(named, list) else [named]
            named = ["axis_" + str(n).replace("/", "_") for n in named]
            return [axis for axis in named if axis in self.axes]
        if not self.axes:
            return []
        student = {arm: networks[1] for arm, networks in self.networks.items()}
        data = {arm: str(self.study.facts(trial).get("data_sha256") or "") for arm, trial in self.first.items()}
        return [axis for axis in self.axes if len({self.label(arm, axis) for arm in self.first}) > 1
                and (axis in ("axis_pair", "axis_teacher") or self._decides(axis, student, data) or self._decides(axis, data, student))]

    def _decides(self, axis, what, other):
        """Whether the label alone says what it is, there are two of it, and no two labels share networks and data where all else is
        alike: an axis of methods, one of which has a network of its own, decides nothing."""
        by_label, alike = {}, {}
        for arm in self.first:
            by_label.setdefault(self.label(arm, axis), set()).add(what[arm])
            rest = tuple(self.label(arm, a) for a in self.axes if a != axis)
            alike.setdefault((rest, self.networks[arm], what[arm], other[arm]), set()).add(self.label(arm, axis))
        return (all(len(v) == 1 for v in by_label.values()) and len(set().union(*by_label.values())) > 1
                and all(len(v) == 1 for v in alike.values()))

    def _pairs(self):
        pair_axes = self._pair_axes()
        rest = [a for a in self.axes if a not in pair_axes]
        taught = list(dict.fromkeys(n for n in self.networks.values() if n[0]))
        out = {pair: {} for pair in taught or dict.fromkeys(self.networks.values())}
        for arm, networks in self.networks.items():
            method = " ".join(self.label(arm, a) for a in rest) if pair_axes and rest else arm
            for pair in out:
                if pair == networks or (not networks[0] and pair[1] == networks[1]):
                    out[pair].setdefault(method, arm)
        return out

    @property
    def methods(self):
        return list(dict.fromkeys(m for row in self.pairs.values() for m in row))

    @functools.cached_property
    def base_of(self):
        """{arm: the baseline that it is held against}: the spec's, or, where axes choose the networks or the data, the arm of its
        own pair that is like the spec's in all else, as `sld report` does. An arm whose pair has none is left out."""
        base, pair_axes = self.study.baseline, self._pair_axes()
        rest = [a for a in self.axes if a not in pair_axes]
        if base not in self.first:
            return {}
        if not pair_axes or not rest:
            return dict.fromkeys(self.first, base)
        pair = {arm: tuple(self.label(arm, a) for a in pair_axes) for arm in self.first}
        like = {arm: tuple(self.label(arm, a) for a in rest) for arm in self.first}
        bases = {pair[arm]: arm for arm in self.first if like[arm] == like[base]}
        return {arm: bases[pair[arm]] for arm in self.first if pair[arm] in bases}

    @property
    def baseline_method(self):
        return next((m for row in self.pairs.values() for m, arm in row.items() if arm == self.study.baseline), None)

    def differences(self):
        """{arm: [option, ...]} in which each arm computes another thing than the baseline."""
        return {arm: options_of.difference(self.options[arm], self.options[base]) for arm, base in self.base_of.items() if arm != base}

    def warnings(self):
        """A sentence for each arm that differs from the baseline in more than one thing. Both swaps together are the method: SLD
        less KD-PA is the contrast that docs/protocol.md recommends."""
        out = []
        for arm, keys in self.differences().items():
            if len(keys) > 1 and not set(keys) <= {"correction", "lss"}:
                shown = ", ".join(keys[:6]) + (" and %d more" % (len(keys) - 6) if len(keys) > 6 else "")
                out.append("%s differs from %s in %d things (%s): their gap does not tell which of them matters."
                           % (plain(arm), plain(self.study.baseline), len(keys), shown))
        return out

    def checks(self):
        """{component: {arm, ...}} of the ablation table: `report: {checks: {NAME: [arm, ...]}}`, else what the options say, those
        components alone that some arms have and others have not."""
        named = self.report.get("checks")
        if isinstance(named, dict):
            return {str(k): {str(a) for a in (v if isinstance(v, list) else [v])} for k, v in named.items()}
        out = {}
        for arm, o in self.options.items():
            for part, there in options_of.parts(o).items():
                out.setdefault(part, set())
                if there:
                    out[part].add(arm)
        together = {}  # parts that no arm has apart are one column
        for part, arms in out.items():
            if 0 < len(arms) < len(self.options):
                together.setdefault(frozenset(arms), []).append(part)
        return {" + ".join(own_names(parts)): set(arms) for arms, parts in together.items()}

    def squares(self):
        """2 x 2 designs: [(first, second, (neither, first alone, second alone, both))], arms that agree in all but the teacher
        swap and the student swap."""
        groups = {}
        for arm, o in self.options.items():
            parts = options_of.parts(o)
            if not parts["teacher"]:
                continue
            rest = {k: v for k, v in o.items() if not options_of.technical(k)
                    and k not in ("seed", "correction", "teacher_swap", "student_swap", "method")}
            key = tuple(sorted((k, repr(v)) for k, v in rest.items()))
            if o.get("correction") in ("swap", "none", None):
                groups.setdefault(key, {}).setdefault((parts["LTS"], parts["LSS"]), arm)
        cells = ((False, False), (True, False), (False, True), (True, True))
        return [("teacher swap (LTS)", "student swap (LSS)", tuple(g[c] for c in cells))
                for g in groups.values() if all(c in g for c in cells)]
