"""figures.py: from curves and numbers of trials: learning curves, sensitivity, cost, seeds, performance profile. Each function
gives a Figure or a text: the reason for which the data do not allow it."""
from .figure import FAINT, INK, MAX_LINES, Figure, chosen_arms, clip, left_out, look, looks
from .needs import need
from .table import number
from . import cells as cells_of
from . import options as options_of
from . import pairs as pairs_of
from . import stats

np = need("numpy")
ticker = need("matplotlib.ticker")

CURVES = (("top1_test", "top-1 on test, %"), ("loss_test", "cross-entropy on test"),
          ("swapped_student_strong", "student's wrong rows, strong view"), ("loss_teacher_strong", "teacher's term, strong view"))


def learning_curves(work):
    """F1: mean over seeds, band: standard deviation; where the student swap begins a vertical line."""
    study, (arms, note) = work.study, chosen_arms(work)
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
    for name, label in names:
        without = [a for a in arms if curves[name].loc[work.arms[a]].isna().all(axis=None)]
        note += " " + left_out({"no %s" % label: without}) if len(without) < len(arms) else ""
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
    values = {k: list(dict.fromkeys(cells_of.hashable(o.get(k)) for o in work.layout.options.values() if options_of.lives(k, o))) for k in keys}
    usable = [k for k in keys if len(values[k]) >= 2 and (all(_as_x(v) is not None for v in values[k]) or (k == asked and len(values[k]) > 1))]
    named = [k for k in (asked if isinstance(asked, list) else [asked]) if k]
    axes = [str(k)[5:] if str(k).startswith("axis_") else str(k) for k in named]
    unknown = [k for k in axes if k not in values]
    if unknown:
        return "report: x: expected an option that varies (%s), got %s" % (", ".join(keys[:8]) or "none does", unknown[0])
    chosen = axes or sorted((k for k in usable if len(values[k]) > 2 or isinstance(values[k][0], tuple)), key=lambda k: -len(values[k]))[:2]
    if not chosen:
        return "no option with numbers takes three or more values; `report: {x: OPTION}` names one"
    chosen = chosen[:2]
    arms = [a for a in work.arms if all(options_of.lives(k, work.layout.options[a]) for k in chosen)]
    grids = [{cells_of.hashable(work.layout.options[a].get(k)) for a in arms} for k in chosen]
    chosen = [k for k, values in zip(chosen, grids) if len(values) > 1] or chosen[:1]
    cells = cells_of.compare(work, arms, chosen)
    if not cells.n:
        return "no trial of each value of %s has all else alike: their means would compare what else differs" % " and ".join(chosen)
    # An arm without a teacher says nothing of the teacher's temperatures.
    note = _of_cells(cells, chosen) + " " + left_out({"it decides nothing there" if len(chosen) == 1 else "they decide nothing there": [
        a for a in work.arms if a not in arms]})
    grid = [sorted({p[i] for p in cells.values}, key=lambda v: (_as_x(v) is None, _as_x(v) or 0, str(v))) for i in range(len(chosen))]
    return _line_over(chosen[0], grid[0], cells, note) if len(chosen) == 1 else _heat(chosen, grid, cells, note)


def _of_cells(cells, chosen):
    """What the means are over, and whether another thing than the option tells them apart."""
    out = "Means over the %d %s that all %d values have" % (
        cells.n, "cell" if cells.n == 1 else "cells", len(cells.values))
    if not cells.apart:
        out += "; a cell: all else and the seed alike"
    else:
        out += ("; a cell: the labels of the other axes and the seed alike. Warning: no cell where %s alone differs has all values; these arms "
                "differ in %s too, and the means do not tell which of them matters") % (" and ".join(chosen), ", ".join(cells.apart[:6]) + (
                    " and %d more" % (len(cells.apart) - 6) if len(cells.apart) > 6 else ""))
    return out + "." + (" %d trials are in no such cell and are left out." % cells.unused if cells.unused > 1 else
                        " 1 trial is in no such cell and is left out." if cells.unused else "")


def _text(value):
    return "{%s}" % ", ".join("%g" % v for v in value) if isinstance(value, tuple) else "%g" % value if isinstance(value, float) else str(value)


MAX_CELLS = 60  # drawn one by one


def _line_over(key, grid, cells, note):
    numeric = all(_as_x(v) is not None and not isinstance(v, tuple) for v in grid)
    each = [{cell: np.mean(found) for cell, found in cells.values[(v,)].items()} for v in grid]
    means = [stats.summary(list(m.values())) for m in each]

    def draw(ax):
        x = [_as_x(v) for v in grid] if numeric else list(range(len(grid)))
        for cell in list(each[0])[:MAX_CELLS]:
            ax.plot(x, [m[cell] for m in each], color=FAINT, linewidth=0.7, marker=".", markersize=4, zorder=1)
        ax.plot(x, [m.mean for m in means], color=look(0)[0], marker="o")
        if not numeric:
            ax.set_xticks(x, [clip(_text(v), 18) for v in grid], rotation=20 if len(grid) > 4 else 0)
        ax.set_xlabel(key)
        ax.set_ylabel("top-1 on test, %")
    draw.margins = {"bottom": 0.28} if len(grid) > 4 and not numeric else {}
    text = "; ".join("%s: %s" % (_text(v), number(m.mean)) for v, m in zip(grid, means))
    faint = "Faint: each cell%s." % (", the first %d" % MAX_CELLS if cells.n > MAX_CELLS else "")
    return Figure("F4", _title([key], cells), [draw], "Test top-1 against %s: %s." % (key, text), note="%s %s" % (faint, note))


def _title(chosen, cells):
    return ("Arms by %s, and what else they differ in" if cells.apart else "Sensitivity to %s") % " and ".join(chosen)


def _heat(chosen, grid, cells, note):
    mean_of = lambda found: np.mean([np.mean(f) for f in found.values()]) if found else np.nan  # noqa: E731
    means = np.array([[mean_of(cells.values.get((a, b))) for b in grid[1]] for a in grid[0]])

    def draw(ax):
        image = ax.imshow(means, cmap="cividis", aspect="auto")
        low, high = np.nanmin(means), np.nanmax(means)
        for i in range(len(grid[0])):
            for j in range(len(grid[1])):
                if means[i, j] == means[i, j]:
                    dark = means[i, j] < low + 0.55 * (high - low)
                    ax.text(j, i, "%.2f" % means[i, j], ha="center", va="center", color="#ffffff" if dark else "#000000")
        ax.set_xticks(range(len(grid[1])), [clip(_text(v), 16) for v in grid[1]], rotation=20)
        ax.set_yticks(range(len(grid[0])), [clip(_text(v), 16) for v in grid[0]])
        ax.set_xlabel(chosen[1])
        ax.set_ylabel(chosen[0])
        ax.grid(False)
        ax.figure.colorbar(image, ax=ax, shrink=0.8)
    draw.margins = {"left": 0.24, "bottom": 0.26}
    return Figure("F4", _title(chosen, cells), [draw], "Heat map of mean test top-1 by %s and %s, from %.2f to %.2f." % (
        chosen[0], chosen[1], np.nanmin(means), np.nanmax(means)), note="Mean test top-1, %. " + note)


def cost(work):
    """F6: accuracy against the time of training."""
    shown, note = chosen_arms(work, lambda arm: "" if all(work.summary(arm, c).n for c in ("minutes", "top1_last")) else "no minutes")
    if not shown:
        return "no trial says how long it took"
    points = [(arm, work.summary(arm, "minutes"), work.summary(arm, "top1_last")) for arm in shown]
    style, (unit, of_minute) = looks(shown), work.time_unit()

    def draw(ax):
        for arm, minutes, top1 in points:
            color, _, marker = style[arm]
            ax.errorbar(of_minute * minutes.mean, top1.mean, 0 if top1.sd != top1.sd else top1.sd,
                        0 if minutes.sd != minutes.sd else of_minute * minutes.sd,
                        color=color, marker=marker, markersize=6, capsize=2)
        ax.set_xlabel("%s of training" % unit)
        ax.set_ylabel("top-1 on test, %")
    return Figure("F6", "Accuracy against the time of training", [draw], "Test top-1 against %s: %s." % (unit, "; ".join(
        "%s %s in %s" % (a, number(t.mean), number(of_minute * m.mean, 1)) for a, m, t in points)), [(a, style[a]) for a, _, _ in points],
        (note + " Bars: standard deviation over seeds; times are of the machines that the trials ran on.").strip(), points=True)


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
    base_of = work.base_of
    in_common = {a: sorted(set(work.top1[a]) & set(work.top1[base_of[a]])) for a in work.rivals}

    def unfit(arm):
        return "no baseline in its pair" if arm not in base_of else "" if in_common[arm] else "no seed in common with its baseline"
    shown, note = chosen_arms(work, unfit, MAX_LINES, [a for a in work.arms if base_of.get(a) != a])
    pairs = [(a, in_common[a]) for a in shown]
    if not pairs:
        return "no arm has a seed in common with %s" % work.base_name

    def panel(arm, common):
        def draw(ax):
            for s in common:
                a, b = work.top1[base_of[arm]][s], work.top1[arm][s]
                color, dash, marker = DIRECTIONS[direction(a, b)]
                ax.plot([0, 1], [a, b], color=color, linestyle=dash, marker=marker, markersize=3.5, linewidth=1.2)
            low, high = ax.get_ylim()
            at = apart([work.top1[arm][s] for s in common], 0.06 * (high - low))
            lift = max(0.0, low + 0.04 * (high - low) - min(at))  # else the lowest would lie on the arm's name below the axis
            for s, y in zip(common, at):
                ax.annotate(str(s), (1, work.top1[arm][s]), xytext=(1.04, y + lift), fontsize=8, va="center", color=INK, annotation_clip=False)
            ax.set_xticks([0, 1], [clip(base_of[arm], 20), clip(arm, 20)])
            ax.set_xlim(-0.15, 1.2)
            ax.set_ylabel("top-1 on test, %")
        return draw
    directions = {a: [direction(work.top1[base_of[a]][s], work.top1[a][s]) for s in common] for a, common in pairs}
    return Figure("F10", "Seed by seed from %s" % work.base_name, [panel(*p) for p in pairs],
                  "Lines from the baseline to each arm, one a seed. Of the seeds: %s." % "; ".join(
                      "%s %s" % (a, ", ".join("%d %s" % (w.count(name), name) for name in DIRECTIONS if name in w)) for a, w in directions.items()),
                  [(name, look) for name, look in DIRECTIONS.items() if any(name in w for w in directions.values())], note)


DIRECTIONS = {"up": (look(0)[0], "-", "o"), "down": (look(1)[0], (0, (4, 2)), "o"), "the same": (FAINT, (0, (1.5, 1.5)), "o")}


def direction(before, after):
    """A gap of exactly 0 is neither up nor down."""
    return "up" if after > before else "down" if after < before else "the same"


def profile(work):
    """F11: over several pairs, the share of pairs x seeds above each gap."""
    scores = pairs_of.scores(work)
    if isinstance(scores, str):
        return scores
    base = work.layout.baseline_method
    rivals = [m for m in scores.methods if m != base]
    methods = rivals[:MAX_LINES]
    note = " ".join(scores.left + [left_out({"at most %d are shown, the first of the spec" % MAX_LINES: rivals[MAX_LINES:]})])
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
        "%s %.0f %%" % (m, 100 * pairs_of.profile(scores.gaps[m], [0.0])[0]) for m in methods), [(m, style[m]) for m in methods], note)
