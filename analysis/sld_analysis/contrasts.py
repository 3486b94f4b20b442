"""contrasts.py: what a claim compares: weights of arms."""
from collections import namedtuple
from fractions import Fraction

from .arms import called, column_of
from .spec import axis_labels, texts

Claim = namedtuple("Claim", "name weights text metric")
KEYS = ("arm", "against", "effect", "interaction", "metric")


def two_labels(study, axis):
    """The two labels of an axis, in the order of the spec."""
    column = column_of(axis)
    if column not in study.trials:
        raise ValueError("expected an axis of the sweep, got %s" % axis)
    labels = list(dict.fromkeys(cell.labels[column] for cell in study.cells))
    if len(labels) != 2:
        raise ValueError("effect of %s: expected an axis with two labels, got %d: %s" % (axis, len(labels), ", ".join(labels)))
    order = axis_labels(study.spec, axis)
    return sorted(labels, key=order.index) if set(labels) <= set(order) else labels


def without_zeros(weights):
    """As floats; an arm that counts as much on one side as on the other is out of the contrast."""
    kept = {arm: float(w) for arm, w in weights.items() if w}
    if not kept:
        raise ValueError("both sides are the same trials: there is nothing to compare")
    return kept


def sides(plus, minus):
    """The mean of the arms of one side less that of the other, each arm once."""
    weights = {}
    for arms, sign in ((plus, 1), (minus, -1)):
        for arm in arms:
            weights[arm] = weights.get(arm, 0) + Fraction(sign, len(arms))
    return without_zeros(weights)


def over_cells(found, axes, signs):
    """signs: {labels on these axes: 1 or -1}. The sum with these signs, as a mean over the cells of the other axes that have all those
    labels; and how many such cells there are, of how many."""
    columns, rests = [column_of(axis) for axis in axes], {}
    for cell in found:
        rest = tuple((c, label) for c, label in cell.labels.items() if c not in columns)
        rests.setdefault(rest, {})[tuple(cell.labels[c] for c in columns)] = cell.arm
    whole, weights = [arms for arms in rests.values() if set(signs) <= set(arms)], {}
    for arms in whole:
        for labels, sign in signs.items():
            weights[arms[labels]] = weights.get(arms[labels], 0) + Fraction(sign, len(whole))
    if not whole:
        raise ValueError("no cell of the other axes has an arm with each of %s: the sweep leaves them out" % ", ".join(
            " ".join(labels) for labels in signs))
    return without_zeros(weights), "" if len(whole) == len(rests) else ", over the %d of %d cells that have %s" % (
        len(whole), len(rests), "both" if len(signs) == 2 else "all four")


def _effect(study, axis):
    if not isinstance(axis, str):
        raise ValueError("effect: expected an axis")
    off, on = two_labels(study, axis)
    weights, of = over_cells(study.cells, [axis], {(on,): 1, (off,): -1})
    return weights, "main effect of %s: %s less %s%s" % (axis, on, off, of)


def _interaction(study, axes):
    if not isinstance(axes, list) or len({str(a) for a in axes}) != 2 or len(axes) != 2:
        raise ValueError("interaction: expected two axes, one and another")
    (a0, a1), (b0, b1) = (two_labels(study, axis) for axis in axes)
    weights, of = over_cells(study.cells, axes, {(a1, b1): 1, (a0, b0): 1, (a1, b0): -1, (a0, b1): -1})
    return weights, "interaction of %s and %s%s" % (axes[0], axes[1], of)


def _side(study, names, key):
    """The arms of one side, each once."""
    arms, there = list(dict.fromkeys(called(study, name) for name in texts(names))), {cell.arm for cell in study.cells}
    for arm in arms:
        if arm not in there:
            raise ValueError("%s: expected an arm of the sweep, got %s" % (key, arm))
    return arms


def read(study, name, body):
    """The claim, or a ValueError that says why it is none."""
    if not isinstance(body, dict) or not body or set(body) - set(KEYS):
        raise ValueError("expected arm and against, effect, or interaction")
    metric = str(body.get("metric", "top1_last"))
    if metric not in study.trials or study.trials[metric].dtype.kind not in "if":
        raise ValueError("metric: expected a column of numbers, got %s" % metric)
    if "effect" in body:
        return Claim(name, *_effect(study, body["effect"]), metric)
    if "interaction" in body:
        return Claim(name, *_interaction(study, body["interaction"]), metric)
    if not body.get("arm") or not body.get("against"):
        raise ValueError("expected both arm and against")
    plus, minus = (_side(study, body[key], key) for key in ("arm", "against"))
    return Claim(name, sides(plus, minus), "%s less %s" % (" and ".join(plus), " and ".join(minus)), metric)
