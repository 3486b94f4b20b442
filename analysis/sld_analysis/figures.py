"""figures.py: from curves and numbers of trials: learning curves, sensitivity, cost, seeds, performance profile. Each function
gives a Figure or a text: the reason for which the data do not allow it."""
import math

from .figure import FAINT, INK, Figure, clip, look, looks, shown_arms
from .needs import need
from .table import number
from . import options as options_of
from . import pairs as pairs_of
from . import stats

np = need("numpy")
ticker = need("matplotlib.ticker")

CURVES = (("top1_test", "top-1 on test, %"), ("loss_test", "cross-entropy on test"),
          ("swapped_student_strong", "student's wrong rows, strong view"), ("loss_teacher_strong", "teacher's term, strong view"))


def learning_curves(work):
    """F1: mean over seeds, band: standard deviation; where the student swap begins a vertical line."""
    study, (arms, note) = work.study, shown_arms(work)
    names = [c for c in CURVES if c[0] in study.curve_names]
    if not names:
        return "no trial kept a curve"
    style = looks(arms)
    curves = {name: study.curves(name) for name, _ in names}
    starts = {}
    if "lss_start" in study.trials:
        for arm in arms:
            start = stats.summary(work.values(arm, "lss_start")).mean
            if start == start and start > 1:
                starts.setdefault(start, []).append(arm)

    def panel(name, label):
        def draw(ax):
            for arm in arms:
                y = curves[name].loc[work.arms[arm]].to_numpy()
                there = ~np.isnan(y).all(axis=0)
                if not there.any():
                    continue
                y, x = y[:, there], curves[name].columns.to_numpy()[there]
                color, dash, marker = style[arm]
                n = (~np.isnan(y)).sum(axis=0)
                mean = np.nansum(y, axis=0) / n
                ax.plot(x, mean, color=color, linestyle=dash, marker=marker if len(x) < 12 else None, markersize=3.5, linewidth=1.5)
                if len(y) > 1:
                    sd = np.sqrt(np.nansum((y - mean) ** 2, axis=0) / np.maximum(n - 1, 1))
                    ax.fill_between(x, mean - sd, mean + sd, color=color, alpha=0.15, linewidth=0)
            for start in starts:
                ax.axvline(start - 0.5, color=INK, linestyle=":", linewidth=1)
            ax.xaxis.set_major_locator(ticker.MaxNLocator(integer=True))
            ax.set_xlabel("epoch")
            ax.set_ylabel(label)
        return draw

    if starts:
        note += " Dotted: the student swap begins (%s)." % "; ".join("epoch %g: %s" % (s, ", ".join(a)) for s, a in sorted(starts.items()))
    ends = "; ".join("%s %s" % (a, number(work.summary(a, "top1_last").mean)) for a in arms)
    return Figure("F1", "Learning curves: mean over seeds, band: standard deviation", [panel(*n) for n in names],
                  "Curves by epoch of %s, one line an arm. Test top-1 at the last epoch: %s." % (", ".join(l for _, l in names), ends),
                  [(a, style[a]) for a in arms], note.strip())


def _as_x(value):
    """A value of an option as a place on an axis: numbers as they are, a set of temperatures by its largest."""
    if isinstance(value, bool):
        return None
    if isinstance(value, (int, float)):
        return float(value)
    if isinstance(value, tuple) and value and all(isinstance(v, (int, float)) for v in value):
        return float(max(value))
    return None


def sensitivity(work):
    """F4: accuracy against an option: `report: {x: OPTION}`, else the one with the most values; two of them as a heat map."""
    study, asked = work.study, work.layout.report.get("x")
    keys = [k for k in study.varying() if not k.startswith("seeds.") and "network" not in k]
    values = {k: list(dict.fromkeys(_hashable(o.get(k)) for o in work.layout.options.values() if options_of.lives(k, o))) for k in keys}
    usable = [k for k in keys if len(values[k]) >= 2 and (all(_as_x(v) is not None for v in values[k]) or (k == asked and len(values[k]) > 1))]
    named = [k for k in (asked if isinstance(asked, list) else [asked]) if k]
    axes = [str(k)[5:] if str(k).startswith("axis_") else str(k) for k in named]
    unknown = [k for k in axes if k not in values]
    if unknown:
        return "report: x: expected an option that varies (%s), got %s" % (", ".join(keys[:8]) or "none does", unknown[0])
    chosen = axes or sorted((k for k in usable if len(values[k]) > 2 or isinstance(values[k][0], tuple)), key=lambda k: -len(values[k]))[:2]
    if not chosen:
        return "no option with numbers takes three or more values; `report: {x: OPTION}` names one"
    points = {}
    for arm in work.arms:
        o = work.layout.options[arm]
        if not all(options_of.lives(k, o) for k in chosen[:2]):
            continue  # an arm without a teacher says nothing of the teacher's temperatures
        points.setdefault(tuple(_hashable(o.get(k)) for k in chosen[:2]), []).extend(work.values(arm, "top1_last"))
    grid = [sorted({p[i] for p in points}, key=lambda v: (_as_x(v) is None, _as_x(v) or 0, str(v))) for i in range(len(chosen[:2]))]
    if len(chosen) == 1 or len(grid[1]) < 2:
        return _line_over(work, chosen[0], grid[0], points)
    return _heat(chosen, grid, points)


def _hashable(value):
    return tuple(value) if isinstance(value, list) else value


def _text(value):
    return "{%s}" % ", ".join("%g" % v for v in value) if isinstance(value, tuple) else "%g" % value if isinstance(value, float) else str(value)


def _line_over(work, key, grid, points):
    numeric = all(_as_x(v) is not None and not isinstance(v, tuple) for v in grid)
    means = [stats.summary(points[k]) for v in grid for k in points if k[0] == v][:len(grid)]

    def draw(ax):
        x = [_as_x(v) for v in grid] if numeric else list(range(len(grid)))
        ax.errorbar(x, [m.mean for m in means], [0 if m.sd != m.sd else m.sd for m in means], color=look(0)[0], marker="o", capsize=3)
        for i, v in enumerate(grid):
            for k in points:
                if k[0] == v:
                    ax.plot([x[i]] * len(points[k]), points[k], ".", color=FAINT, markersize=4, zorder=1)
        if not numeric:
            ax.set_xticks(x, [clip(_text(v), 18) for v in grid], rotation=20 if len(grid) > 4 else 0)
        ax.set_xlabel(key)
        ax.set_ylabel("top-1 on test, %")
    draw.margins = {"bottom": 0.28} if len(grid) > 4 and not numeric else {}
    text = "; ".join("%s: %s" % (_text(v), number(m.mean)) for v, m in zip(grid, means))
    return Figure("F4", "Sensitivity to %s" % key, [draw], "Test top-1 against %s: %s." % (key, text),
                  note="Points: trials; bars: standard deviation. Over all arms that share the value.")


def _heat(chosen, grid, points):
    cells = np.array([[stats.summary(points.get((a, b), [])).mean for b in grid[1]] for a in grid[0]])

    def draw(ax):
        image = ax.imshow(cells, cmap="cividis", aspect="auto")
        low, high = np.nanmin(cells), np.nanmax(cells)
        for i in range(len(grid[0])):
            for j in range(len(grid[1])):
                if cells[i, j] == cells[i, j]:
                    dark = cells[i, j] < low + 0.55 * (high - low)
                    ax.text(j, i, "%.2f" % cells[i, j], ha="center", va="center", color="#ffffff" if dark else "#000000")
        ax.set_xticks(range(len(grid[1])), [clip(_text(v), 16) for v in grid[1]], rotation=20)
        ax.set_yticks(range(len(grid[0])), [clip(_text(v), 16) for v in grid[0]])
        ax.set_xlabel(chosen[1])
        ax.set_ylabel(chosen[0])
        ax.grid(False)
        ax.figure.colorbar(image, ax=ax, shrink=0.8)
    draw.margins = {"left": 0.24, "bottom": 0.26}
    return Figure("F4", "Sensitivity to %s and %s" % tuple(chosen[:2]), [draw],
                  "Heat map of mean test top-1 by %s and %s, from %.2f to %.2f." % (chosen[0], chosen[1], np.nanmin(cells), np.nanmax(cells)),
                  note="Mean test top-1, %.")


def cost(work):
    """F6: accuracy against minutes of training."""
    points = [(arm, work.summary(arm, "minutes"), work.summary(arm, "top1_last")) for arm in work.arms]
    points = [p for p in points if p[1].n and p[2].n]
    if not points:
        return "no trial says how long it took"
    shown, note = shown_arms(work)
    points = [p for p in points if p[0] in shown]
    style = looks(shown)

    def draw(ax):
        for arm, minutes, top1 in points:
            color, _, marker = style[arm]
            ax.errorbar(minutes.mean, top1.mean, 0 if top1.sd != top1.sd else top1.sd, 0 if minutes.sd != minutes.sd else minutes.sd,
                        color=color, marker=marker, markersize=6, capsize=2)
        ax.set_xlabel("minutes of training")
        ax.set_ylabel("top-1 on test, %")
    return Figure("F6", "Accuracy against the time of training", [draw], "Test top-1 against minutes: %s." % "; ".join(
        "%s %s in %s" % (a, number(t.mean), number(m.mean, 1)) for a, m, t in points), [(a, style[a]) for a, _, _ in points],
        (note + " Bars: standard deviation over seeds; minutes are of the machines that the trials ran on.").strip(), points=True)


def apart(values, least):
    """Places for labels, in the order of the values and at least so far apart, as near to them as one pass up and one down make it."""
    order = sorted(range(len(values)), key=lambda i: values[i])
    out = list(values)
    for before, i in zip(order, order[1:]):
        out[i] = max(out[i], out[before] + least)
    shift = sum(o - v for o, v in zip(out, values)) / max(len(values), 1)
    return [o - shift for o in out]


def seeds(work):
    """F10: one line a seed from the baseline to each arm."""
    if not work.base:
        return "no baseline among the arms that are done"
    shown, note = shown_arms(work)
    base_of = work.base_of
    pairs = [(a, sorted(set(work.top1[a]) & set(work.top1[base_of[a]]))) for a in shown if a in work.rivals]
    pairs = [(a, s) for a, s in pairs if s]
    if not pairs:
        return "no arm has a seed in common with %s" % work.base_name

    def panel(arm, common):
        def draw(ax):
            for s in common:
                a, b = work.top1[base_of[arm]][s], work.top1[arm][s]
                ax.plot([0, 1], [a, b], color=COLOR_UP if b > a else COLOR_DOWN, linestyle="-" if b > a else (0, (4, 2)), marker="o",
                        markersize=3.5, linewidth=1.2)
            low, high = ax.get_ylim()
            at = apart([work.top1[arm][s] for s in common], 0.06 * (high - low))
            for s, y in zip(common, at):
                ax.annotate(str(s), (1, work.top1[arm][s]), xytext=(1.04, y), fontsize=8, va="center", color=INK, annotation_clip=False)
            ax.set_xticks([0, 1], [clip(base_of[arm], 20), clip(arm, 20)])
            ax.set_xlim(-0.15, 1.2)
            ax.set_ylabel("top-1 on test, %")
        return draw
    ups = {a: sum(work.top1[a][s] > work.top1[base_of[a]][s] for s in c) for a, c in pairs}
    return Figure("F10", "Seed by seed from %s" % work.base_name, [panel(*p) for p in pairs],
                  "Lines from the baseline to each arm, one a seed. Seeds that rise: %s." % "; ".join(
                      "%s %d of %d" % (a, ups[a], len(c)) for a, c in pairs),
                  [("rises", (COLOR_UP, "-", "o")), ("falls", (COLOR_DOWN, (0, (4, 2)), "o"))], note)


COLOR_UP, COLOR_DOWN = look(0)[0], look(1)[0]


def profile(work):
    """F11: over several pairs, the share of pairs x seeds above each gap."""
    scores = pairs_of.scores(work)
    if isinstance(scores, str):
        return scores
    base = work.layout.baseline_method
    methods = [m for m in scores.methods if m != base][:MOST]
    flat = np.concatenate([np.concatenate(scores.gaps[m]) for m in methods])
    grid = np.linspace(min(flat.min(), 0) - 0.1, max(flat.max(), 0) + 0.1, 200)
    style = looks(methods)

    def draw(ax):
        for m in methods:
            color, dash, _ = style[m]
            ax.step(grid, 100 * pairs_of.profile(scores.gaps[m], grid), color=color, linestyle=dash, where="post")
        ax.axvline(0, color=INK, linewidth=0.8, linestyle=":")
        ax.set_xlabel("gap to %s, points" % clip(base, 24))
        ax.set_ylabel("pairs x seeds above it, %")
    return Figure("F11", "Performance profile over pairs", [draw], "Share of pairs x seeds above each gap. Above 0: %s." % "; ".join(
        "%s %.0f %%" % (m, 100 * pairs_of.profile(scores.gaps[m], [0.0])[0]) for m in methods), [(m, style[m]) for m in methods])


MOST = 10
