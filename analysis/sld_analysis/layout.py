"""layout.py: what the arms of a study are: which pair of networks, which method, which differ in more than one thing."""
import functools
import os
import re

from . import options as options_of
from .arms import called
from .spec import texts
from .table import plain


def family(network):
    """resnet20 and resnet56 are of one; ResNet50, of another layout, is not."""
    return re.match(r"[A-Za-z]*(V\d)?", str(network).replace("imagenet_", "")).group(0)


def own_names(parts):
    """Without those that only say more of another: "LSS schedule" beside "LSS"."""
    return [p for p in parts if not any(p.startswith(q + " ") for q in parts)]


def shown_label(name, axis, label):
    """A label on an axis as an arm or label of that name shows it."""
    key = axis[len("axis_"):]
    texts_of = ["%s=%s" % (head, label) for head in (key, key.rsplit(".", 1)[-1])]
    return next((text for text in texts_of if re.search(r"(?<!\S)%s(?!\S)" % re.escape(text), name)), label)


def networks_text(networks):
    return ", ".join("%s → %s" % n if n[0] else n[1] for n in networks)


class Layout:
    """pairs: {name: {method: arm}}, in the order of the spec: by the labels of the axes that decide the pair, else by networks. An arm
    without a teacher stands under each pair of its student and data that has no arm of its method."""

    def __init__(self, study):
        self.study, self.report = study, study.spec.get("report") if isinstance(study.spec.get("report"), dict) else {}
        self.first = {arm: trials[0] for arm, trials in study.arms.items()}
        self.options = {arm: dict(study.options.loc[i].dropna()) for arm, i in self.first.items()}
        self.networks = {arm: (self._teacher(i), str(self.options[arm].get("student.network", ""))) for arm, i in self.first.items()}
        self.axes = [c for c in study.trials.columns if c.startswith("axis_")]
        facts = {arm: study.facts(trial) for arm, trial in self.first.items()}
        self.data = {arm: str(f.get("data_sha256") or "") for arm, f in facts.items()}
        self.tested = {arm: (self.data[arm], self.options[arm].get("data.test_fraction", 1.0)) for arm in facts}  # what tells test sets apart
        self.data_name = {arm: str(f.get("data") or self.options[arm].get("data.format") or "–") for arm, f in facts.items()}
        self.teacher = {arm: str(f.get("teacher_sha256") or f.get("teacher_logits_sha256") or "") for arm, f in facts.items()}
        self.pairs = self._pairs()

    def test_set(self, arm):
        """The name of an arm's test set, with the beginning of its SHA-256 where another has that name too."""
        sha, share = self.tested[arm]
        alike = {self.data[a] for a in self.first if self.data_name[a] == self.data_name[arm]}
        return self.data_name[arm] + (" %s" % sha[:8] if len(alike) > 1 else "") + ("" if share == 1 else ", %s of test" % share)

    def _teacher(self, trial):
        """The network of a trial's teacher; where nothing says it, as results of sld 0.1, the name of its file; '' without one."""
        o = self.study.options.loc[trial]
        row = int(self.study.trials["teacher"][trial]) if "teacher" in self.study.trials else -1
        if row >= 0:
            return str(self.study.options["student.network"][row]) if "student.network" in self.study.options else ""
        if not options_of.has_teacher(o):
            return ""
        if isinstance(o.get("teacher.network"), str) and o["teacher.network"]:
            return o["teacher.network"]
        if self.study.facts(trial).get("teacher_network"):
            return str(self.study.facts(trial)["teacher_network"])
        weights = str(o.get("teacher.weights") or o.get("teacher.logits_files") or "")
        teachers = self.study.spec.get("teachers")
        for body in (teachers.values() if isinstance(teachers, dict) else ()):
            if isinstance(body, dict) and body.get("weights") and os.path.basename(str(body["weights"])) == os.path.basename(weights):
                student = body.get("student")
                if isinstance(student, dict) and student.get("network"):
                    return str(student["network"])
        return os.path.splitext(os.path.basename(weights))[0]

    @functools.cached_property
    def planned(self):
        """{arm: its first trial}, done or not."""
        t, out = self.study.trials, {}
        for i in range(self.study.n):
            if not t["is_teacher"][i]:
                out.setdefault(t["arm"][i], i)
        return out

    def label(self, arm, axis):
        return str(self.study.trials[axis][self.planned[arm]])

    def shown(self, arm, axis):
        """The label as the arm's name has it: of a value that has no label with the key of its option, per_class=2."""
        return shown_label(arm, axis, self.label(arm, axis))

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
        return [axis for axis in self.axes if len({self.label(arm, axis) for arm in self.planned}) > 1
                and (axis in ("axis_pair", "axis_teacher") or self._decides(axis, student, self.data) or self._decides(axis, self.data, student))]

    def _decides(self, axis, what, other):
        """Whether the label alone says what it is, there are two of it, and no two labels share networks, teacher and data where all
        else is alike: an axis of methods, one of which has a network of its own, decides nothing."""
        by_label, alike = {}, {}
        for arm in self.first:
            by_label.setdefault(self.label(arm, axis), set()).add(what[arm])
            rest = tuple(self.label(arm, a) for a in self.axes if a != axis)
            alike.setdefault((rest, self.networks[arm], self.teacher[arm], what[arm], other[arm]), set()).add(self.label(arm, axis))
        return (all(len(v) == 1 for v in by_label.values()) and len(set().union(*by_label.values())) > 1
                and all(len(v) == 1 for v in alike.values()))

    @functools.cached_property
    def split_axes(self):
        """(axes that decide the pair, the others). Where all axes decide it there are no pairs: one baseline serves for all."""
        pair = self._pair_axes()
        rest = [a for a in self.axes if a not in pair]
        return (pair, rest) if rest else ([], self.axes)

    def pair_of(self, arm):
        """The pair of an arm."""
        pair, _ = self.split_axes
        return " ".join(self.shown(arm, a) for a in pair) if pair else networks_text([self.networks[arm]])

    def method(self, arm):
        """What an arm is within its pair."""
        pair, rest = self.split_axes
        return " ".join(self.shown(arm, a) for a in rest) if pair else arm

    def _pairs(self):
        own, names = {}, {}
        for arm in self.first:  # two arms of one name, as those beside the axes, keep their own
            row = own.setdefault(self.pair_of(arm), {})
            names[arm] = self.method(arm) if self.method(arm) not in row else arm
            row[names[arm]] = arm
        subjects = {pair: {self._subject(a) for a in row.values()} for pair, row in own.items()}
        out = {pair: {} for pair in own}
        for arm in self.first:
            for pair in out:
                alone = not self.networks[arm][0] and names[arm] not in own[pair] and self._subject(arm) in subjects[pair]
                if own[pair].get(names[arm]) == arm or alone:
                    out[pair][names[arm]] = arm
        taught = {pair for pair, row in out.items() if any(self.networks[a][0] for a in row.values())}
        elsewhere = {a for pair in taught for a in out[pair].values()}
        return {pair: row for pair, row in out.items() if pair in taught or not elsewhere.issuperset(row.values())}

    def _subject(self, arm):
        return self.networks[arm][1], self.data.get(arm, "")

    def networks_of(self, pair):
        """[(teacher, student), ...] of its arms with a teacher, else of all."""
        found = [self.networks[arm] for arm in self.pairs[pair].values()]
        return list(dict.fromkeys([n for n in found if n[0]] or found))

    def head(self, pair):
        """A pair as the head of a column: its labels and its networks."""
        networks = networks_text(self.networks_of(pair))
        return "%s (%s)" % (pair, networks) if networks and pair and pair != networks else pair or networks or "top-1"

    @property
    def methods(self):
        return list(dict.fromkeys(m for row in self.pairs.values() for m in row))

    @functools.cached_property
    def base_of(self):
        """{arm: the baseline that it is held against}: the spec's, or, where axes choose the networks or the data, the arm of its
        own pair that is like the spec's in all else, as `sld report` does. An arm whose pair has none that is done is left out."""
        base = self.study.baseline
        if not self.split_axes[0]:
            return dict.fromkeys(self.first, base) if base in self.first else {}
        found = {self.pair_of(arm): self._base_in(arm) for arm in self.first}
        return {arm: found[self.pair_of(arm)] for arm in self.first if found[self.pair_of(arm)] in self.first}

    def _base_in(self, like):
        """The baseline in the pair of that arm, done or not; None where the sweep has none. Its label may be another arm's trial."""
        base = self.study.baseline
        if base not in self.planned:
            return None
        pair, _ = self.split_axes
        wanted = [self.label(like if a in pair else base, a) for a in self.axes]
        return next((cell.arm for cell in self.study.cells if [cell.labels[a] for a in self.axes] == wanted), None)

    @property
    def baseline_method(self):
        """Its name in the rows of pairs; None where it stands in no pair."""
        base = self.study.baseline
        found = self.method(base) if base in self.planned and self.split_axes[0] else base
        return found if found in self.methods else None

    def _no_baseline(self):
        """A sentence for each pair whose arms have no gap."""
        if not self.base_of:
            return ["The baseline %s has no done trial: there are no gaps." % (self.study.baseline or "(none named)")]
        out = {}
        for arm in self.first:
            if arm not in self.base_of:
                base = self._base_in(arm)
                out[self.pair_of(arm)] = "The arms of %s have no gap: %s." % (
                    self.pair_of(arm), "their baseline %s has no done trial" % base if base else
                    "the sweep has no arm there that is like the baseline %s in all but the pair" % self.study.baseline)
        return list(out.values())

    def differences(self):
        """{arm: [option, ...]} in which each arm computes another thing than the baseline."""
        return {arm: options_of.difference(self.options[arm], self.options[base]) for arm, base in self.base_of.items() if arm != base}

    def warnings(self):
        """A sentence for each pair without a baseline, and for each arm that differs from its baseline in more than one thing. Both
        swaps together are the method: SLD less KD-PA is the contrast that docs/protocol.md recommends."""
        out = self._no_baseline()
        for arm, keys in self.differences().items():
            if len(keys) > 1 and not set(keys) <= {"correction", "lss"}:
                shown = ", ".join(keys[:6]) + (" and %d more" % (len(keys) - 6) if len(keys) > 6 else "")
                out.append("%s differs from %s in %d things (%s): their gap does not tell which of them matters."
                           % (plain(arm), plain(self.base_of[arm]), len(keys), shown))
        return out

    def all_but(self, arm, *keys):
        """What an arm computes, but for these options: to be compared with that of another."""
        rest = sorted((k, repr(v)) for k, v in self.options[arm].items()
                      if not options_of.technical(k) and k not in keys and k not in ("seed", "method"))
        return (self.pair_of(arm), self.data.get(arm)) + tuple(rest)

    def names_of(self, groups):
        """A name for each group of arms: the labels that its arms share where others differ, else its first arm."""
        axes = [a for a in self.axes if len({self.label(arm, a) for arm in self.first}) > 1]
        shared = [" ".join(self.shown(arms[0], a) for a in axes if len({self.label(arm, a) for arm in arms}) == 1) for arms in groups]
        return [name if name and shared.count(name) == 1 else arms[0] for name, arms in zip(shared, groups)]

    def checks(self):
        """{component: {arm, ...}} of the ablation table: `report: {checks: {NAME: [arm, ...]}}`, else what the options say, those
        components alone that some arms have and others have not."""
        named = self.report.get("checks")
        if isinstance(named, dict):
            return {part: {called(self.study, arm) for arm in texts(arms)} for part, arms in named.items()}
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
            if parts["teacher"] and o.get("correction") in ("swap", "none", None):
                key = self.all_but(arm, "correction", "teacher_swap", "student_swap")
                groups.setdefault(key, {}).setdefault((parts["LTS"], parts["LSS"]), arm)
        cells = ((False, False), (True, False), (False, True), (True, True))
        return [("teacher swap (LTS)", "student swap (LSS)", tuple(g[c] for c in cells))
                for g in groups.values() if all(c in g for c in cells)]
