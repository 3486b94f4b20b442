"""arms.py: the arms of a sweep by the names that a spec may have for them. A label that shares another arm's trials stands for that arm; a
value without a label is lr=0.05 or train.lr=0.05, whichever form the arm's own name has."""
import re
from collections import namedtuple

Cell = namedtuple("Cell", "name labels arm")  # name: as the spec may say; labels: {axis_NAME: label}; arm: the one that has the trials
SEPARATORS = (" ", " / ", " | ", " & ", " + ", " ~ ")  # one of them stands between the labels of a sweep's arms


def column_of(axis):
    return "axis_" + str(axis).replace("/", "_")


def cells(study):
    """Of the grid, those that have trials, done or not: each arm, and each label of another arm's trials."""
    t = study.trials
    columns = {c: list(t[c]) for c in t.columns if c.startswith("axis_")}
    own = {arm: i for i, (arm, is_teacher) in enumerate(zip(t["arm"], t["is_teacher"])) if not is_teacher}
    shared = [(label, study.source.same_axes[label], arm) for label, arm in study.twins.items()]
    return [Cell(arm, {c: values[i] for c, values in columns.items()}, arm) for arm, i in own.items()] + [
        Cell(label, {c: at[c] for c in columns}, arm) for label, at, arm in shared if set(columns) <= set(at)]


def called(study, name):
    """The arm that a name stands for, or the name itself."""
    for cell in study.cells:
        if cell.name == name:
            return cell.arm
    other = {cell.arm for cell in study.cells if re.fullmatch(either_form(cell) or "(?!)", name)}
    return other.pop() if len(other) == 1 else study.twins.get(name, name)


def either_form(cell):
    """An expression for a cell's name whose values have the whole keys of their options or the last words alone."""
    for separator in SEPARATORS:
        rest, out = cell.name, ""
        for k, (column, label) in enumerate(cell.labels.items()):
            key = column[len("axis_"):]
            last = key.rsplit(".", 1)[-1]
            between = separator if k else ""
            heads = [between + head for head in (key + "=", last + "=", "") if rest.startswith(between + head + label)]
            if not heads:
                break
            rest = rest[len(heads[0] + label):]
            out += re.escape(between) + ("(?:%s|%s)=" % (re.escape(key), re.escape(last)) if heads[0] != between else "") + re.escape(label)
        else:
            if not rest:
                return out
    return ""
