"""tables_cost.py: what training costs: time, parameters, multiply-adds, memory."""
import math

from .table import Table, number, spread

COSTS = (("params", 1e6, 3, "parameters, million"), ("multiply_adds", 1e6, 1, "multiply-adds, million"), ("memory_mb", 1.0, 0, "memory, MB"))


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


def _mean(work, arm, name):
    return work.summary(arm, name).mean if name in work.study.trials else math.nan
