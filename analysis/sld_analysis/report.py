"""report.py: the report of a study: one HTML page, the same as Markdown, every table as CSV and LaTeX, figures as SVG, PDF and
PNG on request."""
import datetime
import os
import shlex

from . import claims, figures, figures_classes, figures_logits, metrics, outputs, page, tables
from . import tables_conditions, tables_cost, tables_pairs, tables_predictions, tables_probe, tables_seeds, teachers
from .errors import StudyError
from .table import Table, frame_csv, markdown_text, plain

TABLES = {"claims": tables.claims, "accuracy": tables.accuracy, "effects": tables.effects, "T1": tables.same_architecture,
          "T2": tables.other_architecture, "T3": tables.imagenet, "T4": tables.components, "T5": tables.combined,
          "T6": tables_cost.cost, "T7": tables_probe.linear_probe, "T8": tables_conditions.graded_teachers, "T9": tables_conditions.labels,
          "T10": tables_seeds.resolved, "quality": tables_predictions.quality, "copies": tables_predictions.copies, "swaps": tables_predictions.swaps,
          "spread": tables_seeds.spread_of_arms, "pairs": tables_pairs.several_pairs, "matrix": tables_pairs.matrix}
FIGURES = {"F1": figures.learning_curves, "F2": figures_logits.correlation, "F3": figures_logits.features, "F4": figures.sensitivity,
           "F5": figures_logits.example_logits, "F6": figures.cost, "F7": figures_logits.reliability, "F8": figures_logits.fidelity,
           "F9": figures_classes.per_class, "F10": figures.seeds, "F11": figures.profile,
           "F12": figures_logits.cartography}
TITLES = {"T1": "pairs of one architecture", "T2": "pairs of different architectures", "T3": "ImageNet", "T4": "component ablation",
          "T5": "combined with other methods", "T6": "cost", "T7": "linear probe on another data set", "T8": "teachers of graded quality",
          "T9": "few or wrong labels", "T10": "what the seeds resolve", "F1": "learning curves", "F2": "class correlation to the teacher",
          "F3": "features of the last layer", "F4": "sensitivity", "F5": "logits before and after the swap", "F6": "accuracy against cost",
          "F7": "reliability", "F8": "fidelity", "F9": "gain by class, copied errors", "F10": "paired seeds", "F11": "performance profile",
          "F12": "training samples by the label's probability",
          "claims": "claims", "accuracy": "accuracy", "effects": "effects of the swaps", "quality": "quality of predictions",
          "copies": "copied errors", "swaps": "rows that a swap touches", "spread": "where the spread comes from",
          "pairs": "several pairs together", "matrix": "comparison matrix"}
REPORT = "report.html"
FORMATS = ("svg", "pdf", "png")  # of figures, in files of their own
SECTIONS = (("Result", ("claims", "accuracy", "F10", "F1")), ("Tables", ("T1", "T2", "T3", "T4", "effects", "T5", "T7", "T8", "T9", "pairs", "matrix", "F11")),
            ("Seeds and spread", ("T10", "spread")), ("Sensitivity and cost", ("F4", "T6", "F6")),
            ("Predictions", ("quality", "F7", "F9", "copies", "F8", "F2", "F5", "F3", "F12", "swaps")))


def what_was_run(work):
    """[(name, value)]: data, networks, teacher, epochs, seeds, machine, version, date, cost."""
    study, o = work.study, work.layout.options
    each = lambda key: ", ".join(dict.fromkeys(str(v.get(key)) for v in o.values() if v.get(key) not in (None, ""))) or "–"  # noqa: E731
    seen, data = _facts(work), _data(work)
    if any(v.get("data.format") == "synthetic" for v in o.values()):
        data += "; %s training samples" % each("synthetic.train")
    minutes = study.trials["minutes"] if "minutes" in study.trials else []
    spent = sum(m for m in minutes if m == m)
    facts = [("data", data), ("students", each("student.network")), ("teachers", "; ".join(_teachers(work)) or "none"),
             ("arms", "%s; baseline %s" % (_arms(work), _baseline(study))), ("epochs, batch", "%s; %s" % (each("train.epochs"), each("train.batch"))),
             ("seeds", ", ".join(str(s) for s in sorted({int(study.trials["seed"][i]) for i in study.students}))),
             ("trials", _states(study)),
             ("training time", metrics.duration(spent) + " in all")]
    if study.same:
        told = list(dict.fromkeys("%s is %s" % (label, arm) for label, _, arm in study.same))
        facts.append(("labels of other arms' trials", "; ".join(told[:10]) + (" and %d more" % (len(told) - 10) if len(told) > 10 else "")))
    names = {"machine": "machine", "version": "version", "fingerprint": "fingerprint", "ranks": "ranks", "started": "first trial started",
             "finished": "last trial finished" + (", so far" if work.to_come else ""), "data_sha256": "SHA-256 of the data"}
    facts += [(name, seen[key]) for key, name in names.items() if key in seen]
    absent = [name for key, name in names.items() if key not in seen]
    facts += [("not in this file", ", ".join(absent))] if absent else []
    return facts + [("study", plain(study.where)), ("report made", _today())]


def _states(study):
    """How many trials of students are in each state, then of teachers."""
    t = study.trials
    texts = [", ".join("%d %s" % (n, s) for s, n in t["state"][of].value_counts().items()) for of in (~t["is_teacher"], t["is_teacher"])]
    return texts[0] + ("; of teachers %s" % texts[1] if texts[1] else "")


def _data(work):
    """Each test set: its name, samples and classes."""
    names, sizes = {}, {}
    for arm, trials in work.arms.items():
        tested, d = work.layout.tested[arm], work.digests.student(trials[0])
        names[tested] = work.layout.test_set(arm)
        if d:
            sizes[tested] = "%d test samples, %d classes" % (len(d.correct), d.n_classes)
    between = ": " if len(names) > 1 else "; "
    return "; ".join(name + (between + sizes[tested] if tested in sizes else "") for tested, name in names.items())


def _teachers(work):
    """Each teacher of the students, of each part of a study too: the name of its trial or file, its network, its accuracy."""
    study, out = work.study, {}
    for arm, trials in work.arms.items():
        network = work.layout.networks[arm][0]
        for trial in trials if network else ():
            row = teachers.row_of(work, trial)
            name = study.trials["arm"][row] if row >= 0 else network
            key = network, teachers.key_of(work, trial)
            if key not in out:
                top1 = teachers.top1(work, trial)
                out[key] = (name if name == network else "%s (%s)" % (name, network)) + (", test top-1 %.2f %%" % top1 if top1 == top1 else "")
    return list(out.values())


def _baseline(study):
    return (study.baseline or "none") + ("" if study.names_baseline or not study.baseline else ", the first arm, as none is named")


def _arms(work):
    n = len(claims.planned(work.study))
    return str(n) if n == len(work.arms) else "%d of %d with done trials" % (len(work.arms), n)


def _values(facts, key):
    """What results say of it. Those of a trial that went on under another fingerprint list all of them, each behind its step."""
    lines = facts.get("fingerprints", "").splitlines() if key == "fingerprint" else []
    return [line.split(": ", 1)[-1] for line in lines] or ([str(facts[key])] if key in facts else [])


def _facts(work):
    """Attributes that all results share, those of teachers too, or their span."""
    found = [work.study.facts(i) for i, there in enumerate(work.study.source.valid) if there]
    out = {}
    for key in ("data", "machine", "version", "fingerprint", "ranks", "data_sha256"):
        values = list(dict.fromkeys(value for f in found for value in _values(f, key)))
        if values:
            out[key] = "; ".join(values[:3]) + (" and %d more" % (len(values) - 3) if len(values) > 3 else "")
    for key, choose in (("started", min), ("finished", max)):
        values = [str(f[key]) for f in found if key in f]
        if values:
            out[key] = choose(values)
    return out


def _today():
    when = int(os.environ.get("SOURCE_DATE_EPOCH", "0"))
    now = datetime.datetime.fromtimestamp(when, datetime.timezone.utc) if when else datetime.datetime.now(datetime.timezone.utc)
    return now.strftime("%Y-%m-%d %H:%M UTC")


def warnings(work):
    out = [text for text in (work.study.without(), work.study.halved) if text] + list(work.layout.warnings())
    if work.to_come:
        out.insert(0, "This study is not complete: %d of %d trials of students %s still to come. All numbers here are of those that are done, and change until "
                      "the last has ended." % (work.to_come, work.planned, "is" if work.to_come == 1 else "are"))
    if work.study.spec_fault:
        out.insert(0, "The spec cannot be read, so that its claims and its `report:` are not known: %s." % work.study.spec_fault)
    unread = [work.study.trials["id"][i] for i in work.study.students if work.study.options.loc[i].isna().all()]
    if unread:
        out.insert(0, "The experiments of %d trial%s cannot be read (/trials/config), the first is %s: in which options arms differ is not known." % (
            len(unread), "s" * (len(unread) > 1), unread[0]))
    named = {c.name for c in claims.named(work.study)[0]}
    out += ["The claim %s was %s: a claim that is not shown makes the others look surer." % (name, what)
            for name, what in claims.late(work.study).items() if name not in named]
    if claims.late_baseline(work.study):
        out.append("The baseline was %s: the gaps to it are no prediction of what these trials found." % claims.late_baseline(work.study))
    if not work.study.names_baseline and len(claims.planned(work.study)) > 1:
        others = ", and in other pairs to the arm like it" if len(set(work.base_of.values())) > 1 else ""
        out.append("No baseline is named: gaps are to the first arm, %s%s. `baseline: ARM` in the spec names one." % (work.study.baseline, others))
    lost = work.study.trials[(work.study.trials["state"].isin(["failed", "diverged"])) & ~work.study.trials["is_teacher"]]
    if len(lost):
        out.append("%d trial%s failed or diverged and %s not in the means (T10)." % (
            len(lost), *(("", "is") if len(lost) == 1 else ("s", "are"))))
    skipped = int(((work.study.trials["state"] == "skipped") & ~work.study.trials["is_teacher"]).sum())
    if skipped:
        out.append("%d trial%s skipped and %s not in the means (T10)." % (skipped, *((" was", "is") if skipped == 1 else ("s were", "are"))))
    for words, left in (("left out of what is made from logits", work.digests.left), ("not compared with its teacher", work.digests.left_teacher)):
        out += ["Trial %s is %s: %s." % (work.study.trials["id"][trial], words, reason) for trial, reason in sorted(left.items())[:5]]
    out += ["%s and its baseline %s have different test sets: their gap is of other images too." % (arm, work.base_of[arm]) for arm in work.elsewhere]
    kinds = {}
    for arm in work.arms:
        for i in work.arms[arm]:
            kinds.setdefault(str(work.study.facts(i).get("fingerprint") or "").split(";")[0], {}).setdefault(arm, []).append(i)
    kinds.pop("", None)
    if len(kinds) > 1:
        out.append("Trials were computed by %d sets of libraries and instructions, which round differently: %s." % (len(kinds), "; ".join(
            "%s (%s)" % (kind, ", ".join("%s %d" % (arm, len(of)) for arm, of in by_arm.items())) for kind, by_arm in kinds.items())))
    for arm in work.arms:
        data = {repr(work.study.facts(i).get("data_sha256")) for i in work.arms[arm]}
        seeds = work.study.trials["seed"][work.arms[arm]]
        if seeds.duplicated().any():
            out.append("%s has seed %d more than once: its trials differ in more than the seed, and gaps by seed take the last of them."
                       % (arm, seeds[seeds.duplicated()].iloc[0]))
        if len(data) > 1:
            out.append("%s holds trials of %d different data sets: its mean says nothing." % (arm, len(data)))
    return out


def again(work):
    """[(arm, command)] that trains the arm's first seed again."""
    out = []
    for arm, trials in work.arms.items():
        path, trial = (shlex.quote(plain(word)) for word in work.study.address(trials[0]))
        out.append((arm, "sld-analysis config %s %s > %s.yaml && sld run %s.yaml name=again" % (path, trial, trial, trial)))
    return out


class Report:
    """tables, figures: {key: Table or Figure}; left: [(what, reason)] of those that the data do not allow."""

    def __init__(self, study, features=()):
        self.work = tables.Work(study, features)
        if not self.work.arms:
            states = ", ".join("%d %s" % (n, s) for s, n in study.trials["state"].value_counts().items()) or "no trial"
            raise StudyError("%s: expected at least one done trial, got %s" % (study.where, states))
        self.tables, self.figures, self.left = {}, {}, []
        for made, makers in ((self.tables, TABLES), (self.figures, FIGURES)):
            for key, make in makers.items():
                found = make(self.work)
                if isinstance(found, str):
                    self.left.append(("%s, %s" % (key, TITLES[key]) if key != TITLES[key] else key, found))
                else:
                    made[key] = found
        self.facts, self.warnings = what_was_run(self.work), warnings(self.work)
        self.parts = dict(self.tables, **self.figures)
        self.sections = [(h, [self.parts[k] for k in keys if k in self.parts]) for h, keys in SECTIONS]
        title = self.work.layout.report.get("title")
        self.title = plain(title if isinstance(title, str) else study.name)

    def html(self):
        return page.page(self.title, self.facts, self.warnings, self.sections, self.left, again(self.work))

    def markdown(self, image_ending=""):
        """image_ending: the ending of the figures' files beside it; "": their texts alone."""
        out = "# %s\n\n" % markdown_text(self.title) + "".join("- %s: %s\n" % (markdown_text(k), markdown_text(v)) for k, v in self.facts)
        out += "".join("\n> %s\n" % markdown_text(w) for w in self.warnings)
        for heading, parts in self.sections:
            if parts:
                out += "\n## %s\n\n" % heading
            for p in parts:
                out += p.markdown() if isinstance(p, Table) else p.markdown(image_ending)
        if self.left:
            out += "\n## What this report cannot show, and why\n\n" + "".join(
                "- %s: %s.\n" % (markdown_text(k), markdown_text(r)) for k, r in self.left)
        return out

    def write(self, folder, formats=()):
        """report.html, report.md, tables.tex, KEY.csv; trials.csv; and figures in the formats asked for."""
        os.makedirs(folder, exist_ok=True)
        texts = {REPORT: self.html(), "report.md": self.markdown(next((f for f in ("svg", "png") if f in formats), "")),
                 "tables.tex": "% \\usepackage{booktabs,amssymb,textcomp}\n" + "\n".join(t.latex() for t in self.tables.values()),
                 **{key + ".csv": t.csv() for key, t in self.tables.items()}, "trials.csv": frame_csv(self.work.study.trials)}
        for name, text in texts.items():
            outputs.publish_text(target(folder, name), text)
        for key, f in self.figures.items():
            for ending in formats:
                f.save(target(folder, "%s.%s" % (key, ending)))
        return os.path.join(folder, REPORT)

    def names(self, formats=()):
        """The files that write() makes."""
        return [REPORT, "report.md", "tables.tex", "trials.csv"] + [key + ".csv" for key in self.tables] + [
            "%s.%s" % (key, ending) for key in self.figures for ending in formats]


def holds(path, mark):
    """Whether a page with that mark lies there."""
    if not os.path.isfile(path):
        return False
    try:
        with open(path, encoding="utf-8", errors="replace") as f:
            return mark in f.read()
    except OSError:
        return False


def check_folder(folder, names, force):
    """A report goes into a folder of its own: never among the files of a sweep or a run, nor over files that no report wrote."""
    if os.path.lexists(folder) and not os.path.isdir(folder):
        raise StudyError("--out: %s: expected a folder for the report, got a file, a device or a link that leads nowhere; choose another" % folder)
    for name in ("points", "results.h5"):
        if os.path.exists(os.path.join(folder, name)):
            raise StudyError("--out: %s: expected a folder for the report, got that of a %s; choose another" % (
                folder, "sweep" if name == "points" else "run"))
    if outputs.in_folder_of_sweep(folder):
        raise StudyError("--out: %s: expected a place outside the folders in which a sweep keeps its own files (%s), with --force too; choose another" % (
            folder, ", ".join(outputs.FOLDERS_OF_SWEEP)))
    there = [name for name in names if os.path.lexists(os.path.join(folder, name))]
    if there and not force and not holds(os.path.join(folder, REPORT), page.MARK):
        raise StudyError("--out: %s already exists and was not written by this command; choose another folder, or add --force to write over it"
                         % os.path.join(folder, there[0]))


def earlier(folder, names):
    """Tables and figures of the report that lies there which the new one does not make: beside it they would pass for its own."""
    if not holds(os.path.join(folder, REPORT), page.MARK):
        return []
    own = ["%s.%s" % (key, ending) for _, keys in SECTIONS for key in keys for ending in ("csv",) + FORMATS]
    return [name for name in own if name not in names and os.path.isfile(os.path.join(folder, name))]


def target(folder, name):
    """The path of a file of the report."""
    path = os.path.join(folder, name)
    if os.path.isdir(path) or (os.path.exists(path) and not os.path.isfile(path)):
        raise StudyError("%s: expected a file to write over, got a folder or device" % path)
    return path


def make(study, folder, formats=(), force=False, features=()):
    made = Report(study, features)
    check_folder(folder, made.names(formats), force)
    stale = earlier(folder, made.names(formats))
    path = made.write(folder, formats)
    for name in stale:
        os.unlink(os.path.join(folder, name))
    return path
