"""tables.py: accuracy: the arms, the claims, pairs x methods, components, combinations. Each function gives a Table or a
text: the reason for which the data do not allow it."""
import math
import re

from . import claims as claims_of
from . import metrics
from . import stats, teachers
from .table import Bold, Table, bold_best, interval, number, p_text, spread
from .layout import family

FEWER = re.compile(r"[(;] ?n \d+\)$")


def exploratory(work):
    """What stands beside every test that is no claim's."""
    if work.study.spec_fault:
        return "Exploratory: the spec, which may name contrasts, cannot be read."
    if work.study.spec.get("claims"):
        return "Exploratory: only the contrasts in the table of claims were named in the spec, and only they have a verdict."
    return "Exploratory: no contrast here was named in the spec before the first trial."


class Work:
    """What tables and figures are made from."""

    def __init__(self, study, features=()):
        from .layout import Layout
        self.features = list(features)  # files of `sld eval --features` on another data set
        self.study, self.layout, self.digests = study, Layout(study), study.digests
        self.arms = study.arms
        self.base_of = self.layout.base_of
        # The spec's baseline; where it has no done trial that of another pair, if one has.
        self.base = study.baseline if study.baseline in self.arms else next(iter(self.base_of.values()), None)
        self.rivals = [a for a, base in self.base_of.items() if a != base]  # arms that have a gap
        self.base_name = self.base if len(set(self.base_of.values())) < 2 else "the baseline of its pair"
        self.elsewhere = [a for a in self.rivals if self.layout.tested[a] != self.layout.tested[self.base_of[a]]]  # tested on other images
        self.top1 = claims_of.by_seed(study)
        states = study.trials["state"][~study.trials["is_teacher"]]
        self.planned = len(states)
        coming = states[states.isin(["waiting", "running"])]
        self.to_come = len(coming)  # trials whose numbers are not in yet
        self.open_arms = set(study.trials["arm"][coming.index])  # those that have such: a test before the last seed would be one more look

    def bold_best(self, rows, column, values, arms, largest=True):
        """The best of each test set; arms: of each row, None: of none. No arm stands out while trials are to come."""
        tested = [self.layout.tested[arm] if arm else None for arm in arms]
        for one in set(tested) - {None} if not self.to_come else ():
            at = [i for i, of in enumerate(tested) if of == one]
            bold_best([rows[i] for i in at], column, [values[i] for i in at], largest)

    def values(self, arm, column):
        return [float(self.study.trials[column][i]) for i in self.arms[arm]] if column in self.study.trials else []

    def summary(self, arm, column):
        return stats.summary(self.values(arm, column))

    def time_unit(self):
        """Of the training of one trial: (name, how many make a minute), after the shortest."""
        means = [self.summary(arm, "minutes").mean for arm in self.arms]
        return metrics.time_unit(min((m for m in means if m == m), default=math.inf))

    def gap(self, arm, against=None):
        against = against or self.base_of.get(arm)
        return self.untested(stats.paired(self.top1[arm], self.top1[against]), arm, against) if against else stats.NO_GAP

    def untested(self, gap, *arms):
        """The gap, without its test and its interval while one of its arms has trials to come."""
        return gap._replace(low=math.nan, high=math.nan, p=math.nan, p_flip=math.nan) if self.is_open(*arms) else gap

    def is_open(self, *arms):
        """Whether one of them has trials to come."""
        return not self.open_arms.isdisjoint(arms)

    def gap_text(self, gap, arm, against=None):
        """With the number of its seeds where the arm, or what it is held against, has more: mean less mean is then another number."""
        most = max(len(self.arms[a]) for a in (arm, against or self.base_of.get(arm, arm)))
        return number(gap.mean, 2, True) + (" (n %d)" % gap.n if 0 < gap.n < most else "")

    @staticmethod
    def fewer_note(rows):
        """What "n k" means, where a cell of the table has it."""
        return ["n k: over the k seeds that both arms have done; one of them has more, so that the gap is not the one mean less the other."] * any(
            FEWER.search(cell) for row in rows for cell in row[1:])

    def open_note(self):
        return ["No test and no interval stands where an arm has trials to come."] * bool(self.open_arms.intersection(self.arms))


def accuracy(work):
    """Last epoch (the measure), best, last three; the gap to the baseline, paired by seed."""
    gaps = {a: work.gap(a) for a in work.rivals}
    # Of one size from the first look to the last: arms that cannot be tested count too, as in claims, and those of which no trial is done yet.
    tests = len(gaps) + len(work.open_arms - set(work.arms) - {work.study.baseline})
    adjusted = dict(zip(gaps, stats.holm([g.p for g in gaps.values()], tests)))
    heads = ["arm", "seeds", "last epoch", "best epoch", "last three"]
    has_val = "top1_val_last" in work.study.trials and work.study.trials["top1_val_last"].notna().any()
    heads += ["validation"] if has_val else []
    heads += ["gap to %s" % work.base_name, "95 % interval", "p", "p (Holm)"] if work.base else []
    rows, means = [], []
    for arm, trials in work.arms.items():
        s = work.summary(arm, "top1_last")
        means.append(s.mean)
        row = [arm, str(s.n), spread(s.mean, s.sd)]
        row += [spread(*work.summary(arm, c)[1:3]) for c in ("top1_best", "top1_last3")]
        row += [spread(*work.summary(arm, "top1_val_last")[1:3])] if has_val else []
        if work.base:
            g = gaps.get(arm)
            row += [work.gap_text(g, arm), interval(g.low, g.high), p_text(g.p), p_text(adjusted[arm])] if g else [
                "baseline" if work.base_of.get(arm) == arm else "–", "", "", ""]
        rows.append(row)
    work.bold_best(rows, 2, means, list(work.arms))
    best_on = {int(v) for v in work.study.trials["best_on_val"][work.study.students]} if "best_on_val" in work.study.trials else {0}
    chosen = "on validation" if best_on == {1} else "on test itself" if best_on == {0} else "on validation or on test, by trial"
    notes = ["Mean ± standard deviation over seeds, percent. The last epoch is the measure; the best epoch was chosen %s." % chosen]
    if work.base:
        notes.append("Gaps are paired by seed; p: two-sided paired t test; Holm: corrected for %d arm%s, which intervals are not. %s" % (
            tests, "" if tests == 1 else "s", exploratory(work)))
        notes += work.fewer_note(rows) + work.open_note()
    if max(len(t) for t in work.arms.values()) < 2:
        notes.append("With one seed per arm these differences cannot be separated from noise.")
    return Table("accuracy", "Test top-1 by arm", heads, rows, notes)


def claims(work):
    """Contrasts named beforehand, each with the word that its test carries."""
    judged, left = claims_of.judge(work.study)
    if not judged and not left:
        return ("the spec names no `claims:`; every contrast in this report is exploratory. A contrast that is to be tested is "
                "named in the spec before the first trial")
    rows = []
    for j in judged:
        g, digits = j.gap, claims_of.digits(j.gap, j.claim.metric)
        n = str(g.n) if g.n == j.planned else "%d of %d" % (g.n, j.planned)
        low, high = (math.nan, math.nan) if j.word.startswith("open") else (g.low, g.high)
        rows.append([j.claim.name, j.claim.text, n, number(g.mean, digits, True), interval(low, high, digits), p_text(j.p),
                     p_text(g.p_flip) if g.n >= stats.SIGN_FLIP_SEEDS else "–", number(g.resolves, digits),
                     "; exploratory: ".join([j.word] + [", ".join(filter(None, (j.late, j.skipped)))] * bool(j.late or j.skipped))])
    rows += [[name, reason, "", "", "", "", "", "", "not tested"] for name, reason in left]
    notes = ["p: two-sided paired t test over seeds, Holm's correction over %d claims. The word better or worse (larger or smaller) stands where p is "
             "below 0.05, not resolved with the smallest gap detectable with this many seeds at power 0.8." % len(judged),
             "Intervals are of each claim by itself, without Holm's correction: one may leave out 0 where the verdict, which is corrected, does not."]
    if any(j.word.startswith("open") for j in judged):
        notes.append("Open: trials of the contrast are still to come. It is not tested before they have ended; its gap so far is no result.")
    if any(j.late for j in judged):
        notes.append("Exploratory: the claim came or changed when trials had ended, so that it is no prediction of what they found.")
    if any(j.skipped for j in judged):
        notes.append("Skipped: nothing says whether it was before or after a look at the other trials, and who skips after it chooses when a test ends.")
    few = sorted({j.gap.n for j in judged if j.gap.n < stats.SIGN_FLIP_SEEDS and not j.word.startswith("open")})
    if few:
        notes.append("Sign flips need %d seeds to reach 5 %%; here %s." % (stats.SIGN_FLIP_SEEDS, " or ".join(map(str, few))))
    return Table("claims", "Claims of the spec", ["claim", "contrast", "seeds", "gap", "95 % interval", "p (Holm)", "p (sign flips)",
                                                  "resolves", "verdict"], rows, notes)


def effects(work):
    """Main effects and interaction of the two swaps."""
    rows, squares = [], work.layout.squares()
    for (first, second, arms), of in zip(squares, work.layout.names_of([arms for _, _, arms in squares])):
        for key, weights in stats.two_by_two(*arms).items():
            g = work.untested(stats.contrast(weights, work.top1), *arms)
            name = {"first": first, "second": second, "interaction": "interaction"}[key]
            rows.append([name, of, str(g.n), number(g.mean, 2, True), interval(g.low, g.high), p_text(g.p), number(g.resolves)])
    if not rows:
        return "no four arms with done trials that differ in the teacher swap and the student swap alone"
    return Table("effects", "Teacher swap x student swap: effects on test top-1",
                 ["effect", "among", "seeds", "points", "95 % interval", "p", "resolves"], rows,
                 ["Main effect: mean gap with and without, over both settings of the other. Interaction: what the second adds "
                  "more where the first is on. Among: what the four arms share, else the arm with neither. Paired by seed. " + exploratory(work)]
                 + work.open_note())


def _pairs_table(work, key, title, pairs):
    """Rows: methods; columns: pairs, as papers print them."""
    layout, base = work.layout, work.layout.baseline_method
    methods = [m for m in layout.methods if any(m in layout.pairs[p] for p in pairs)]
    heads = ["method"] + [layout.head(p) for p in pairs]
    rows, columns = [], [[] for _ in pairs]
    for method in methods:
        row = [method]
        for c, pair in enumerate(pairs):
            arm = layout.pairs[pair].get(method)
            if arm is None:
                row.append("–")
                columns[c].append(math.nan)
                continue
            s = work.summary(arm, "top1_last")
            against = layout.pairs[pair].get(base)
            gap = work.gap(arm, against) if against and against != arm else stats.NO_GAP
            row.append(spread(s.mean, s.sd) + (" (%s)" % work.gap_text(gap, arm, against).replace(" (", "; ").rstrip(")") if gap.n else ""))
            columns[c].append(s.mean)
        rows.append(row)
    for c, (pair, values) in enumerate(zip(pairs, columns)):
        work.bold_best(rows, c + 1, values, [layout.pairs[pair].get(method) for method in methods])
    taught_by = _teacher_row(work, pairs)
    notes = ["Test top-1, %%, mean ± standard deviation over seeds%s%s." % (
        "; in brackets the gap to %s, paired by seed" % base if base else "", "" if work.to_come else "; best in bold")]
    notes += work.fewer_note(rows)
    return Table(key, title, heads, taught_by + rows, notes)


def _teacher_row(work, pairs):
    out = ["teacher"]
    for pair in pairs:
        arms = [arm for arm in work.layout.pairs[pair].values() if work.layout.networks[arm][0]]
        out.append(", ".join(dict.fromkeys(map(number, teachers.top1_of_arms(work, arms)))) or "–")
    return [out] if any(c != "–" for c in out[1:]) else []


def one_family(work, pair):
    return all(not teacher or family(teacher) == family(student) for teacher, student in work.layout.networks_of(pair))


def same_architecture(work):
    pairs = [p for p in work.layout.pairs if one_family(work, p)]
    taught = any(teacher for p in pairs for teacher, _ in work.layout.networks_of(p))
    return _pairs_table(work, "T1", "Teacher and student of one architecture" if taught else "Students without a teacher", pairs) if pairs else \
        "no pair whose teacher and student are of one architecture"


def other_architecture(work):
    pairs = [p for p in work.layout.pairs if not one_family(work, p)]
    return _pairs_table(work, "T2", "Teacher and student of different architectures", pairs) if pairs else \
        "no pair whose teacher and student are of different architectures"


def imagenet(work):
    digests = {arm: work.digests.student(trials[0]) for arm, trials in work.arms.items()}
    arms, found = [a for a, d in digests.items() if d and d.n_classes == 1000], sorted({d.n_classes for d in digests.values() if d})
    if not arms:
        return "ImageNet has 1,000 classes, the data here %s" % (" and ".join(map(str, found)) or "an unknown number")
    rows = [[arm, spread(*work.summary(arm, "top1_last")[1:3]), spread(*work.summary(arm, "top5_last")[1:3])] for arm in arms]
    work.bold_best(rows, 1, [work.summary(a, "top1_last").mean for a in arms], arms)
    return Table("T3", "Top-1 and top-5", ["arm", "top-1", "top-5"], rows)


def components(work):
    checks = work.layout.checks()
    if not checks:
        return "the arms do not differ in a component (teacher, views, temperatures, LTS, LSS, schedule); `report: {checks: ...}` names others"
    rows, means = [], []
    order = sorted(work.arms, key=lambda a: sum(a in arms for arms in checks.values()))
    for arm in order:
        s = work.summary(arm, "top1_last")
        g = work.gap(arm) if arm in work.rivals else stats.NO_GAP
        rows.append([arm] + ["✓" if arm in arms else "" for arms in checks.values()] + [spread(s.mean, s.sd), work.gap_text(g, arm)])
        means.append(s.mean)
    work.bold_best(rows, len(checks) + 1, means, order)
    return Table("T4", "Component ablation", ["arm"] + list(checks) + ["top-1", "gap"], rows, work.fewer_note(rows))


def combined(work):
    """Each method with the correction of the teacher and without it, arms alike in all else."""
    layout, groups = work.layout, {}
    for arm, o in layout.options.items():
        if str(o.get("method")) not in ("none", "sld"):
            groups.setdefault(layout.all_but(arm, "correction", "teacher_swap"), {}).setdefault(str(o.get("correction")), arm)
    found = [g for g in groups.values() if "none" in g and len(g) > 1]
    if not found:
        return "no method other than sld with and without a correction of its teacher"
    corrections = list(dict.fromkeys(c for g in found for c in g if c != "none"))
    rows = []
    for g, name in zip(found, layout.names_of([[g["none"]] + list(g.values()) for g in found])):
        s = work.summary(g["none"], "top1_last")
        row = [name, spread(s.mean, s.sd)]
        for c in corrections:
            if c not in g:
                row.append("–")
                continue
            s, gap = work.summary(g[c], "top1_last"), work.gap(g[c], g["none"])
            text = "%s (%s)" % (spread(s.mean, s.sd), work.gap_text(gap, g[c], g["none"]).replace(" (", "; ").rstrip(")"))
            row.append(Bold(text) if not work.to_come and round(gap.mean, 2) > 0 else text)
        rows.append(row)
    notes = ["In brackets the gap to the method as it is, paired by seed%s. %s" % ("" if work.to_come else "; bold where it prints above 0", exploratory(work))]
    notes += work.fewer_note(rows)
    shown = {arm for g in found for arm in g.values()}
    alone = [a for a, o in layout.options.items() if str(o.get("method")) not in ("none", "sld") and a not in shown]
    if alone:
        notes.append("Not here, as no arm differs from it in the correction alone: %s." % ", ".join(alone))
    return Table("T5", "Methods with a correction of the teacher", ["method", "as it is"] + corrections, rows, notes)
