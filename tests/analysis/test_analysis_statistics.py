"""The statistics of sld_analysis recomputed another way: by hand, by definition in loops, by simulation; and the words better,
worse and not resolved, which stand with their test alone. Skipped without scipy or pandas."""
import itertools
import math
import re

from package import needs

needs("pandas", "sklearn", "yaml", "scipy")

import h5py
import numpy as np
from scipy import stats as scipy_stats

import made_study
import sld_analysis
from harness import check, in_folder
from sld_analysis import calibration, claims, digest, figures_logits, metrics, pairs, probe_linear, stats, table, tables, variance
from sld_analysis import gains as gains_of
from sld_analysis.__main__ import main as run_verb
from sld_analysis.report import Report


def check_layout():
    """Which contrasts are warned of, and the columns of the ablation table: on configurations, without a study."""
    from types import SimpleNamespace
    from sld_analysis.layout import Layout
    kdpa = {"method": "sld", "kd.weak": 0.9, "kd.strong": 0.9, "ce.weak": 0.1, "ce.strong": 0.1, "teacher.weights": "t.h5",
            "correction": "none", "student_swap": False, "kd.temperatures": (1.0, 2.0)}
    sld = dict(kdpa, correction="swap", student_swap=True, student_swap_after="first_lr_drop")
    for arm, warned in ((dict(kdpa, correction="swap"), False), (dict(sld, correction="none"), False), (sld, False),
                        (dict(sld, **{"train.lr": 0.2}), True), (dict(kdpa, **{"train.lr": 0.2, "train.batch": 8}), True)):
        layout = Layout.__new__(Layout)
        layout.study, layout.report, layout.options = SimpleNamespace(baseline="KD-PA"), {}, {"KD-PA": kdpa, "other": arm}
        layout.axes, layout.first = [], dict.fromkeys(layout.options)
        check(bool(layout.warnings()) == warned, arm, layout.warnings())
    layout.options = {"KD-PA": kdpa, "LTS": dict(kdpa, correction="swap"), "SLD": sld}
    check(layout.checks() == {"LTS": {"LTS", "SLD"}, "LSS": {"SLD"}}, "a column is named once", layout.checks())
    layout.options["SLD at once"] = dict(sld, student_swap_after=0)
    check(set(layout.checks()) == {"LTS", "LSS", "LSS schedule"}, "the schedule is a column where it differs", layout.checks())


def near(found, wanted, tolerance, what):
    check(abs(found - wanted) <= tolerance, what, found, wanted)


def check_gaps():
    n, mean, sd, half = stats.summary([1.0, 2.0, math.nan, 3.0])
    check(n == 3 and mean == 2.0 and sd == 1.0, "a missing value is none")
    near(half, 4.3026527 / math.sqrt(3), 1e-6, "interval, t from a printed table")
    check(math.isnan(stats.summary([5.0]).sd) and math.isnan(stats.summary([]).mean), "too few")
    # differences 1.5, 2, 2.5: t = 2 / (0.5 / sqrt 3) = 6.9282; P(|T| > t) with 2 degrees is 1 - t / sqrt(t^2 + 2)
    g = stats.paired({1: 2.5, 2: 4.0, 3: 5.5, 9: 70.0}, {1: 1.0, 2: 2.0, 3: 3.0, 4: 0.0})
    check(g.n == 3 and g.mean == 2.0 and g.seeds == (1, 2, 3), "seeds that both have")
    near(g.p, 1.0 - 6.92820323 / math.sqrt(50.0), 1e-9, "paired t test")
    near(g.low, 2.0 - 4.3026527 * 0.5 / math.sqrt(3), 1e-6, "its interval")
    check(stats.paired({1: 1.0}, {2: 1.0}).n == 0 and math.isnan(stats.paired({1: 2.0}, {1: 1.0}).p), "none and one in common")
    for same in ([1.0, 1.0], [0.0, 0.0], [0.1 + 0.2, 0.3]):
        g = stats.gap_of(same)
        check(g.sd == 0.0 and all(map(math.isnan, (g.p, g.low, g.high, g.resolves))), "seeds that agree are no test", same, g)
        check(g.p_flip >= 0.5 and claims.word(g, 1e-9) == "not tested: no spread between seeds", "and no word", g)
    random = np.random.default_rng(3)
    for n in (3, 6, 9):
        d = random.normal(0.4, 1.0, n)
        flips = [abs(np.mean(d * signs)) >= abs(d.mean()) - 1e-12 for signs in itertools.product((1, -1), repeat=n)]
        near(stats.gap_of(d).p_flip, np.mean(flips), 1e-12, "sign flips, every one of them")
    check(min(stats.sign_flip(np.ones(n) + 0.1 * np.arange(n)) for n in range(2, 6)) > 0.05, "five seeds cannot reach 5 %")
    check(stats.sign_flip(np.ones(stats.SIGN_FLIP_SEEDS) + 0.1 * np.arange(stats.SIGN_FLIP_SEEDS)) < 0.05, "six can")


def check_power():
    """resolvable: that mean is found with power 0.8, by simulation; 4e-3 is three deviations of 100,000 draws."""
    random = np.random.default_rng(5)
    for n in (2, 3, 5, 10):
        x = random.normal(stats.resolvable(1.0, n), 1.0, (100000, n))
        found = np.abs(x.mean(1) / (x.std(1, ddof=1) / math.sqrt(n))) > scipy_stats.t.ppf(0.975, n - 1)
        near(found.mean(), stats.POWER, 4e-3, "power with %d seeds" % n)
    near(stats.resolvable(0.25 * math.sqrt(2), 5), 0.595, 1e-3, "the protocol's deviation with five seeds, as paired gaps")


def check_corrections():
    check(np.allclose(stats.holm([0.01, 0.04, 0.03]), [0.03, 0.06, 0.06], rtol=1e-12), "Holm")
    check(math.isnan(stats.holm([0.01, math.nan])[1]) and stats.holm([0.01, math.nan])[0] == 0.01, "a missing test")
    p = np.array([0.001, 0.008, 0.039, 0.041, 0.27, math.nan])
    wanted = [min(1.0, min(p[j] * 5 / (1 + sum(p[:5] < p[j])) for j in range(5) if p[j] >= p[i])) for i in range(5)]
    check(np.allclose(stats.false_discovery(p)[:5], wanted, rtol=1e-12) and math.isnan(stats.false_discovery(p)[5]), "false discovery rate")
    check(np.isclose(stats.pooled_sd([[1, 2, 3], [5, 7], [9]]), math.sqrt((2 + 2) / 3)), "pooled deviation")


def check_effects():
    """A square of known cells: main effects and interaction by their definition."""
    cells = {"00": {1: 10.0, 2: 12.0}, "10": {1: 13.0, 2: 14.0}, "01": {1: 11.0, 2: 13.5}, "11": {1: 17.0, 2: 18.0}}
    w = stats.two_by_two("00", "10", "01", "11")
    gap = {k: stats.contrast(v, cells) for k, v in w.items()}
    near(gap["first"].mean, np.mean([((13 - 10) + (17 - 11)) / 2, ((14 - 12) + (18 - 13.5)) / 2]), 1e-12, "main effect")
    near(gap["interaction"].mean, np.mean([(17 - 11) - (13 - 10), (18 - 13.5) - (14 - 12)]), 1e-12, "interaction")
    near(gap["second"].sd, np.std([((11 - 10) + (17 - 13)) / 2, ((13.5 - 12) + (18 - 14)) / 2], ddof=1), 1e-12, "its spread over seeds")


def check_crossed(random):
    """The interval for new seeds and images covers the true gap in 95 % of studies at least, whichever of the two has the spread; three
    deviations of the draws are allowed. Where images alone have it, it is no wider than theirs."""
    draws, samples = 400, 200
    for n in (2, 3, 5):
        for name, by_seed, by_image, own in (("seeds", 0.05, 0.05, 0.05), ("images", 0.0005, 0.5, 0.001), ("both", 0.03, 0.5, 0.3)):
            inside, widths = 0, []
            for _ in range(draws):
                c = variance.crossed(0.02 + random.normal(0, by_seed, (n, 1)) + random.normal(0, by_image, samples)
                                     + random.normal(0, own, (n, samples)))
                inside += c.low <= 2.0 <= c.high
                widths.append(c.high - c.low)
            print("%d seeds, the spread of %s: the interval covers %.1f %%, width %.2f" % (n, name, 100 * inside / draws, np.median(widths)))
            check(inside / draws >= 0.95 - 3 * math.sqrt(0.05 * 0.95 / draws), "coverage", n, name, inside / draws)
            if name == "images":
                near(np.median(widths) / (2 * 196 * by_image / math.sqrt(samples)), 1.0, 0.06, "of images alone; the spread of 200 is sure to 5 %")
    d = random.normal(0.02, 0.3, (6, 500))
    near(variance.crossed(d).mean, 100 * d.mean(), 1e-9, "the mean itself")
    for same in (np.ones((3, 50)), np.tile(random.normal(0, 1, 50), (4, 1)), d[:1]):
        c = variance.crossed(same)
        check(math.isnan(c.low) and abs(c.mean - 100 * same.mean()) < 1e-9, "seeds that agree say nothing of others")


def check_variance():
    random = np.random.default_rng(7)
    check_crossed(random)
    # Accuracy of a run is its own p plus independent images: the split finds both.
    true = 100 * 0.01
    splits = []
    for _ in range(300):
        p = np.clip(random.normal(0.7, 0.01, (8, 1)), 0, 1)
        splits.append(variance.split_spread(random.random((8, 1000)) < p))
    near(math.sqrt(np.mean([s.distribution ** 2 for s in splits])) / true, 1.0, 0.15, "what remains on new data: squares clipped at 0 lift it")
    near(math.sqrt(np.mean([s.test_set ** 2 for s in splits])), 100 * math.sqrt(0.21 / 1000), 0.1, "of the finite test set")


def check_calibration():
    random = np.random.default_rng(9)
    z = random.normal(0, 2, (700, 7)).astype(np.float32)
    labels = random.integers(0, 7, 700)
    p = np.exp(z.astype(float)) / np.exp(z.astype(float)).sum(axis=1, keepdims=True)
    check(np.allclose(np.exp(calibration.log_softmax(z)), p, rtol=1e-5, atol=1e-8), "softmax in float32")
    confidence, correct = p.max(axis=1), p.argmax(axis=1) == labels
    slow = 0.0
    for b in range(15):
        inside = (confidence > b / 15) & (confidence <= (b + 1) / 15)
        slow += abs(correct[inside].sum() - confidence[inside].sum())
    near(calibration.ece(confidence, correct), 100 * slow / 700, 1e-9, "ECE, bin by bin")
    near(calibration.ece(np.ones(4), np.array([1, 1, 1, 0])), 25.0, 1e-9, "confidence 1 is in the last bin")
    near(calibration.ece(np.array([1 / 15, 1 / 15 + 1e-9]), np.array([1, 0])), 100 * ((1 - 1 / 15) + (1 / 15)) / 2, 1e-6, "an edge belongs below")
    order = np.argsort(confidence, kind="stable")
    groups = np.array_split(order, 14)
    near(calibration.ece_equal_mass(confidence, correct, 14), 100 * sum(abs(correct[g].sum() - confidence[g].sum()) for g in groups) / 700,
         1e-9, "equal mass")
    hot = np.eye(7)[labels]
    near(calibration.brier(p, labels), ((p - hot) ** 2).sum(axis=1).mean(), 1e-9, "Brier")
    parts = calibration.brier_parts(np.round(confidence, 1), correct, 10)
    near(parts.total, ((np.round(confidence, 1) - correct) ** 2).mean(), 1e-9, "Murphy's parts of forecasts that are the bins'")
    true = calibration.log_softmax(z)
    drawn = np.array([random.choice(7, p=np.exp(row.astype(float)) / np.exp(row.astype(float)).sum()) for row in true])
    near(calibration.fit_temperature(2.5 * z, drawn), 2.5, 0.3, "the temperature that the logits were scaled with; 700 samples")
    c = calibration.corp(confidence, correct, n_groups=700)
    check((np.diff(c.accuracy) >= -1e-12).all() and (c.low <= c.high).all(), "isotonic")
    near(np.average(c.accuracy), correct.mean(), 1e-9, "isotonic regression keeps the mean")


def check_copies():
    teacher = digest.Teacher(np.array([[3, 1, 0], [0, 2, 1], [0, 1, 2], [5, 4, 3]], np.float32), np.array([0, 2, 0, 2]))
    check(list(teacher.rank) == [1, 2, 3, 3], "rank of the label", teacher.rank)
    student = digest.Digest(np.array([[1, 0, 0], [0, 1, 0], [1, 0, 0], [0, 1, 0]], np.float32), np.array([0, 2, 0, 2]))
    check(digest.by_rank(student, teacher) == [("2nd", 1, 0.0, 100.0, 0.0), ("3rd", 2, 50.0, 0.0, 50.0)], digest.by_rank(student, teacher))
    near(digest.copy_rate(student, teacher), 100 / 3, 1e-9, "copied errors")
    z = np.array([[0, 2, 1]], np.float32)
    check(digest.swapped(z, np.array([2])).tolist() == [[0, 1, 2]] and digest.swapped(z, np.array([1])).tolist() == z.tolist(), "the swap")
    labels, student = np.array([0, 0, 1]), np.array([[1.0, 4.0], [3.0, 2.0], [0.0, 0.0]], np.float32)
    means = digest.class_means(student, labels)
    check(np.allclose(figures_logits.class_difference(means, np.zeros((2, 2))), [[0.0, 1.0], [0.0, 0.0]]), "heat map of two classes")
    student = np.array([[9.0, 3.0, 6.0], [9.0, 9.0, 9.0]], np.float32)
    absent = figures_logits.class_difference(digest.class_means(student, np.array([0, 2])), np.zeros((3, 3)))
    check(np.isnan(absent[1]).all() and sorted(figures_logits.off_diagonal(absent)) == [1.0, 2.0, 3.0, 3.0], "a class without images is no agreement", absent)


def check_made_study():
    """Numbers of a report from the study's own logits, the long way."""
    made_study.write_study("square.h5", made_study.square(), seeds=6, spec=SPEC)
    study = sld_analysis.open("square.h5")
    work = tables.Work(study)
    for arm in ("CE", "SLD"):
        for trial in study.arms[arm][:2]:
            z, labels = study.logits(trial).astype(float), study.labels(trial)
            p = np.exp(z) / np.exp(z).sum(axis=1, keepdims=True)
            d = work.digests.student(trial)
            near(100 * d.correct.mean(), study.trials["top1_last"][trial], 1e-9, "top-1 of the logits is the file's")
            near(d.nll.mean(), -np.log(p[np.arange(len(labels)), labels]).mean(), 1e-5, "NLL in float32")
            near(d.brier, ((p - np.eye(p.shape[1])[labels]) ** 2).sum(axis=1).mean(), 1e-5, "Brier in float32")
            if arm == "SLD":
                t = study.logits(trial, "teacher").astype(float)
                q = np.exp(t) / np.exp(t).sum(axis=1, keepdims=True)
                near(d.kl, (q * (np.log(q) - np.log(p))).sum(axis=1).mean(), 1e-4, "KL in float32")
    gain, p, q = gains_of.class_gains(work, "SLD", "KD-PA")
    right = {a: [[(study.logits(t).argmax(1) == study.labels(t))[study.labels(t) == k].mean() for k in range(10)] for t in study.arms[a]]
             for a in ("SLD", "KD-PA")}
    d = 100 * (np.array(right["SLD"]) - np.array(right["KD-PA"]))
    check(np.allclose(gain, d.mean(axis=0)), "gain by class")
    check(np.allclose(p, [scipy_stats.ttest_1samp(d[:, k], 0).pvalue for k in range(10)]), "its test")
    return study


SPEC = """
claims:
  planted: {arm: SLD, against: CE}
  lost: {arm: CE, against: SLD}
  nothing: {arm: [KD-PA], against: [KD-PA+LSS]}
  LTS: {effect: teacher_swap}
  both: {interaction: [teacher_swap, student_swap]}
  likelihood: {arm: SLD, against: CE, metric: nll_last}
  gone: {arm: SLD, against: nobody}
  odd: {arm: SLD}
  unknown: {arm: SLD, against: CE, metric: nothing}
"""


def check_words(study):
    """Each word with its test; none anywhere else on the page."""
    made_study.write_study("claims.h5", made_study.square()[1:], seeds=6, samples=2000, spec=SPEC.replace("against: CE", "against: KD-PA")
                           .replace("arm: CE", "arm: KD-PA").replace("KD-PA], against: [KD-PA+LSS", "KD-PA+LTS], against: [KD-PA+LTS"))
    judged, left = claims.judge(study)
    words = {j.claim.name: j.word for j in judged}
    by_arm = claims.by_seed(study)
    raw = [scipy_stats.ttest_rel([by_arm["SLD"][s] for s in range(1, 7)], [by_arm["CE"][s] for s in range(1, 7)]).pvalue]
    near(judged[0].gap.p, raw[0], 1e-12, "the claim's test")
    check({n for n, _ in left} == {"gone", "odd", "LTS", "both", "unknown"} and "nobody" in dict(left)["gone"], left)
    check(words["planted"] == "better" and words["lost"] == "worse" and judged[0].p < 0.05, words)
    check(words["likelihood"] == "better", "a lower likelihood loss is the better one", words)
    for j in judged:
        told = j.word == "not resolved (resolves %.2f)" % j.gap.resolves if j.p >= stats.ALPHA else j.word in ("better", "worse")
        check(told, j.claim.name, j.word, j.p)
    square = sld_analysis.open("claims.h5")
    judged, left = claims.judge(square)
    gaps = {j.claim.name: j.gap for j in judged}
    arms = claims.by_seed(square)
    near(gaps["LTS"].mean, np.mean([(arms["SLD"][s] + arms["KD-PA+LTS"][s] - arms["KD-PA"][s] - arms["KD-PA+LSS"][s]) / 2 for s in range(1, 7)]),
         1e-9, "effect of an axis")
    near(gaps["both"].mean, np.mean([arms["SLD"][s] - arms["KD-PA+LTS"][s] + arms["KD-PA"][s] - arms["KD-PA+LSS"][s] for s in range(1, 7)]),
         1e-9, "interaction")
    check(claims.word(stats.gap_of([1.0]), math.nan) == "not tested: 1 seed in common", "one seed")
    more = stats.gap_of([1.0, 1.1, 1.2])
    for metric, wanted in (("top1_val_last", "better"), ("brier_last", "worse"), ("minutes", "worse"), ("memory_mb", "larger"),
                           ("grad_norm_kd_weak", "larger"), ("swapped_share", "larger"), ("best_epoch", "larger")):
        check(claims.word(more, 0.01, metric) == wanted, metric, "is", claims.word(more, 0.01, metric))
    for path in ("square.h5", "claims.h5"):
        report = Report(sld_analysis.open(path))
        verdicts = [row[-1] for row in report.tables["claims"].rows]
        check(all(re.match(r"better$|worse$|open: \d|not resolved \(resolves \d|not tested", v) for v in verdicts), verdicts)
        notes = " ".join(report.tables["claims"].notes)
        text = report.markdown()
        for cell in verdicts:
            text = text.replace("| %s |" % cell, "|")
        text = text.replace(notes.split(". ")[1], "")
        check(not re.search(r"\b(better|worse|not resolved|no difference|significant|outperforms?)\b", text), "a word without its test",
              re.findall(r".{60}\b(?:better|worse|not resolved|no difference|significant|outperforms?)\b.{30}", text))
        for key in ("accuracy", "effects"):
            check(key not in report.tables or "Exploratory" in " ".join(report.tables[key].notes), "marked exploratory", key)


def check_small():
    """A small study: times in a unit that fits, and where the spread comes from without any baseline."""
    for minutes, said in ((0.02, "1.2 seconds"), (5.0, "5.0 minutes"), (90.0, "1.50 hours"), (6000.0, "100 hours")):
        check(metrics.duration(minutes) == said, metrics.duration(minutes), said)
    made_study.write_study("small.h5", made_study.square(), seeds=2, states={("KD-PA", s): ("failed", "") for s in (1, 2)})
    with h5py.File("small.h5", "r+") as f:
        f["trials/minutes"][...] *= 1e-3
    report = Report(sld_analysis.open("small.h5"))
    check(dict(report.facts)["training time"] == "6.1 seconds in all", report.facts)
    check(report.tables["T6"].heads[2] == "seconds" and report.tables["T6"].rows[0][2].startswith("0.6"), report.tables["T6"].rows)
    check("against seconds" in report.figures["F6"].alt and " in 0.6" in report.figures["F6"].alt, report.figures["F6"].alt)
    table = report.tables["spread"]
    check(len(table.rows) == 4 and len(table.heads) == len(table.rows[0]) == 5 and "interval" not in " ".join(table.notes), table.heads, table.notes)


def check_large_losses():
    """NLL in float64, as packs have it: float32 has no digits left of large losses."""
    random = np.random.default_rng(12)
    z, labels = (1e5 * random.standard_normal((50, 7))).astype(np.float32), random.integers(0, 7, 50)
    own = z.astype(float).max(axis=1) - z.astype(float)[np.arange(50), labels]  # all other terms are 0 to the last digit, or nearly so
    exact = own + np.log(np.exp(z.astype(float) - z.max(axis=1, keepdims=True)).sum(axis=1))
    d = digest.Digest(z, labels, digest.Teacher(z, labels))
    near(d.scores.nll / exact.mean(), 1.0, 1e-14, "to the last digit")
    near(d.kl, 0.0, 1e-9, "of a teacher to itself")


def check_open_claims():
    """A study that is not complete: claims with trials to come have no test and no word, no arm stands out, Holm counts all claims."""
    waiting = {("SLD", s): ("waiting" if s < 6 else "running", "") for s in range(3, 7)}
    waiting.update({("KD-PA+LSS", s): ("waiting", "") for s in range(1, 7)})
    waiting[("KD-PA+LTS", 2)] = ("diverged", "the loss")
    spec = """claims: {planted: {arm: SLD, against: KD-PA}, whole: {arm: KD-PA+LTS, against: KD-PA}, nothing yet: {effect: student_swap},
                       both: {interaction: [teacher_swap, student_swap]}}"""
    made_study.write_study("open.h5", made_study.square(lts=8.0)[1:], seeds=6, samples=2000, spec=spec, states=waiting)
    study = sld_analysis.open("open.h5")
    judged, left = claims.judge(study)
    words = {j.claim.name: j.word for j in judged}
    check(not left and words == {"planted": "open: 2 of 6 seeds", "whole": "better", "nothing yet": "open: 0 of 6 seeds", "both": "open: 0 of 6 seeds"},
          words, left)
    by = {j.claim.name: j for j in judged}
    check(all(math.isnan(by[n].p) and math.isnan(by[n].gap.p) for n in ("planted", "both")), "no p of an open claim")
    near(by["whole"].p, min(1.0, 4 * by["whole"].gap.p), 1e-12, "four claims, whether tested yet or not")
    report = Report(study)
    check("This study is not complete: 10 of 24 trials of students are still to come" in report.warnings[0], report.warnings)
    text = report.markdown()
    check(not [line for line in text.splitlines() if line.startswith("|") and "**" in line] and "best in bold" not in text, "nothing stands out")
    check("| whole | KD-PA+LTS less KD-PA | 5 of 6 |" in text and dict(report.facts)["arms"].startswith("3 of 4 with done trials"), text)
    rows = {row[0]: dict(zip(report.tables["accuracy"].heads, row)) for row in report.tables["accuracy"].rows}
    for arm, tested in (("SLD", False), ("KD-PA+LTS", True)):
        check(all((rows[arm][head] != "–") == tested for head in ("95 % interval", "p", "p (Holm)")), "a test of an arm with trials to come", rows[arm])
    check(rows["KD-PA+LTS"]["p (Holm)"] == table.p_text(min(1.0, 3 * report.work.gap("KD-PA+LTS").p)), "three arms, one without a done trial", rows)
    check("effects" not in report.tables or all("–" in row for row in report.tables["effects"].rows), "effects of open arms")
    spread = {row[0]: row[-1] for row in report.tables["spread"].rows}
    check(spread["SLD"] == "–" and " to " in spread["KD-PA+LTS"], "where the spread comes from", spread)
    check("SLD not tested, as trials are to come" in report.figures["F9"].note and "KD-PA+LTS moves" in report.figures["F9"].note, report.figures["F9"].note)
    open_claim = next(row for row in report.tables["claims"].rows if row[0] == "planted")
    check(open_claim[4] == open_claim[5] == "–", "an open claim has no interval, which is a test", open_claim)
    check("F4" not in report.figures, "an arm without a teacher says nothing of temperatures", list(report.figures))
    with h5py.File("open.h5", "r+") as f:
        f.attrs["late_claims"] = "\n".join("%s after %d of 24 trials had ended, 2026-01-31T23:59:59Z" % (what, n) for what, n in (
            ("whole: named", 3), ("whole: changed", 7), ("gone: taken out", 9))) + "\n"
    report = Report(sld_analysis.open("open.h5"))
    words = {row[0]: row[-1] for row in report.tables["claims"].rows}
    check(words["whole"] == "better; exploratory: changed after 7 of 24 trials had ended" and words["planted"] == "open: 2 of 6 seeds", words)
    check(any("gone was taken out after 9 of 24 trials had ended" in w for w in report.warnings), report.warnings)


def check_fewer_seeds():
    """A gap over fewer seeds than its arm's mean says so, in every table."""
    lost = {("KD-PA", 2): ("failed", "disk")}
    made_study.write_study("fewer.h5", made_study.square(), seeds=4, states=lost)
    report = Report(sld_analysis.open("fewer.h5"))
    for key in ("accuracy", "T1", "T4"):
        shown = report.tables[key]
        gaps = [i for i, head in enumerate(shown.heads) if head.startswith("gap") or key == "T1"]
        cells = [row[i] for row in shown.rows for i in gaps if row[0] not in ("teacher", "KD-PA") and row[i][:1] in "+−" or " (" in row[i]]
        check(len(cells) > 2 and all(cell.endswith("n 3)") for cell in cells), key, shown.rows)
        check("over the k seeds that both arms have done" in " ".join(shown.notes), key, shown.notes)
    made_study.write_study("fewer.h5", made_study.square(), seeds=4, states={("SLD", 2): ("failed", "disk")})
    report = Report(sld_analysis.open("fewer.h5"))  # the baseline has more seeds
    for key in ("accuracy", "T1", "T4", "spread"):
        told = [row[0] for row in report.tables[key].rows if any("n 3)" in cell for cell in row)]
        check(told == ["SLD"] and "over the k seeds that both arms" in " ".join(report.tables[key].notes), key, told, report.tables[key].rows)
    report = Report(sld_analysis.open("pairs.h5"))
    check("n " not in "".join(cell for row in report.tables["accuracy"].rows for cell in row[6:]), "of all seeds")


def check_family():
    """Holm counts an arm whose gap is the same for each seed, which has no test: so does its note, and so do claims."""
    study = made_study.write_study("constant.h5", made_study.square()[1:4], seeds=3, logits=False)
    with h5py.File("constant.h5", "r+") as f:
        arms, top1 = [arm and arm.name for _, arm, _ in study], f["trials/top1_last"][()]
        at = {name: [i for i, arm in enumerate(arms) if arm == name] for name in arms if name}
        top1[at["KD-PA"]], top1[at["KD-PA+LTS"]], top1[at["KD-PA+LSS"]] = [70.0, 71.0, 72.0], [71.0, 72.0, 73.0], [71.0, 72.1, 73.3]
        f["trials/top1_last"][...] = top1
    report = Report(sld_analysis.open("constant.h5"))
    rows = {row[0]: dict(zip(report.tables["accuracy"].heads, row)) for row in report.tables["accuracy"].rows}
    check(rows["KD-PA+LTS"]["p"] == "–" and rows["KD-PA+LSS"]["p (Holm)"] == table.p_text(2 * report.work.gap("KD-PA+LSS").p), rows)
    check("corrected for 2 arms" in " ".join(report.tables["accuracy"].notes), report.tables["accuracy"].notes)


def check_one_rounding():
    """A gap that ends in 5 behind the last digit, -13.065, is rounded one way: in the tables, and as src/report/stats.c adds up."""
    arms = [arm for arm in made_study.square() if arm.name in ("CE", "KD-PA")]
    rights = {"CE": (3949, 3913, 3969, 3987), "KD-PA": (5306, 5320, 5148, 5270)}
    trials = made_study.write_study("rounded.h5", arms, seeds=4, samples=10000, classes=2)
    with h5py.File("rounded.h5", "r+") as f:
        labels = f["labels/test"][()]
        for i, (_, arm, seed) in enumerate(trials):
            if arm:
                right = rights[arm.name][seed - 1]
                f["logits/test_last"][i] = np.eye(2, dtype=np.float32)[np.where(np.arange(10000) < right, labels, 1 - labels)]
                f["trials/top1_last"][i] = right / 100
    report = Report(sld_analysis.open("rounded.h5"))
    gaps = {key: next(row[report.tables[key].heads.index("gap to KD-PA")] for row in report.tables[key].rows if row[0] == "CE")
            for key in ("accuracy", "spread")}
    check(gaps == {"accuracy": "−13.07", "spread": "−13.07"}, gaps)
    for values in np.random.default_rng(2).integers(0, 10000, (200, 10)) / 100:
        total = 0.0
        for value in values:
            total += value
        check(stats.summary(values).mean == total / 10, "added up in order", values)


def check_numbers():
    """What rounds to 0 has no sign; a p never prints on the other side of 0.05; what prints alike is bold alike."""
    check([table.number(x, 2, True) for x in (-0.001, 0.0, 0.001, -0.006)] == ["+0.00", "+0.00", "+0.00", "−0.01"], "signs of 0")
    check(table.number(-0.0004) == "0.00" and table.number(-12.0, 0) == "−12", "signs")
    check([table.p_text(p) for p in (0.0494, 0.0499, 0.05, 0.0501)] == ["0.049", "<0.050", "0.050", "0.050"], "p at 0.05")
    rows = [["a", "74.17 ± 0.10"], ["b", "74.17 ± 0.30"], ["c", "74.16 ± 0.10"]]
    table.bold_best(rows, 1, [74.1667, 74.1666, 74.1600])
    check([isinstance(row[1], table.Bold) for row in rows] == [True, True, False], "bold")


def check_pairs():
    """Two pairs of networks x two methods: laid out as papers do, and put together."""
    arms = [made_study.Arm("%s %s" % (s, m), g - 10 * t, [s, m], teacher=t, student=s, weights="%s.h5" % w, temperatures=m[-1])
            for t, (s, w) in enumerate((("resnet8", "resnet56"), ("MobileNetV2", "vgg13"))) for m, g in (("T1", 0.0), ("T4", 1.5))]
    made_study.write_study("pairs.h5", arms, seeds=5, axes=("pair", "method"), baseline="resnet8 T1")
    report = Report(sld_analysis.open("pairs.h5"))
    check(report.tables["T1"].heads == ["method", "resnet8 (resnet56 → resnet8)"], report.tables["T1"].heads)
    check(report.tables["T2"].heads == ["method", "MobileNetV2 (vgg13 → MobileNetV2)"], report.tables["T2"].heads)
    check([r[0] for r in report.tables["T1"].rows] == ["teacher", "T1", "T4"], report.tables["T1"].rows)
    check("pairs" in report.tables and "matrix" in report.tables and "F11" in report.figures, report.left)
    table = report.tables["accuracy"]  # each arm against the baseline of its own pair
    gaps = [row[table.heads.index("gap to the baseline of its pair")] for row in table.rows]
    check(gaps[0] == gaps[2] == "baseline" and all(abs(float(str(g).replace("−", "-")) - 1.5) < 5 for g in gaps[1::2]),  # pairs lie 10 apart
          "gaps over pairs", gaps)
    made_study.write_study("pairs_open.h5", arms, seeds=5, axes=("pair", "method"), baseline="resnet8 T1",
                           states={("MobileNetV2 T4", 5): ("waiting", "")})
    for path, is_open in (("pairs.h5", False), ("pairs_open.h5", True)):
        tables_of = Report(sld_analysis.open(path)).tables
        row = tables_of["pairs"].rows[1]
        check((row[3] == "–") == is_open and row[2] != "–", "an interval over pairs with trials to come", row)
        check(tables_of["matrix"].rows[1][1].endswith("; –") == is_open, "a p over pairs with trials to come", tables_of["matrix"].rows)
        for key in ("pairs", "matrix"):
            check(("No test and no interval stands" in " ".join(tables_of[key].notes)) == is_open, key, tables_of[key].notes)
    # An axis of methods, one of which has a network of its own, makes no pairs.
    made_study.write_study("mixed.h5", [made_study.Arm("%s %s" % (m, t), 0.0, [m, t], student=s, temperatures=t) for t in "14"
                                        for m, s in (("kd", "resnet8"), ("sld", "resnet8"), ("wide", "resnet14"))],
                           seeds=2, axes=("method", "T"), baseline="kd 1")
    mixed = Report(sld_analysis.open("mixed.h5")).work
    check(set(mixed.base_of.values()) == {"kd 1"} and len(mixed.base_of) == 6, "methods are no pairs", mixed.base_of)
    a = [np.array([1.0, 2.0, 3.0, 4.0]), np.array([10.0, 20.0, 30.0, 40.0])]
    near(pairs.interquartile_mean(a)[0], np.mean([3.0, 4.0, 10.0, 20.0]), 1e-12, "mean of the middle half")
    near(pairs.probability(a, [np.array([2.0, 5.0]), np.array([0.0])]), np.mean([(2.5 / 8), 1.0]), 1e-12, "a tie counts half")
    check(np.allclose(pairs.profile(a, [3.5, 35.0]), [5 / 8, 1 / 8]), "profile")


def check_probe():
    """A linear probe on groups of one spread is as good as the best rule there is, the nearest mean; on noise it is chance."""
    random = np.random.default_rng(4)
    labels, means = np.arange(1500) % 3, 1.5 * np.eye(3, 8)
    x = means[labels] + random.standard_normal((1500, 8))
    best = (((x[600:, None] - means) ** 2).sum(axis=2).argmin(axis=1) == labels[600:]).mean()
    p = probe_linear.probe(x[:600], x[600:], labels[:600], labels[600:])
    near(p.top1, 100 * best, 3.0, "the nearest mean")  # 900 samples: one deviation is 1.4
    check((p.n, p.classes, p.features) == (900, 3, 8), "what it was made of", p)
    noise = random.standard_normal((1500, 8))
    near(probe_linear.probe(noise[:600], noise[600:], labels[:600], labels[600:]).top1, 100 / 3, 6.0, "chance")
    for name, sha in (("train", "a"), ("test", "b")):
        with h5py.File("features-%s.h5" % name, "w") as f:
            f["features"], f["labels"], f.attrs["weights_sha256"] = x[:60], labels[:60], sha
    check(run_verb(["probe-linear", "features-train.h5", "features-test.h5"]) == 2, "features of two networks")
    check(run_verb(["probe-linear", "features-train.h5", "features-train.h5"]) == 0, "of one")
    for a, b, code in (({}, {"split": "test"}, 0), ({}, {"split": "train"}, 2), ({"split": "test"}, {"split": "train"}, 2),
                       ({}, {"split": "test", "data_sha256": "e"}, 2), ({}, {"split": "test"}, 0)):
        for name, more in (("train", a), ("test", b)):
            with h5py.File("features-%s.h5" % name, "r+") as f:
                f.attrs.update({"weights_sha256": "a", "data_sha256": "d", "split": "train", **more})
        check(run_verb(["probe-linear", "features-train.h5", "features-test.h5"]) == code, "splits of one data set, train first", a, b)
    with open("features-test.h5", "ab") as f:
        f.write(b"sld-sha256:" + b"0" * 64 + b"\n")
    check(run_verb(["probe-linear", "features-train.h5", "features-test.h5"]) == 2, "a damaged file")


def check_probe_table():
    """T7 is of the trials whose weights the feature files name, and of their teachers; others are refused."""
    made_study.write_study("t7.h5", made_study.square()[1:3], seeds=2, samples=100, epochs=2, logits=False)
    with h5py.File("t7.h5", "r+") as f:
        for name, of in (("weights", lambda t: "w-" + t), ("teacher", lambda t: "" if t.startswith("resnet") else "t")):
            shas = [of(a.decode() + str(s)) for a, s in zip(f["trials/arm"][...], f["trials/seed"][...])]
            f.create_dataset("trials/%s_sha256" % name, data=shas, dtype=h5py.string_dtype())
    random, wanted, files = np.random.default_rng(6), {}, []
    for weights in ("w-KD-PA1", "w-KD-PA2", "t"):
        labels, sets = np.arange(300) % 3, {}
        for split in ("train", "test"):
            sets[split] = np.eye(3, 4)[labels] + random.standard_normal((300, 4))
            files.append("%s-%s.h5" % (weights, split))
            with h5py.File(files[-1], "w") as f:
                f["features"], f["labels"] = sets[split], labels
                f.attrs.update({"weights_sha256": weights, "data_sha256": "d" * 64, "split": split})
        wanted[weights] = probe_linear.probe(sets["train"], sets["test"], labels, labels).top1
    study = sld_analysis.open("t7.h5")
    table = Report(study, files).tables["T7"]
    both = [wanted["w-KD-PA1"], wanted["w-KD-PA2"]]
    check(table.rows == [["KD-PA", "2", "%.2f ± %.2f" % (np.mean(both), np.std(both, ddof=1))], ["teacher of resnet20 → resnet8", "1", "%.2f" % wanted["t"]]],
          table.rows, wanted)
    check("T7" not in Report(study).tables and any("--features" in r for k, r in Report(study).left if k.startswith("T7")), "without files")
    for train, test, words in (({}, {"weights_sha256": "other"}, "got split train alone"), ({}, {"split": "train"}, "expected another split"),
                               ({"weights_sha256": "other"}, {"weights_sha256": "other"}, "expected those of done trials of this study")):
        for path, split, changed in zip(files, ("train", "test"), (train, test)):
            with h5py.File(path, "r+") as f:
                f.attrs.update(dict({"weights_sha256": "w-KD-PA1", "split": split}, **changed))
        try:
            Report(study, files[:2])
            check(False, "not refused", words)
        except sld_analysis.StudyError as error:
            check(words in str(error), words, error)


def main():
    check_layout()
    check_probe_table()
    check_gaps()
    check_probe()
    check_power()
    check_corrections()
    check_effects()
    check_variance()
    check_calibration()
    check_copies()
    check_words(check_made_study())
    check_small()
    check_large_losses()
    check_open_claims()
    check_pairs()
    check_fewer_seeds()
    check_family()
    check_one_rounding()
    check_numbers()


in_folder(main)
