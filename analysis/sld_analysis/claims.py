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

from . import contrasts, metrics, stats

# planned: seeds that all its arms have; late: see late(); skipped: "6 of 26 of its trials were skipped", or an empty text
Judged = namedtuple("Judged", "claim gap p word planned late skipped")
LATE = re.compile(r"(?P<name>.*): (?P<what>named|changed|taken out) (?P<when>after \d+ of \d+ trials had ended), \S+")
BASELINE = "the baseline"  # what a line of late claims calls it
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


def named(study):
    """Claims of the spec, and [(name, reason)] of those that cannot be judged."""
    found, left = [], []
    if study.spec_fault:
        return found, [("claims", "the spec cannot be read: " + study.spec_fault)]
    claims = study.spec.get("claims")
    if claims is None:
        return found, left
    if not isinstance(claims, dict):
        return found, [("claims", "expected a map of names to contrasts")]
    for name, body in claims.items():
        try:
            found.append(contrasts.read(study, name, body))
        except ValueError as error:
            left.append((name, str(error)))
    return found, left


def late(study):
    """{claim: "named after 12 of 60 trials had ended"} of claims that came, changed or went late, as the sweep's folder noted them: the
    last that happened to each."""
    return {name: what for name, what in _late(study).items() if name != BASELINE}


def late_baseline(study):
    """The same of the baseline, where it became other trials; else an empty text."""
    return _late(study).get(BASELINE, "")


def _late(study):
    found = (LATE.fullmatch(line) for line in study.source.late_text.splitlines())
    return {m["name"]: "%s %s" % (m["what"], m["when"]) for m in found if m}


# What a trial needs for a column that not all trials have.
NEEDS = ((re.compile(r"top1_val_"), "a validation split (data.val_fraction)"),
         (re.compile(r"copy_rate"), "test logits of the trial and of its teacher; of a trial without a teacher it is known where the study has one teacher"),
         (re.compile(r"(ece|nll_logits|brier|reliability|resolution)_"), "test logits (run.logits)"),
         (re.compile(r"swapped_|grad_norm_"), "the teacher, the view or the loss that it is measured on"),
         (re.compile(r"lss_|.*_lss_start$"), "the student swap"),
         (re.compile(r"temperature_"), "the method ctkd"), (re.compile(r"teacher_kl_"), "the teacher's test logits"))


def lacking(study, claim, values):
    """Why the arms of a claim have no seed in common, where one of them has no trial that is done or none with this metric."""
    for arm in claim.weights:
        if arm not in study.arms:
            return "no trial of %s is done" % arm
        if not values.get(arm):
            needs = next((": it needs " + needs for of, needs in NEEDS if of.match(claim.metric)), "")
            return "no trial of %s has %s%s" % (arm, claim.metric, needs)
    return ""


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
    return "not resolved (resolves %.*f)" % (digits(gap, metric), gap.resolves)


def digits(gap, metric):
    """Behind the point, of all that is printed of a gap on a metric."""
    return metrics.digits(metric, gap.high - gap.low, gap.mean)


def _state(plan, claim):
    """Seeds that all arms of a claim have, and those of them that wait or run in one."""
    arms = [plan[a] for a in claim.weights]
    seeds = set.intersection(*(set(a) for a in arms))
    return seeds, {s for s in seeds if any(a[s] in ("waiting", "running") for a in arms)}


def _skipped(plan, claim):
    """Whoever skips trials after a look at the others chooses when the test ends."""
    states = [state for a in claim.weights for state in plan[a].values()]
    n = states.count("skipped")
    return "%d of %d of its trials %s skipped" % (n, len(states), "was" if n == 1 else "were") if n else ""


def judge(study):
    """Every claim with its gap, its p after Holm's correction over all claims, and the word. An open claim has no p."""
    claims, left = named(study)
    plan = planned(study)
    found, states = [], [_state(plan, c) for c in claims]
    gaps, lacks = [], []
    for c, (_, to_come) in zip(claims, states):
        values = by_seed(study, c.metric)
        gap = stats.contrast(c.weights, {a: values.get(a, {}) for a in c.weights})
        gaps.append(gap._replace(p=math.nan, p_flip=math.nan) if to_come else gap)
        lacks.append("" if gap.n else lacking(study, c, values))
    adjusted, came = stats.holm([g.p for g in gaps], len(claims)), late(study)
    for c, g, p, (seeds, to_come), lack in zip(claims, gaps, adjusted, states, lacks):
        said = "open: %d of %d seeds" % (g.n, len(seeds)) if to_come else "not tested: " + lack if lack else word(g, p, c.metric)
        found.append(Judged(c, g, float(p), said, len(seeds), came.get(c.name, ""), _skipped(plan, c)))
    return found, left
