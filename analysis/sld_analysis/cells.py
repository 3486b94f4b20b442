"""cells.py: trials that differ in chosen options alone. The mean at a value of an option is over whatever trials have that value:
values are compared only over cells, all else and the seed alike, that every value has."""
from collections import namedtuple

from . import options as options_of

# values: {values of the options: {cell: [top-1 of its trials]}}, of the cells that all values have; apart: what else differs within a
# cell, empty where nothing does; unused: trials outside.
Cells = namedtuple("Cells", "values n apart unused")
LINKED = ({"correction", "teacher_swap"},)
OF_DATA = ("data.", "synthetic.")
PARTS = {"student_swap": ("lss.", "student_swap_after")}  # options that mean something under this one alone


def hashable(value):
    return tuple(value) if isinstance(value, list) else value


def _rest(o, chosen):
    """All that decides the trial's numbers but the chosen options, those linked to them, and the seed."""
    gone = set(chosen).union({"seed", "method"}, *(group for group in LINKED if group & set(chosen)))
    below = tuple(p for key in chosen for p in PARTS.get(key, ()))
    return frozenset((k, repr(v)) for k, v in o.items()
                     if k not in gone and not k.startswith(below) and not options_of.technical(k) and options_of.lives(k, o))


def _other_axes(work, arms, chosen):
    """The axes that do not decide the chosen options."""
    at, layout = {}, work.layout
    for axis in layout.axes:
        for arm in arms:
            others = tuple(layout.label(arm, a) for a in layout.axes if a != axis)
            at.setdefault((axis, others), set()).add(tuple(hashable(layout.options[arm].get(k)) for k in chosen))
    deciding = {axis for (axis, _), values in at.items() if len(values) > 1}
    return [axis for axis in layout.axes if axis not in deciding]


def _shared(work, arms, chosen, cell_of):
    """{values: {cell: [(arm, top-1)]}} of the cells that all values have."""
    found = {}
    for arm in arms:
        value = tuple(hashable(work.layout.options[arm].get(k)) for k in chosen)
        for trial, top1 in zip(work.arms[arm], work.values(arm, "top1_last")):
            if top1 == top1:
                found.setdefault(value, {}).setdefault(cell_of(arm, trial), []).append((arm, top1))
    shared = set.intersection(*(set(cells) for cells in found.values())) if found else set()
    return {value: {c: cells[c] for c in cells if c in shared} for value, cells in found.items()}, len(shared)


def compare(work, arms, chosen):
    """Cells in which only the chosen options differ; where no cell is common to all values, cells of the other axes and the seed, with
    what else differs within them; n is 0 where neither has a common cell."""
    seeds, options = work.study.trials["seed"], work.study.options

    def alike(arm, trial):
        """Two data sets differ in no option but the path: the cell has the data, but where a chosen option makes them."""
        data = "" if any(k.startswith(OF_DATA) for k in chosen) else str(work.study.facts(trial).get("data_sha256") or "")
        return _rest(dict(options.loc[trial].dropna()), chosen), data, int(seeds[trial])
    apart, (values, n) = [], _shared(work, arms, chosen, alike)
    if not n and work.layout.axes:
        axes = _other_axes(work, arms, chosen)
        values, n = _shared(work, arms, chosen, lambda arm, trial: (tuple(work.layout.label(arm, a) for a in axes), int(seeds[trial])))
        apart = _apart(work, values, chosen)
    used = sum(len(found) for cells in values.values() for found in cells.values())
    every = sum(len(work.arms[arm]) for arm in arms)
    return Cells({v: {c: [top1 for _, top1 in found] for c, found in cells.items()} for v, cells in values.items()}, n, apart, every - used)


def _apart(work, values, chosen):
    """Options beside the chosen ones in which arms of one cell differ."""
    by_cell, out = {}, set()
    for cells in values.values():
        for cell, found in cells.items():
            by_cell.setdefault(cell, {}).update((arm, None) for arm, _ in found)
    for arms in {tuple(found) for found in by_cell.values()}:
        for arm in arms[1:]:
            out |= set(options_of.difference(work.layout.options[arms[0]], work.layout.options[arm]))
    linked = set().union(*(group for group in LINKED if group & set(chosen)))
    return sorted({k for k in out if not k.startswith("seeds.")} - set(chosen) - linked - ({"lss"} if "student_swap" in chosen else set()))
