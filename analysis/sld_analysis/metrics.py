"""metrics.py: numbers of one trial, from the curves and attributes of its results, and how they are shown. Names and units are those of /trials in a study file."""
import math
import re

from .needs import need

np = need("numpy")

NAN = float("nan")
PERCENT = re.compile(r"(top1|top5|ece)_|copy_rate")
SCORE = re.compile(r"(nll|brier|reliability|resolution)_")  # the table of predictions shows four digits of them
MAX_DIGITS = 12


def digits(metric, *sizes):
    """How many digits behind the point values of a metric need: two of percentages; else so many that the first of the sizes that is
    not 0, as the width of an interval, has three that count."""
    if PERCENT.match(metric):
        return 2
    size = next((abs(s) for s in sizes if math.isfinite(s) and s), 1.0)
    return min(max(2 - math.floor(math.log10(size)), 4 if SCORE.match(metric) else 0), MAX_DIGITS)


def time_unit(minutes):
    """(name, how many make a minute) of the unit in which so short a time is no 0.0."""
    return ("seconds", 60.0) if minutes < 1.0 else ("minutes", 1.0)


def duration(minutes):
    """A time in all as a text."""
    if minutes < 60.0:
        name, of_minute = time_unit(minutes)
        return "%.1f %s" % (minutes * of_minute, name)
    return ("%.2f hours" if minutes < 600.0 else "%.0f hours") % (minutes / 60.0)


def curve_numbers(curve, best_epoch):
    """Last, best and mean of the last three of one curve: the measure is the last epoch."""
    n = len(curve)
    return (curve[-1] if n else NAN, curve[best_epoch - 1] if 1 <= best_epoch <= n else NAN,
            float(np.mean(curve[-3:])) if n >= 3 else NAN)


FACTS = (("params", "params", 1.0), ("multiply_adds", "multiply_adds", 1.0), ("memory_mb", "memory_bytes", 1e6))  # column, attribute, unit


def _edges(name, curve):
    """Of a curve its first and its last value, as columns."""
    n = len(curve)
    return {name + "_first": curve[0] if n else NAN, name + "_last": curve[-1] if n else NAN}


def of_run(facts, epochs):
    """The row of /trials that a run's own file gives, but for what is made from logits."""
    best = int(facts.get("best_epoch", 0))
    last, at_best, last3 = curve_numbers(epochs.get("top1_test", ()), best)
    row = {"top1_last": last, "top1_best": at_best, "top1_last3": last3,
           "top5_last": curve_numbers(epochs.get("top5_test", ()), best)[0],
           "nll_last": curve_numbers(epochs.get("loss_test", ()), best)[0],
           "epochs": float(facts.get("epochs_done", 0)), "best_epoch": float(best),
           "lss_active_epochs": float(facts.get("lss_active_epochs", 0)),
           "best_on_val": int(facts.get("best_on") == "val"), "is_teacher": 0, "attempts": 1, "teacher": -1}
    seconds = np.asarray(epochs.get("seconds", ()), float)
    rate = np.asarray(epochs.get("samples_per_second", ()), float)
    row["minutes"] = seconds.sum() / 60.0 if len(seconds) else NAN
    row["samples_per_second"] = (rate * seconds).sum() / seconds.sum() if len(rate) == len(seconds) and seconds.sum() > 0 else NAN
    active = np.flatnonzero(np.asarray(epochs.get("lss_active", ()), float) > 0)
    row["lss_start"] = float(active[0] + 1) if len(active) else NAN
    row["top1_val_last"], row["top1_val_best"], _ = curve_numbers(epochs.get("top1_val", ()), best)
    row.update((column, float(facts.get(name, NAN)) / unit) for column, name, unit in FACTS)
    row.update(_edges("temperature", epochs.get("temperature", ())))
    taught = facts.get("teacher_sha256") or facts.get("teacher_logits_sha256")
    for who in ("teacher", "student"):
        for view in ("weak", "strong"):
            name = "swapped_%s_%s" % (who, view)
            curve = epochs.get(name, ()) if taught or who == "student" else ()  # files of earlier builds hold 0 there
            row.update(_edges(name, curve))
            row[name + "_start"] = curve[active[0]] if len(active) and len(curve) else NAN
    return row
