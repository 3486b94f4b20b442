"""merge_check.py: whether packed studies are parts of one: the same claims, axes and data, and under one label one experiment."""
import itertools
import os

from . import options
from .errors import StudyError
from .needs import need

np = need("numpy")

ONE_SPEC = "parts of one study have one spec, but for seeds and paths: give it to `sld sweep` for both folders, and pack again"
ONE_DATA = "parts of one study are trained on the same data: train the arm on it, and pack again"
ONE_ARM = "trials of one arm differ in seed and paths alone: train them alike, or give the other arm another label in its spec, and pack again"
ONE_LABEL = "one trial has one label in all parts: give both folders one spec, and pack again"
MAX_OPTIONS_NAMED = 6  # options in a message


def check(parts):
    for a, b in itertools.combinations(parts, 2):
        if os.path.samefile(a.path, b.path):
            raise StudyError("%s: expected different files, got %s twice; name it once" % (b.path, a.path))
        check_pair(a, b)
        check_labels(a, b)
        check_experiments(a, b)
    made = {sha: part.own[k].id for part in parts for sha, k in taught(part) if sha and k >= 0}
    for a, b in itertools.combinations(parts, 2):
        check_teachers(a, b, made)


def same(first, other, key, a, b, cure):
    if a != b:
        shown = [str(v) if len(str(v)) < 200 else str(v)[:200] + " ..." for v in (a, b)]
        raise StudyError("%s: %s: expected that of %s, %s, got %s; %s" % (other.path, key, first.path, shown[0], shown[1], cure))


def check_pair(a, b):
    same(a, b, "form", *("compact" if part.compact else "full" for part in (a, b)),
         "`sld report DIR --pack FILE --compact` of each makes all compact, without --compact all full")
    same(a, b, "baseline", a.baseline, b.baseline, ONE_SPEC)
    if a.fault or b.fault:
        same(a, b, "spec", a.spec_text, b.spec_text, "it cannot be read to compare its claims (%s); %s" % (a.fault or b.fault, ONE_SPEC))
    for key in ("claims", "report"):
        same(a, b, key, a.spec.get(key), b.spec.get(key), ONE_SPEC)
    same(a, b, "axes", *([name[len("axis_"):] for name in part.axes] for part in (a, b)), ONE_SPEC)
    data, others = a.data_of(), b.data_of()
    for arm in data:
        same(a, b, "data_sha256 of arm %s" % arm, data[arm], others.get(arm, data[arm]), ONE_DATA)
    if set(data.values()) == set(others.values()) and len(set(data.values())) == 1:
        if a.class_names and b.class_names:
            same(a, b, "class_name", a.class_names, b.class_names, ONE_DATA)
        if a.test is not None and b.test is not None and a.test.shape == b.test.shape and (a.test != b.test).any():
            raise StudyError("%s: /labels/test: expected those of %s, got others; %s" % (b.path, a.path, ONE_DATA))


# ---- one trial, one label ----

def names(part):
    """{(ID, whether as a teacher): its labels}."""
    out = {}
    for label in part.own + part.also:
        out.setdefault((label.id, label.is_teacher), {})[label.arm] = label
    return out


def check_labels(a, b):
    """A trial may have further labels in one part, such as those of arms that the other has not, but not others."""
    ours, theirs = names(a), names(b)
    for key in ours:
        mine, other = ours[key], theirs.get(key, ours[key])
        if not (set(mine) <= set(other) or set(other) <= set(mine)):
            arm = next(name for name in other if name not in mine)
            raise StudyError("%s: %s %s: trial %s (seed %d): expected the label that %s has for it, %s, got %s; %s" % (
                b.path, "teacher" if key[1] else "arm", arm, key[0], other[arm].seed, a.path, ", ".join(mine), arm, ONE_LABEL))


# ---- one arm, one experiment ----

def experiments(part):
    """{(whether teachers, arm): options of its first trial that has results}."""
    out = {}
    for row in np.flatnonzero(part.valid):
        label = part.own[row]
        if (label.is_teacher, label.arm) not in out:
            found = options.flat(part.configs[row])
            out[label.is_teacher, label.arm] = {k: -1 if k.startswith("seeds.") and v == label.seed else v for k, v in found.items()}
    return out


def counts(key, a, b):
    """Whether an option is more than a seed, a path or a word for others, and decides something in one of the two."""
    return (options.is_column(key) or key.startswith("seeds.")) and key not in ("method", "preset") and (options.lives(key, a) or options.lives(key, b))


def check_experiments(a, b):
    """An option that one of two programs did not know yet is no difference."""
    ours, theirs = experiments(a), experiments(b)
    for key in ours:
        mine, other = ours[key], theirs.get(key, ours[key])
        differ = [k for k in mine if k in other and mine[k] != other[k] and counts(k, mine, other)]
        if differ:
            more = " (it differs in %s too)" % ", ".join(differ[1:MAX_OPTIONS_NAMED]) if differ[1:] else ""
            raise StudyError("%s: %s %s: %s: expected that of %s, %s, got %s%s; %s" % (
                b.path, "teacher" if key[0] else "arm", key[1], differ[0], a.path, shown(mine[differ[0]]), shown(other[differ[0]]), more, ONE_ARM))


def shown(value):
    if isinstance(value, bool):
        return str(value).lower()
    return "[%s]" % ", ".join(map(str, value)) if isinstance(value, tuple) else str(value)


# ---- one arm, one teacher ----

def taught(part):
    """(SHA-256 of the teacher's weights or logits, its row) of each trial; empty, -1: the part does not say."""
    return [(part.text("teacher_sha256", row) or part.text("teacher_logits_sha256", row), part.index("teacher", row)) for row in range(part.n)]


def teachers(part, made):
    """{arm: (ID of its teacher's trial, which of its files, their SHA-256)} of arms with results; made: {SHA-256: ID}."""
    out = {}
    for row, (sha, k) in enumerate(taught(part)):
        if sha and part.valid[row]:
            weights = os.path.basename(str(options.flat(part.configs[row]).get("teacher.weights", ""))) if k >= 0 else ""
            out.setdefault(part.own[row].arm, (part.own[k].id if k >= 0 else made.get(sha, ""), weights, sha))
    return out


def check_teachers(a, b, made):
    """A teacher that both trained is one by its ID, as processors give other bits; one from a file by its weights."""
    ours, theirs = teachers(a, made), teachers(b, made)
    for arm in ours:
        (mine, file, sha), (other, their_file, their_sha) = ours[arm], theirs.get(arm, ours[arm])
        if mine and other:
            same(a, b, "teacher of arm %s" % arm, mine, other, ONE_ARM)
            if file and their_file:
                same(a, b, "weights of the teacher of arm %s" % arm, file, their_file, ONE_ARM)
        else:
            same(a, b, "teacher_sha256 of arm %s" % arm, sha, their_sha, ONE_ARM)
