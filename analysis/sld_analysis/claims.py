"""claims.py: contrasts that the spec named beforehand (`claims:`), and the words better, worse and not resolved, which
appear with the test that carries them and nowhere else. A claim is open, and not tested, as long as a trial of its arms is to come:
a look at half the seeds would be one test more.

    claims:
      the swap helps: {arm: SLD, against: KD-PA}
      LTS main effect: {arm: [KD-PA+LTS, SLD], against: [KD-PA, KD-PA+LSS]}      # means of the arms on each side
      LSS main effect: {effect: student_swap}                                    # of an axis with two labels
      both together: {interaction: [teacher_swap, student_swap]}
"""
import math
import re
from collections import namedtuple

from . import stats

Claim = namedtuple("Claim", "name weights text metric")
Judged = namedtuple("Judged", "claim gap p word planned late")  # planned: seeds that all its arms have; late: see late()
LATE = re.compile(r"(?P<name>.*): (?P<what>named|changed|taken out) (?P<when>after \d+ of \d+ trials had ended), \S+")
KEYS = ("arm", "against", "effect", "interaction", "metric")
HIGHER_IS_BETTER = re.compile(r"(top1|top5)_")
LOWER_IS_BETTER = re.compile(r"(nll|ece|brier)_|copy_rate$|minutes$")


def by_seed(study, metric="top1_last"):
    """{arm: {seed: value}} of done trials; of a seed that an arm has twice the last (the report warns)."""
    seeds, values, out = study.trials["seed"], study.trials[metric], {}
    for arm, trials in study.arms.items():
        out[arm] = {int(seeds[i]): float(values[i]) for i in trials if math.isfinite(values[i])}
    return out


def planned(study):
    """{arm: {seed: state}} of all trials of students, done or not, in the order of the spec."""
    t, out = study.trials, {}
    for is_teacher, arm, seed, state in zip(t["is_teacher"], t["arm"], t["seed"], t["state"]):
        if not is_teacher:
            out.setdefault(arm, {})[int(seed)] = state
    return out


def _axis_arms(study, axes):
    """{labels of these axes: [arm, ...]}."""
    columns = []
    for axis in axes:
        column = "axis_" + str(axis).replace("/", "_")
        if column not in study.trials:
            raise ValueError("expected an axis of the sweep, got %s" % axis)
        columns.append(study.trials[column])
    out = {}
    for i in range(study.n):
        if not study.trials["is_teacher"][i]:
            out.setdefault(tuple(c[i] for c in columns), {})[study.trials["arm"][i]] = None
    return {labels: list(arms) for labels, arms in out.items()}


def _labels(study, axis):
    """The two labels of an axis, in the order of the spec."""
    column = "axis_" + str(axis).replace("/", "_")
    if column not in study.trials:
        raise ValueError("expected an axis of the sweep, got %s" % axis)
    labels = list(dict.fromkeys(study.trials[column][i] for i in range(study.n) if not study.trials["is_teacher"][i]))
    if len(labels) != 2:
        raise ValueError("effect of %s: expected an axis with two labels, got %d: %s" % (axis, len(labels), ", ".join(labels)))
    return labels


def _side(study, names, key):
    twins = {label: arm for label, _, arm in study.same}
    names = [twins.get(str(n), str(n)) for n in (names if isinstance(names, list) else [names])]
    for name in names:
        if name not in planned(study):
            raise ValueError("%s: expected an arm of the sweep, got %s" % (key, name))
    return names


def _weights(plus, minus):
    out = {a: 1.0 / len(plus) for a in plus}
    for a in minus:
        out[a] = out.get(a, 0.0) - 1.0 / len(minus)
    return out


def _read(study, name, body):
    if not isinstance(body, dict) or not body or set(body) - set(KEYS):
        raise ValueError("expected arm and against, effect, or interaction")
    metric = str(body.get("metric", "top1_last"))
    if metric not in study.trials or study.trials[metric].dtype.kind not in "if":
        raise ValueError("metric: expected a column of numbers, got %s" % metric)
    if "effect" in body:
        axis = body["effect"]
        off, on = _labels(study, axis)
        arms = _axis_arms(study, [axis])
        plus, minus = arms[(on,)], arms[(off,)]
        return Claim(name, _weights(plus, minus), "main effect of %s: %s less %s" % (axis, on, off), metric)
    if "interaction" in body:
        axes = body["interaction"]
        if not isinstance(axes, list) or len(axes) != 2:
            raise ValueError("interaction: expected two axes")
        (a0, a1), (b0, b1) = _labels(study, axes[0]), _labels(study, axes[1])
        arms, weights = _axis_arms(study, axes), {}
        for (a, b), sign in (((a1, b1), 1), ((a0, b0), 1), ((a1, b0), -1), ((a0, b1), -1)):
            for arm in arms.get((a, b), []):
                weights[arm] = sign / len(arms[(a, b)])
        if len({s for s in weights.values()}) < 2 or len(arms) < 4:
            raise ValueError("interaction: not all four cells have arms")
        return Claim(name, weights, "interaction of %s and %s" % tuple(axes), metric)
    if "arm" not in body or "against" not in body:
        raise ValueError("expected both arm and against")
    plus, minus = _side(study, body["arm"], "arm"), _side(study, body["against"], "against")
    return Claim(name, _weights(plus, minus), "%s less %s" % (" and ".join(plus), " and ".join(minus)), metric)


def named(study):
    """Claims of the spec, and [(name, reason)] of those that cannot be judged."""
    found, left = [], []
    claims = study.spec.get("claims")
    if claims is None:
        return found, left
    if not isinstance(claims, dict):
        return found, [("claims", "expected a map of names to contrasts")]
    for name, body in claims.items():
        try:
            found.append(_read(study, str(name), body))
        except ValueError as error:
            left.append((str(name), str(error)))
    return found, left


def late(study):
    """{claim: "named after 12 of 60 trials had ended"} of claims that came, changed or went late, as the sweep's folder noted them: the
    last that happened to each."""
    found = (LATE.fullmatch(line) for line in study.source.late_text.splitlines())
    return {m["name"]: "%s %s" % (m["what"], m["when"]) for m in found if m}


def word(gap, p, metric="top1_last"):
    """What a test lets one say. p: of that test, corrected."""
    if gap.n < 2:
        return "not tested: %d seed%s in common" % (gap.n, "" if gap.n == 1 else "s")
    if gap.sd == 0.0:
        return "not tested: no spread between seeds"
    if math.isnan(p):
        return "not tested"
    if p < stats.ALPHA:
        if HIGHER_IS_BETTER.match(metric):
            return "better" if gap.mean > 0 else "worse"
        if LOWER_IS_BETTER.match(metric):
            return "better" if gap.mean < 0 else "worse"
        return "larger" if gap.mean > 0 else "smaller"  # of memory, swaps or gradients nobody said which is wanted
    return "not resolved (resolves %.2f)" % gap.resolves


def _state(plan, claim):
    """Seeds that all arms of a claim have, and those of them that wait or run in one."""
    arms = [plan[a] for a in claim.weights]
    seeds = set.intersection(*(set(a) for a in arms))
    return seeds, {s for s in seeds if any(a[s] in ("waiting", "running") for a in arms)}


def judge(study):
    """Every claim with its gap, its p after Holm's correction over all claims, and the word. An open claim has no p."""
    claims, left = named(study)
    plan = planned(study)
    found, states = [], [_state(plan, c) for c in claims]
    gaps = []
    for c, (_, to_come) in zip(claims, states):
        values = by_seed(study, c.metric)
        gap = stats.contrast(c.weights, {a: values.get(a, {}) for a in c.weights})
        gaps.append(gap._replace(p=math.nan, p_flip=math.nan) if to_come else gap)
    adjusted, came = stats.holm([g.p for g in gaps], len(claims)), late(study)
    for c, g, p, (seeds, to_come) in zip(claims, gaps, adjusted, states):
        said = "open: %d of %d seeds" % (g.n, len(seeds)) if to_come else word(g, p, c.metric)
        found.append(Judged(c, g, float(p), said, len(seeds), came.get(c.name, "")))
    return found, left
