"""tables_pairs.py: methods over several pairs of networks together."""
import math

from . import pairs as pairs_of
from .table import Table, interval, number, p_text
from .tables import exploratory


def several_pairs(work):
    """Over pairs x seeds: interquartile mean and probability of improvement on the baseline method."""
    scores = pairs_of.scores(work)
    if isinstance(scores, str):
        return scores
    base, rows = work.layout.baseline_method, []
    for method in scores.methods:
        mean, low, high = pairs_of.interquartile_mean(scores.gaps[method])
        if scores.open & {method, base}:
            low = high = math.nan
        better = pairs_of.probability(scores.values[method], scores.values[base]) if method != base else math.nan
        rows.append([method, "%d" % len(scores.pairs), number(mean, 2, True), interval(low, high), number(better, 2)])
    return Table("pairs", "Methods over %d pairs" % len(scores.pairs),
                 ["method", "pairs", "interquartile mean of the gap", "95 % interval", "probability of improvement"], rows,
                 ["Over pairs x seeds, the gap to %s in points; 95 %% intervals for other seeds of these pairs: t times the deviation "
                  "of a bootstrap within them. " % base + exploratory(work)] + work.open_note() + scores.few + scores.left)


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
                  "paired t test over pairs. " + exploratory(work)] + work.open_note() + scores.left)
