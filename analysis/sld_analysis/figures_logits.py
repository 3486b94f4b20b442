"""figures_logits.py: from what trials kept of single samples: of test logits and features, of training the label's probability by epoch.
Class by class against the teacher, features of the last layer, training samples by the label's probability, the swap on samples,
reliability, fidelity. Gain by class and copied errors: figures_classes.py."""
import itertools
from collections import namedtuple

from . import calibration, digest, stats
from .figure import FAINT, INK, MAX_LINES, Figure, chosen_arms, clip, left_out, look, looks
from .needs import need
from .table import number
from .tables_predictions import controls

np = need("numpy")
ticker = need("matplotlib.ticker")

MAX_PANELS = 6


def class_difference(student, teacher):
    """Per-class mean logits, student less teacher: |difference| / 3, diagonal 0. (class of the label, class of the logit); NaN in the
    row of a class without samples. The measure of the notebooks of the mdistiller project."""
    out = np.abs(student - teacher) / 3.0
    np.fill_diagonal(out, np.where(np.isnan(out).any(axis=1), np.nan, 0.0))
    return out


def off_diagonal(difference):
    """What a heat map shows of it: without the diagonal and without classes that have no samples."""
    values = difference[~np.eye(len(difference), dtype=bool)]
    return values[~np.isnan(values)]


def taught_arms(work, max_arms=MAX_PANELS):
    """[(arm, its first trial that has logits, that trial's digest, its teacher)], and a sentence on the arms left out."""
    found = {}

    def unfit(arm):
        for trial in work.arms[arm]:
            teacher = work.digests.teacher(trial) if work.digests.teacher_key(trial) is not None else None
            student = work.digests.student(trial) if teacher is not None else None
            if student is not None and student.kl is not None:
                found[arm] = (arm, trial, student, teacher)
                return ""
        return _left(work, arm)
    arms, left = chosen_arms(work, unfit, max_arms)
    return [found[arm] for arm in arms], left


def _left(work, arm, else_="no test logits of a teacher"):
    """Why nothing is made from the logits of an arm's first trial."""
    return work.digests.left.get(work.arms[arm][0]) or work.digests.left_teacher.get(work.arms[arm][0]) or else_


def _seed(work, trial):
    return "seed %d" % work.study.trials["seed"][trial]


NO_TEACHER = "no trial has the test logits of a teacher"
COMPACT = "needs the logits of all classes, and this is a compact pack; `sld report DIR --pack FILE` without --compact keeps them"


def correlation(work):
    found = []
    if work.study.compact:
        return COMPACT
    taught, left = taught_arms(work)
    for arm, trial, student, teacher in taught:
        labels = np.asarray(work.digests.labels(trial))
        found.append((arm, class_difference(digest.class_means(work.study.logits(trial), labels), digest.class_means(teacher.logits, labels))))
    if not found:
        return NO_TEACHER
    top = max(0.2, float(np.quantile(np.concatenate([off_diagonal(v) for _, v in found]), 0.999)))
    absent = max(int(np.isnan(v).all(axis=1).sum()) for _, v in found)

    def panel(arm, values):
        def draw(ax):
            image = ax.imshow(values, vmin=0.0, vmax=top, cmap="cividis", interpolation="nearest")
            ax.set_title("%s: max %.2f, mean %.3f" % (clip(arm, 24), off_diagonal(values).max(), off_diagonal(values).mean()))
            for axis in (ax.xaxis, ax.yaxis):
                axis.set_major_locator(ticker.MaxNLocator(5, integer=True))
            ax.set_xlabel("logit of class")
            ax.set_ylabel("label")
            ax.grid(False)
            ax.figure.colorbar(image, ax=ax, shrink=0.8)
        return draw
    return Figure("F2", "Mean logits by class, student less teacher", [panel(*f) for f in found],
                  "Heat maps of |student − teacher| / 3 off the diagonal. Mean: %s." % "; ".join(
                      "%s %.3f" % (a, off_diagonal(v).mean()) for a, v in found),
                  note="|student − teacher| / 3 off the diagonal, first seed of each arm. %s%s" % (
                      "Blank: classes without test images (%d). " % absent if absent else "", left))


MAX_MAPPED, MAX_CLASSES = 800, 8


def features(work):
    """F3: t-SNE of the last layer's features of the first classes, first seed of each arm that has them."""
    maps = {}

    def unfit(arm):
        trial = work.arms[arm][0]
        found = work.study.features(trial)
        if found is None:
            return "no features"
        if not np.isfinite(found).all():
            return "features that are not finite"
        labels = work.study.labels(trial)
        if labels is None or len(labels) != len(found):
            return "features of %d samples, labels of %d" % (len(found), 0 if labels is None else len(labels))
        classes = np.unique(labels)[:MAX_CLASSES]
        of_classes = np.flatnonzero(np.isin(labels, classes))
        kept = of_classes[:MAX_MAPPED]
        if len(kept) < 10:
            return "features of fewer than 10 samples"
        maps[arm] = found[kept].astype(np.float64), labels[kept], classes, len(of_classes)
        return ""
    arms, left = chosen_arms(work, unfit, MAX_PANELS)
    if not arms:
        return "the files hold no features of the last layer; `run.features: test` keeps them in the results of a sweep's folder"
    panels, longest = [], max((maps[arm][2] for arm in arms), key=len)
    for arm in arms:
        values, labels, classes, _ = maps[arm]
        tsne = need("sklearn.manifold", "t-SNE").TSNE(perplexity=_perplexity(values), init="pca", random_state=1)
        panels.append(_map_panel(arm, tsne.fit_transform(values), labels, classes))
    return Figure("F3", "Features of the last layer, t-SNE", panels, "Maps of test samples by their features: %s." % ", ".join(arms),
                  [(_class_name(work, int(k)), look(i)) for i, k in enumerate(longest)],
                  "Perplexity %s; %s; first seed of each arm. Distances between groups mean little in such a map. %s" % (
                      " or ".join(dict.fromkeys("%.3g" % _perplexity(maps[arm][0]) for arm in arms)), mapped([maps[arm] for arm in arms]), left))


def _perplexity(values):
    """t-SNE wants three neighbours for each at least."""
    return min(30.0, (len(values) - 1) / 3.0)


def mapped(maps):
    """Which samples the maps are of."""
    most = max(len(classes) for _, _, classes, _ in maps)
    out = "samples of the first %d classes that test has" % most
    of = max(n for _, _, _, n in maps)
    return out + (", of %d the first %d in the order of the test set" % (of, MAX_MAPPED) if of > MAX_MAPPED else "")


def _map_panel(arm, at, labels, classes):
    def draw(ax):
        for i, k in enumerate(classes):
            color, _, marker = look(i)
            ax.scatter(*at[labels == k].T, s=9, color=color, marker=marker, alpha=0.75, linewidths=0)
        ax.set_title(clip(arm, 34))
        ax.set_xticks([])
        ax.set_yticks([])
    return draw


def cartography(work):
    """F12: mean of the label's probability over the epochs against its deviation, a point a training sample; first seed of each arm."""
    found = {}

    def unfit(arm):
        p = work.study.label_p(work.arms[arm][0])
        p = p[~np.isnan(p).all(axis=1)].astype(np.float32) if p is not None else ()
        if len(p) < 2:
            return "no probability of the label by training sample"
        found[arm] = np.nanmean(p, axis=1), np.nanstd(p, axis=1)
        return ""
    arms, left = chosen_arms(work, unfit, MAX_PANELS)
    if not arms:
        return "the files hold no probability of the label by training sample and epoch; `run.label_p: true` keeps it in the results of a sweep's folder"
    texts = ["%s: mean %.2f, below 0.5 %.1f %% of %d samples" % (arm, mean.mean(), 100 * (mean < 0.5).mean(), len(mean))
             for arm, (mean, _) in ((arm, found[arm]) for arm in arms)]
    return Figure("F12", "Training samples by the label's probability over the epochs", [_cartography_panel(arm, *found[arm]) for arm in arms],
                  "Heat maps of training samples, one an arm.",
                  note="Dataset cartography (Swayamdipta et al. 2020): above, learned at once; right, learned and forgotten; below, hard or wrong "
                       "labels. First seed of each arm. %s. %s" % ("; ".join(texts), left))


def _cartography_panel(arm, mean, sd):
    def draw(ax):
        image = ax.hexbin(sd, mean, gridsize=28, extent=(0, 0.5, 0, 1), bins="log", mincnt=1, cmap="cividis", linewidths=0)
        ax.figure.colorbar(image, ax=ax, shrink=0.8, label="samples")
        ax.set_xlim(0, 0.5)
        ax.set_ylim(0, 1)
        ax.set_title(clip(arm, 34))
        ax.set_xlabel("standard deviation over epochs")
        ax.set_ylabel("mean probability of the label")
    return draw


def example_logits(work):
    """F5: samples that the teacher gets wrong: its logits before and after the swap, and a student's."""
    if work.study.compact:
        return COMPACT
    found, _ = taught_arms(work, len(work.arms))
    if not found:
        return NO_TEACHER
    found = [f for f in found if not f[3].correct.all()]
    if not found:
        return "no teacher makes an error on test"
    arm, trial, student, teacher = next((f for f in found if work.layout.options[f[0]].get("correction") == "swap"), found[0])
    labels = np.asarray(work.digests.labels(trial))
    wrong = np.flatnonzero(~teacher.correct)
    logits = work.study.logits(trial)
    chosen = wrong[np.argsort(teacher.rank[wrong], kind="stable")][np.linspace(0, len(wrong) - 1, min(3, len(wrong))).astype(int)]
    after = digest.swapped(teacher.logits[chosen], labels[chosen])

    def panel(row, sample):
        def draw(ax):
            z = teacher.logits[sample]
            kept = np.argsort(-z)[:8]
            if labels[sample] not in kept:
                kept = np.append(kept[:7], labels[sample])
            x = np.arange(len(kept))
            for k, (values, name) in enumerate(((z, 0), (after[row], 1), (logits[sample], 2))):
                ax.bar(x + 0.27 * (k - 1), values[kept], 0.25, color=look(name)[0], edgecolor=INK, linewidth=0.3, hatch=("", "//", "..")[k])
            ax.set_xticks(x, [clip(_class_name(work, c), 11) + (" (label)" if c == labels[sample] else "") for c in kept], rotation=35,
                          ha="right", fontsize=8)
            ax.set_title("sample %d, label's rank %d" % (sample, teacher.rank[sample]))
            ax.set_ylabel("logit")
        draw.margins = {"bottom": 0.32}
        return draw
    return Figure("F5", "Logits of samples that the teacher gets wrong", [panel(r, s) for r, s in enumerate(chosen)],
                  "Bars of the eight largest logits of %d samples: teacher, teacher after the swap, student." % len(chosen),
                  [("teacher", look(0)), ("teacher after the swap (hatched)", look(1)), ("student: %s (dotted)" % clip(arm), look(2))],
                  "Of one arm, %s, %s." % (arm, _seed(work, trial)))


def _class_name(work, k):
    names = work.study.class_names
    return names[k] if names and k < len(names) else "class %d" % k


def reliability(work):
    """F7: isotonic reliability of the first seed of each arm, before and after a fitted temperature."""
    first = {arm: next((t for t in trials if work.digests.student(t) is not None), None) for arm, trials in work.arms.items()}
    arms, left = chosen_arms(work, lambda arm: _left(work, arm, "no test logits") if first[arm] is None else "", MAX_PANELS)
    if not arms:
        return "no trial kept its test logits"
    panels, texts, ways = [], [], set()
    for arm in arms:
        d, name = work.digests.student(first[arm]), "%s, %s" % (arm, _seed(work, first[arm]))
        curves, text = [calibration.corp(d.confidence, d.correct)], "%s: ECE %.2f" % (name, d.scores.ece)
        if not work.study.compact:
            fit = _fitted(work, first[arm])
            ways.add(fit.on_val)
            if fit.stuck:
                text += ", no temperature (%s)" % fit.text
            else:
                curves.append(calibration.corp(fit.confidence, d.correct))
                text += " before, %.2f after %s" % (calibration.ece(fit.confidence, d.correct), fit.text)
            name = "%s, %s" % (clip(arm, 20), fit.text if not fit.stuck else "no temperature")
        panels.append(_reliability_panel(name, curves))
        texts.append(text)
    note = "Isotonic regression of being right on the confidence, with the 90 % band of a calibrated student. One trial an arm, its first " \
        "seed: the table of predictions has the means over seeds. "
    after = "The curve after a fitted temperature %s." % COMPACT if work.study.compact else " ".join(FITTED_ON[way] for way in sorted(ways))
    return Figure("F7", "Reliability" + ("" if work.study.compact else " before and after a fitted temperature"), panels,
                  "Accuracy against confidence, a panel an arm.", [] if work.study.compact else [("before", look(0)), ("after", look(1))],
                  "%s%s %s. %s" % (note, after, "; ".join(texts), left))


FITTED_ON = {True: "The temperature is fitted on the validation split.",
        False: "Without validation logits (data.val_fraction) each half of the test images takes the temperature that the other half gives: "
               "T has two values."}
Fit = namedtuple("Fit", "confidence text stuck on_val")  # stuck: a fit at the bound of its search, no result


def _fitted(work, trial):
    """Confidences on test after a fitted temperature, and whether the validation split gave it."""
    logits, val = work.study.logits(trial), work.study.logits(trial, "val")
    labels = work.study.labels(trial, "val") if val is not None else None
    on_val = labels is not None and len(labels) == len(val) > 0 and bool(np.isfinite(val).all())
    if on_val:
        found = [calibration.fit_temperature(val, labels)]
        confidence = np.exp(calibration.log_softmax(logits / np.float32(found[0])).max(axis=1))
    else:
        fitted, found = calibration.cross_fitted(logits, np.asarray(work.digests.labels(trial)))
        confidence = np.exp(fitted.max(axis=1))
    stuck = [t for t in found if calibration.at_bound(t)]
    text = "the fit stands at %g, the bound of its search" % stuck[0] if stuck else "T = %s" % " and ".join("%.2f" % t for t in found)
    return Fit(confidence, text, bool(stuck), on_val)


def _reliability_panel(title, curves):
    def draw(ax):
        before = curves[0]
        ax.fill_between(before.confidence, before.low, before.high, color=FAINT, alpha=0.3, linewidth=0)
        ax.plot([0, 1], [0, 1], color=FAINT, linewidth=0.8)
        for k, c in enumerate(curves):
            color, _, _ = look(k)
            ax.plot(c.confidence, c.accuracy, color=color, linestyle="-" if k == 0 else (0, (5, 1.5)), linewidth=1.6)
        ax.set_xlim(0, 1)
        ax.set_ylim(0, 1)
        ax.set_title(clip(title, 40))
        ax.set_xlabel("confidence")
        ax.set_ylabel("accuracy")
    return draw


def fidelity(work):
    """F8: agreement with the teacher and KL to it, beside what two independent students agree."""
    found = {}

    def unfit(arm):
        agree, kls = [], []
        for t in work.arms[arm]:
            teacher = work.digests.teacher(t) if work.digests.teacher_key(t) is not None else None
            student = work.digests.student(t) if teacher is not None else None
            if student is not None and len(student.predicted) == len(teacher.predicted):
                agree.append(100.0 * (student.predicted == teacher.predicted).mean())
                kls.append(np.nan if student.kl is None else student.kl)
        found[arm] = (arm, stats.summary(agree), stats.summary(kls))
        return "" if agree else _left(work, arm)
    arms, left = chosen_arms(work, unfit, MAX_LINES)
    rows = [found[arm] for arm in arms]
    if not rows:
        return NO_TEACHER
    rates, note = _independent(work, [r[0] for r in rows])
    style = looks([r[0] for r in rows])

    def bars(column, label, lines):
        def draw(ax):
            y = np.arange(len(rows))[::-1]
            for i, r in zip(y, rows):
                s = r[column]
                ax.errorbar(s.mean, i, xerr=0 if s.sd != s.sd else s.sd, color=style[r[0]][0], marker=style[r[0]][2], capsize=3)
                if r[0] in lines:
                    ax.plot([lines[r[0]]] * 2, [i - 0.5, i + 0.5], color=INK, linestyle=":", linewidth=1)
            ax.set_yticks(y, [clip(r[0], 20) for r in rows])
            ax.set_ylim(-0.6, len(rows) - 0.4)
            ax.set_xlabel(label)
        draw.margins = {"left": 0.34}
        return draw
    return Figure("F8", "Fidelity to the teacher on test", [bars(1, "agreement with the teacher, %", rates),
                                                              bars(2, "KL(teacher || student), nats", {})],
                  "Agreement and KL by arm: %s." % "; ".join("%s %s %%, %s nats" % (a, number(g.mean, 1), number(k.mean, 3)) for a, g, k in rows),
                  note=note + " On train it is not shown: the files hold no logits of training samples (`sld eval WEIGHTS.h5 --split train --logits FILE` "
                  "makes them). " + left)


MAX_INDEPENDENT = 6


def _independent(work, arms):
    """{arm: percent on which two students of its network that never saw a teacher agree on its test set, mean over such pairs}, and a sentence
    on them."""
    layout, by_kind = work.layout, {}
    kind = {arm: (layout.tested[arm], layout.networks[arm][1]) for arm in arms}
    for tested, network in dict.fromkeys(kind.values()):
        alike = [t for t in controls(work, tested) if layout.networks[work.study.trials["arm"][t]][1] == network][:MAX_INDEPENDENT]
        found = [d for d in map(work.digests.student, alike) if d is not None]
        rates = [100.0 * (a.predicted == b.predicted).mean() for a, b in itertools.combinations(found, 2) if len(a.predicted) == len(b.predicted)]
        if rates:
            by_kind[tested, network] = float(np.mean(rates)), list(dict.fromkeys(work.study.trials["arm"][t] for t in alike))
    if not by_kind:
        return {}, "No two students without a teacher are there to compare with."
    sets = {layout.tested[arm]: layout.test_set(arm) for arm in arms}
    told = "; ".join("%.1f %%%s of %s (%s)" % (rate, " on %s" % sets[tested] if len(sets) > 1 else "", network, ", ".join(of))
                     for (tested, network), (rate, of) in by_kind.items())
    return {arm: by_kind[kind[arm]][0] for arm in arms if kind[arm] in by_kind}, \
        "Dotted: agreement of two students of the arm's network that never saw a teacher and are none, mean over the pairs among the first %d: %s." % (
            MAX_INDEPENDENT, told)
