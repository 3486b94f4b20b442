"""tables_more.py: cost, linear probe, teachers of graded quality, few and wrong labels, what the seeds resolve, quality of the predictions,
copied errors, swapped rows, where the spread comes from, and several pairs of networks together."""
import math

from . import digest, pairs as pairs_of, probe_linear, stats, variance
from .files import StudyError
from .table import Table, interval, number, p_text, spread
from .tables import exploratory, teacher_top1


def cost(work):
    rows, (unit, of_minute) = [], work.time_unit()
    for arm in work.arms:
        minutes, rate = work.summary(arm, "minutes"), work.summary(arm, "samples_per_second")
        rows.append([arm, "%s" % number(work.summary(arm, "epochs").mean, 0), spread(of_minute * minutes.mean, of_minute * minutes.sd, 1),
                     spread(rate.mean, rate.sd, 0)] + [number(_mean(work, arm, name) / size, digits) for name, size, digits, _ in COSTS])
    if not any(r[2] != "–" for r in rows):
        return "no trial says how long it took"
    heads, notes = ["arm", "epochs", unit, "samples/s"] + [c[3] for c in COSTS], [
        "Mean ± standard deviation over seeds, on the machines that the trials ran on. Parameters and multiply-adds are the student's, the "
        "latter for one image; memory is the largest of one rank, the teacher's share included."]
    used = [c for c in range(len(heads)) if c < 4 or any(r[c] != "–" for r in rows)]
    if len(used) == 4:
        notes = ["Mean ± standard deviation over seeds, on the machines that the trials ran on. This file has no parameters, multiply-adds and "
                 "memory; `sld models NETWORK` prints the first two."]
    return Table("T6", "Cost of training", [heads[c] for c in used], [[r[c] for c in used] for r in rows], notes)


COSTS = (("params", 1e6, 3, "parameters, million"), ("multiply_adds", 1e6, 1, "multiply-adds, million"), ("memory_mb", 1.0, 0, "memory, MB"))


def _mean(work, arm, name):
    return work.summary(arm, name).mean if name in work.study.trials else math.nan


def linear_probe(work):
    """Students and their teachers on other data sets, of the feature files that the report was given."""
    if not work.features:
        return ("a linear probe needs features of another data set, which no study holds: sld eval WEIGHTS.h5 --any-data data.path=... --features, "
                "then --features FILES of this report, or sld-analysis probe-linear")
    probes, study = probe_linear.probes(work.features), work.study
    rows = {}
    for arm, trials in work.arms.items():
        for trial in trials:
            facts = study.facts(trial)
            rows.setdefault(arm, set()).add(str(facts.get("weights_sha256", "")))
            if facts.get("teacher_sha256"):
                rows.setdefault("teacher of %s" % work.layout.pair_of(arm), set()).add(str(facts["teacher_sha256"]))
    lost = sorted({weights for weights, _ in probes} - set().union(*rows.values()))
    if lost:
        raise StudyError("--features: weights_sha256: expected those of done trials of this study (their last.h5) or of their teachers, got %s"
                         % lost[0])
    data = sorted({d for _, d in probes})
    found = {name: [stats.summary([probes[w, d].top1 for w in sorted(mine) if (w, d) in probes]) for d in data] for name, mine in rows.items()}
    found = {name: sums for name, sums in found.items() if any(s.n for s in sums)}
    table = [[name] + [c for s in sums for c in (str(s.n), spread(s.mean, s.sd))] for name, sums in found.items()]
    return Table("T7", "Linear probe on another data set", ["features of"] + [h for d in data for h in ("networks", "top-1 on data %s" % d[:12])], table,
                 ["Multinomial logistic regression on the last layer's standardised input; its strength is chosen on 20 % of train. Mean ± standard "
                  "deviation over networks; data sets by the beginning of their SHA-256."])


def graded_teachers(work):
    """Arms by the quality of their teacher, where one student has several teachers on one test set."""
    keys = {arm: work.digests.teacher_key(trials[0]) for arm, trials in work.arms.items()}
    subject = lambda arm: (work.layout.networks[arm][1], work.layout.tested[arm])  # noqa: E731
    students = {}
    for arm, key in keys.items():
        students.setdefault(subject(arm), set()).update({key} - {None})
    rows = []
    for arm, key in keys.items():
        if key is not None and len(students[subject(arm)]) > 1:
            s, top1 = work.summary(arm, "top1_last"), teacher_top1(work, work.arms[arm][0])
            rows.append((top1, [arm, number(top1), spread(s.mean, s.sd)]))
    if not rows:
        return "no student has teachers of different quality"
    rows.sort(key=lambda r: (r[0] != r[0], r[0]))
    return Table("T8", "Teachers of graded quality", ["arm", "teacher's top-1", "top-1"], [r for _, r in rows])


def labels(work):
    keys = [k for k in ("data.train_fraction", "data.per_class", "data.label_noise", "data.label_noise_kind") if k in work.study.varying()]
    if not keys:
        return "no option of few or wrong labels varies (data.train_fraction, data.per_class, data.label_noise)"
    rows = []
    for arm in work.arms:
        s = work.summary(arm, "top1_last")
        rows.append([arm] + [str(work.layout.options[arm].get(k, "–")) for k in keys] + [spread(s.mean, s.sd)])
    return Table("T9", "Few labels, wrong labels", ["arm"] + keys + ["top-1"], rows)


def resolved(work):
    """What so many seeds find, and what is not in the tables."""
    rows = []
    states = work.study.trials[~work.study.trials["is_teacher"]]
    for arm in dict.fromkeys(states["arm"]):
        mine = states[states["arm"] == arm]
        n, bad = int((mine["state"] == "done").sum()), mine[mine["state"].isin(["failed", "diverged"])]
        gap = work.gap(arm) if arm in work.rivals else stats.NO_GAP
        reasons = sorted({r for r in bad["reason"] if r}) if "reason" in bad else []
        rest = mine[~mine["state"].isin(["done", "failed", "diverged"])]["state"].value_counts()
        rows.append([arm, "%d of %d" % (n, len(mine)), number(gap.resolves), str(int((bad["state"] == "failed").sum())),
                     str(int((bad["state"] == "diverged").sum())), ", ".join("%d %s" % (c, s) for s, c in rest.items()),
                     "; ".join(reasons)])
    notes = ["Resolves: the smallest gap to %s, paired by seed, that a two-sided t test at 5 %% finds with power 0.8." % (work.base_name or "the baseline")]
    notes += deviations(work)
    heads = ["arm", "done", "resolves", "failed", "diverged", "other", "reasons"]
    used = [c for c in range(len(heads)) if c < 3 or any(r[c] not in ("", "0") for r in rows)]
    if len(used) == 3:
        notes.append("No trial failed or diverged.")
    return Table("T10", "What the seeds resolve; failed and diverged trials", [heads[c] for c in used], [[r[c] for c in used] for r in rows], notes)


def deviations(work):
    """Of the seeds, pooled over the arms of a pair, those too whose trials are another pair's: pairs of networks differ in it."""
    out, axes = [], work.layout.split_axes[0]
    groups = {work.layout.pair_of(arm) if axes else "": {} for arm in work.arms}
    for cell in work.study.cells:
        place = " ".join(cell.labels[axis] for axis in axes)
        if cell.arm in work.arms and place in groups:
            groups[place][cell.arm] = True
    for pair, arms in groups.items():
        sd = stats.pooled_sd([work.values(a, "top1_last") for a in arms])
        if sd > stats.NO_SPREAD:
            out.append("Deviation over seeds, pooled over the arms%s: %.2f points. With it, paired gaps of independent arms resolve: %s." % (
                " of %s" % pair if axes else "", sd,
                ", ".join("%.2f with %d seeds" % (stats.resolvable(sd * math.sqrt(2), n), n) for n in (3, 5, 6, 10, 20))))
    return out


def quality(work):
    """Calibration and copied errors of the last epoch: means over seeds."""
    rows, unseen, outside = [], unseen_copies(work), []
    for arm, trials in work.arms.items():
        found = [(t, work.digests.student(t)) for t in trials]
        found = [(t, d) for t, d in found if d is not None]
        if not found:
            continue
        mean = lambda values: stats.summary(values).mean  # noqa: E731
        copies = [digest.copy_rate(d, work.digests.teacher(t)) for t, d in found
                  if work.digests.teacher(t) is not None and len(work.digests.teacher(t).correct) == len(d.correct)]
        if work.layout.options[arm].get("teacher.logits_files") and not copies:
            outside.append(arm)
        scores = [mean(values) for values in zip(*(d.scores for _, d in found))]
        rows.append([arm] + [number(score, digits) for score, digits in zip(scores, (4, 2, 2, 4, 4, 4))]
                    + [number(mean(copies), 1),
                     number(unseen.get(work.digests.taught_on(trials[0]), math.nan), 1) if copies else "–"])
    if not rows:
        return "no trial kept its test logits"
    for column in (1, 2, 4):
        work.bold_best(rows, column, [float(r[column].replace("−", "-")) if r[column] != "–" else math.nan for r in rows], [r[0] for r in rows],
                       largest=False)
    return Table("quality", "Predictions on test, last epoch",
                 ["arm", "NLL", "ECE, %", "ECE, equal mass, %", "Brier", "reliability", "resolution", "copied errors, %",
                  "the same by students without a teacher, %"], rows,
                 ["Means over seeds. ECE: 15 bins. Reliability (0 is best) and resolution: Murphy's parts of the Brier score of being right, in the "
                  "same bins. Copied errors: share of the teacher's errors that the student repeats; what students "
                  "that never saw a teacher repeat, but for those that are themselves a teacher, is chance and shared confusion."]
                 + (["No copied errors of %s: teacher.logits_files holds no test.h5, the logits of test." % ", ".join(outside)] if outside else []))


def untaught(work, tested):
    """Done students on that test set that never saw a teacher: predictions on others are of other images."""
    return [i for arm in work.arms for i in work.arms[arm] if work.digests.teacher_key(i) is None and tested == work.layout.tested[arm]]


def controls(work, tested):
    """The same but for trials that are themselves a teacher of others, trained by the sweep or known by their weights: docs/protocol.md,
    "Measures"."""
    rows = set(work.study.trials["teacher"]) if "teacher" in work.study.trials else set()
    weights = set(work.layout.teacher.values()) - {""}
    return [i for i in untaught(work, tested) if i not in rows and work.study.facts(i).get("weights_sha256") not in weights]


def unseen_copies(work):
    """{teacher and test set: mean copy rate by students that never saw one}."""
    out = {}
    for arm, trials in work.arms.items():
        key, teacher = work.digests.taught_on(trials[0]), work.digests.teacher(trials[0])
        if teacher is None or key in out:
            continue
        rates = [digest.copy_rate(d, teacher) for d in (work.digests.student(i) for i in controls(work, work.layout.tested[arm]))
                 if d is not None and len(d.correct) == len(teacher.correct)]
        out[key] = stats.summary(rates).mean
    return out


def copies(work):
    """Among the teacher's errors, by the label's rank in the teacher: right, copied, other."""
    rows, left = [], []
    groups = list(work.arms.items())
    for arm, trials in groups:
        against = [(work.digests.student(t), work.digests.teacher(t)) for t in trials]
        if work.digests.teacher_key(trials[0]) is None:
            tested = work.layout.tested[arm]
            others = [t[0] for other, t in groups if work.digests.teacher_key(t[0]) is not None and work.layout.tested[other] == tested]
            taught = list({id(work.digests.teacher(t)): t for t in others if work.digests.teacher(t) is not None}.values())
            if len(taught) != 1:
                left += [arm] if taught else []
                continue
            against = [(work.digests.student(t), work.digests.teacher(taught[0])) for t in trials if t in controls(work, tested)]
        found = [digest.by_rank(s, t) for s, t in against if s is not None and t is not None and len(s.correct) == len(t.correct)]
        if not found:
            continue
        for k, (name, n, _, _, _) in enumerate(found[0]):
            cells = [stats.summary([f[k][c] for f in found if k < len(f)]).mean for c in (2, 3, 4)]
            rows.append([arm, name, str(n)] + [number(c, 1) for c in cells])
    if not rows:
        return "no trial has the test logits of a teacher"
    return Table("copies", "Where the teacher errs: right, copied, otherwise wrong, by the label's rank in the teacher",
                 ["arm", "label's rank", "samples", "right, %", "copied, %", "other, %"], rows,
                 ["Means over seeds. Students that never saw a teacher are the measure of what copying is."]
                 + (["Not here, as there are several teachers and none of its own: %s." % ", ".join(left)] if left else []))


def swaps(work):
    """Shares of rows that a swap touches."""
    names = [c for c in work.study.trials.columns if c.startswith("swapped_") and c.endswith("_last")]
    names = [n for n in names if any(work.summary(a, n).n for a in work.arms)]
    if not names:
        return "no trial recorded how many rows a swap touches"
    rows = [[arm] + [number(100 * work.summary(arm, n).mean, 1) for n in names] for arm in work.arms]
    return Table("swaps", "Rows whose largest logit is not the label's, last epoch, %",
                 ["arm"] + [n[len("swapped_"):-len("_last")].replace("_", ", ") for n in names], rows,
                 ["The share that a swap touches, whether the arm swaps or not."])


def spread_of_arms(work):
    """Where the spread over seeds comes from; the gap with its interval for other seeds and images."""
    by_seed = {}
    for base in set(work.base_of.values()):
        correct, trials = work.digests.correct(work.arms[base])
        by_seed[base] = {int(work.study.trials["seed"][t]): row for t, row in zip(trials, correct)}
    rows = []
    for arm, trials in work.arms.items():
        mine, kept = work.digests.correct(trials)
        if not len(mine):
            continue
        split, base = variance.split_spread(mine), by_seed.get(work.base_of.get(arm), {})
        both = [(row, base[s]) for row, s in ((r, int(work.study.trials["seed"][t])) for r, t in zip(mine, kept))
                if s in base and arm not in work.elsewhere and len(base[s]) == len(row)]
        text = ["–", "–"]
        if arm in work.rivals and len(both) > 1:
            c = variance.crossed([a.astype(float) - b for a, b in both])
            text = [number(c.mean, 2, True), interval(c.low, c.high)]
        rows.append([arm, str(len(kept)), number(split.total), number(split.test_set), number(split.distribution)] + (text if work.base else []))
    if not rows:
        return "no trial kept its test logits"
    found = variance.sources(work.study)
    notes = ["Deviation of test top-1 over seeds, in points: the part of this finite test set, and what would remain on ever more data "
             "(Jordan, arXiv 2304.01910)."]
    if work.base:
        notes.append("The interval is for other seeds and other images of this kind, the half widths of each alone put together.")
    if len(found) > 1:
        notes.append("Deviation by source: %s." % ", ".join("%s %.2f (%d degrees of freedom)" % f for f in found))
    heads = ["arm", "seeds", "deviation", "of this test set", "would remain"]
    heads += ["gap to %s" % work.base_name, "95 %, new seeds and images"] if work.base else []
    return Table("spread", "Where the spread comes from", heads, rows, notes)


def several_pairs(work):
    """Over pairs x seeds: interquartile mean and probability of improvement on the baseline method."""
    scores = pairs_of.scores(work)
    if isinstance(scores, str):
        return scores
    base, rows = work.layout.baseline_method, []
    for method in scores.methods:
        mean, low, high = pairs_of.interquartile_mean(scores.gaps[method])
        better = pairs_of.probability(scores.values[method], scores.values[base]) if method != base else math.nan
        rows.append([method, "%d" % len(scores.pairs), number(mean, 2, True), interval(low, high), number(better, 2)])
    return Table("pairs", "Methods over %d pairs" % len(scores.pairs),
                 ["method", "pairs", "interquartile mean of the gap", "95 % interval", "probability of improvement"], rows,
                 ["Over pairs x seeds, the gap to %s in points; 95 %% intervals for other seeds of these pairs: t times the deviation "
                  "of a bootstrap within them. " % base + exploratory(work)] + scores.few + scores.left)


def matrix(work):
    """Every method against every other: mean gap, wins over pairs, p of the paired test."""
    scores = pairs_of.scores(work)
    if isinstance(scores, str):
        return scores
    rows = []
    for a in scores.methods:
        row = [a]
        for b in scores.methods:
            if a == b:
                row.append("")
                continue
            c = pairs_of.compare(scores, a, b)
            row.append("%s; %d of %d; %s" % (number(c.gap, 2, True), c.won, c.pairs, p_text(c.p)) if c.pairs else "–")
        rows.append(row)
    return Table("matrix", "Each method less each other", ["method"] + list(scores.methods), rows,
                 ["Mean gap over pairs, each over the seeds that both methods have there; pairs in which the row's method has the higher mean; p of a "
                  "paired t test over pairs. " + exploratory(work)] + scores.left)
