"""figures_classes.py: from test logits: gain and loss by class against the baseline, and where students copy the teacher's errors."""
from . import digest, stats
from .figure import INK, Figure, chosen_arms, clip, left_out, look
from .figures_logits import taught_arms
from .gains import FEW_SEEDS, class_gains
from .needs import need

np = need("numpy")

MAX_GAINS = 4


def moved(gains, is_open):
    """What a caption says of them. is_open: trials of one of the two arms are to come."""
    absent, tested = int(np.isnan(gains.mean).sum()), int((~np.isnan(gains.p)).sum())
    same = len(gains.p) - absent - tested
    told = ["%d without test images" % absent] * bool(absent)
    if is_open:
        return "not tested, as trials are to come" + "".join(" (%s)" % t for t in told)
    told = ["%d more have the same gap for each seed: not tested" % same] * bool(same) + told
    return "moves %d of %d classes" % ((gains.q < stats.ALPHA).sum(), tested) + (" tested (%s)" % "; ".join(told) if told else "")


def per_class(work):
    """F9: gain and loss by class against the baseline; then the teacher's errors by the label's rank."""
    found, arms, left = {}, [], ""

    def unfit(arm):
        if arm not in work.base_of:
            return "no baseline in its pair"
        if arm in work.elsewhere:
            return "another test set than its baseline"
        found[arm] = class_gains(work, arm, work.base_of[arm])
        return "" if found[arm] else "fewer than %d seeds with test logits in common with its baseline" % FEW_SEEDS
    if work.base:
        arms, left = chosen_arms(work, unfit, MAX_GAINS, [a for a in work.arms if work.base_of.get(a) != a])
    errors, left_errors = taught_arms(work, MAX_GAINS)
    rows = [(arm, digest.by_rank(s, t)) for arm, _, s, t in errors]
    panels = [_gain_panel(arm, found[arm]) for arm in arms] + [_errors_panel(arm, r) for arm, r in rows if r]
    if not panels:
        return "no baseline with two seeds in common and test logits, and no teacher's logits"
    perfect = left_out({"the teacher makes no error": [arm for arm, r in rows if not r]})
    texts = "; ".join("%s %s" % (arm, moved(found[arm], work.is_open(arm, work.base_of[arm]))) for arm in arms)
    gains = ("Gains are sorted; filled: moved, at a false-discovery rate below 5 %% over the classes tested (paired t test over seeds): of the "
             "classes called moved at most 5 %% are not, on average; that a class is not called so is no evidence that it did not move. %s. %s" % (
                 texts, left)) if arms else "No gains by class. " + left
    return Figure("F9", "By class, and where the teacher errs", panels,
                  "Gain by class against %s; then right, copied and other by the label's rank in the teacher." % work.base_name,
                  [("right", look(2)), ("copies the teacher's class (hatched)", look(1)), ("errs otherwise", look(3))] if errors else [],
                  "%s Errors by rank: first seed of each arm. %s %s" % (gains, left_errors, perfect))


def _gain_panel(arm, gains):
    mean, _, q = gains

    def draw(ax):
        order = np.argsort(mean)[:(~np.isnan(mean)).sum()]  # NaN is sorted to the end
        colors = [look(0)[0] if mean[i] >= 0 else look(1)[0] for i in order]
        bars = ax.bar(np.arange(len(order)), mean[order], width=0.85, color=colors, alpha=0.35)
        for bar, i, color in zip(bars, order, colors):
            if q[i] < stats.ALPHA:
                bar.set_alpha(1.0)
        ax.axhline(0, color=INK, linewidth=0.7)
        ax.set_title(clip(arm, 34))
        ax.set_xlabel("classes, sorted")
        ax.set_ylabel("gain, points")
    return draw


def _errors_panel(arm, rows):
    def draw(ax):
        x, bottom = np.arange(len(rows)), np.zeros(len(rows))
        for column, name, hatch in ((2, 2, ""), (3, 1, "//"), (4, 3, "..")):
            values = np.array([r[column] for r in rows])
            ax.bar(x, values, 0.7, bottom, color=look(name)[0], hatch=hatch, edgecolor=INK, linewidth=0.3)
            bottom += values
        ax.set_xticks(x, ["%s\n(%d)" % (r[0].replace(" to ", "\nto ").replace(" and ", "\nand "), r[1]) for r in rows], fontsize=8)
        ax.set_title(clip(arm, 34))
        ax.set_xlabel("label's rank in the teacher (samples)")
        ax.set_ylabel("of the teacher's errors, %")
    draw.margins = {"bottom": 0.25}
    return draw
