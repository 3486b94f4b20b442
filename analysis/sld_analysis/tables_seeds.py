"""tables_seeds.py: what the seeds resolve, which trials are lost, and where the spread over seeds comes from."""
import math

from . import stats, variance
from .layout import shown_label
from .table import Table, interval, number


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
        place = " ".join(shown_label(cell.name, axis, cell.labels[axis]) for axis in axes)
        if cell.arm in work.arms and place in groups:
            groups[place][cell.arm] = True
    for pair, arms in groups.items():
        sd = stats.pooled_sd([work.values(a, "top1_last") for a in arms])
        if sd > stats.NO_SPREAD:
            out.append("Deviation over seeds, pooled over the arms%s: %.2f points. With it, paired gaps of independent arms resolve: %s." % (
                " of %s" % pair if axes else "", sd,
                ", ".join("%.2f with %d seeds" % (stats.resolvable(sd * math.sqrt(2), n), n) for n in (3, 5, 6, 10, 20))))
    return out


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
        own = {int(work.study.trials["seed"][t]): row for t, row in zip(kept, mine)}
        seeds = [s for s, row in own.items() if s in base and arm not in work.elsewhere and len(base[s]) == len(row)]
        text = ["–", "–"]
        if arm in work.rivals and len(seeds) > 1:
            c = variance.crossed([own[s].astype(float) - base[s] for s in seeds])
            gap = stats.paired({s: work.top1[arm][s] for s in seeds if s in work.top1[arm]}, work.top1[work.base_of[arm]])  # as every table has it
            text = [work.gap_text(gap, arm), "–" if work.is_open(arm, work.base_of[arm]) else interval(c.low, c.high)]
        rows.append([arm, str(len(kept)), number(split.total), number(split.test_set), number(split.distribution)] + (text if work.base else []))
    if not rows:
        return "no trial kept its test logits"
    found = variance.sources(work.study)
    notes = ["Deviation of test top-1 over seeds, in points: the part of this finite test set, and what would remain on ever more data "
             "(Jordan, arXiv 2304.01910)."]
    if work.base:
        notes.append("The interval is for other seeds and other images of this kind, the half widths of each alone put together.")
        notes += work.fewer_note(rows) + work.open_note()
    if len(found) > 1:
        notes.append("Deviation by source: %s." % ", ".join("%s %.2f (%d degrees of freedom)" % f for f in found))
    heads = ["arm", "seeds", "deviation", "of this test set", "would remain"]
    heads += ["gap to %s" % work.base_name, "95 %, new seeds and images"] if work.base else []
    return Table("spread", "Where the spread comes from", heads, rows, notes)
