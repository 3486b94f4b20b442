"""options.py: the resolved configuration of a trial as a flat {"section.key": value}."""
import functools
import re

from .needs import need

yaml = need("yaml")
Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

# Options that say where and how a trial ran, not what it computed.
TECHNICAL = {"name", "preset", "teacher.logits", "teacher.look_ahead", "teacher.logits_budget", "teacher.logits_patience",
             "parallel.cpus", "data.path"}
TECHNICAL_SECTIONS = ("run.",)
# Options that never become a column of a study: they change no result, or are paths, or seeds, which have columns.
NO_COLUMN = (TECHNICAL - {"preset"}) | {"seed", "student.weights", "teacher.weights", "teacher.network", "teacher.logits_files", "lss.allow_inactive",
                                      "parallel.isa"}
NO_COLUMN_SECTIONS = TECHNICAL_SECTIONS + ("seeds.",)


QUOTED = re.compile(r'"((?:[^"\\]|\\.)*)')


def load_yaml(text):
    """A document, or None where it is none."""
    try:
        return yaml.load(text, Loader=Loader)
    except (yaml.YAMLError, ValueError, RecursionError):
        return None


@functools.lru_cache(maxsize=65536)
def _value(text):
    value = load_yaml(text)
    return tuple(value) if isinstance(value, list) else value


def _flatten(node, prefix, out):
    for key, value in node.items():
        if isinstance(value, dict):
            _flatten(value, "%s%s." % (prefix, key), out)
        else:
            out["%s%s" % (prefix, key)] = tuple(value) if isinstance(value, list) else value


def _by_line(text):
    """The form that sld writes: `key: value # unit`, sections indented by two. None where the text has another form. Parsing
    whole documents would be most of the time for thousands of trials; values repeat, so they are parsed once."""
    out, section = {}, ""
    for line in text.splitlines():
        name, colon, rest = line.partition(":")
        inner = name.startswith("  ")
        if not colon or name[2 if inner else 0:3 if inner else 1] in ("", " ", "-", "#", '"', "'", "{"):
            if not line.strip():
                continue
            return None
        if inner and not section:
            return None
        if not inner:
            section = ""
        if not rest.strip():
            if inner:
                return None
            section = name.strip() + "."
            continue
        value = _value(rest.strip())
        if isinstance(value, dict):
            _flatten(value, section + name.strip() + ".", out)
        else:
            out[section + name.strip()] = value
    return out


def flat(text):
    """Every option of a configuration text; empty where it is no configuration."""
    out = _by_line(text)
    if out is None:
        out, node = {}, load_yaml(text)
        if isinstance(node, dict):
            _flatten(node, "", out)
    return {str(k): v for k, v in out.items()}


def texts(text):
    """The same with the values as they stand there, without quotes and units: what a study's columns of options hold."""
    out, section = {}, ""
    for line in text.splitlines():
        key, colon, value = line.strip(" ").partition(":")
        if colon and line[:1] != " " and not value:
            section = key
        elif colon and value[:1] == " ":
            name = section + "." + key if line[:1] == " " and section else key
            out[name] = re.sub(r"\\(.)", r"\1", QUOTED.match(value[1:])[1]) if value[1:2] == '"' else value[1:].partition(" #")[0]
    return out


def is_column(key):
    return key not in NO_COLUMN and not key.startswith(NO_COLUMN_SECTIONS)


def technical(key):
    return key in TECHNICAL or key.startswith(TECHNICAL_SECTIONS)


def has_teacher(o):
    """Whether the objective has a term with the teacher's logits."""
    return any(_number(o.get("kd." + view)) > 0 for view in ("weak", "strong"))


def lives(key, o):
    """Whether an option decides anything beside the others: those of the teacher's term without a teacher do not."""
    if key.startswith("lss.") or key == "student_swap_after":
        return o.get("student_swap") is True
    return has_teacher(o) or not key.startswith(("kd.", "teacher.", "correction", "teacher_swap", "zscore"))


def _number(value):
    return float(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else 0.0


def parts(o):
    """What the method is made of, for ablation tables: {part: bool}."""
    both = all(_number(o.get("ce." + v)) + _number(o.get("kd." + v)) > 0 for v in ("weak", "strong"))
    taught = has_teacher(o)
    student_swap = o.get("student_swap") is True
    return {
        "teacher": taught,
        "two views": both,
        "several T": taught and isinstance(o.get("kd.temperatures"), tuple) and len(o["kd.temperatures"]) > 1,
        "LTS": taught and o.get("correction") == "swap",
        "LSS": student_swap,
        "LSS schedule": student_swap and o.get("student_swap_after") not in (0, 0.0, None),
    }


def difference(a, b):
    """Keys in which two configurations compute another thing: linked and dead options count once or not at all."""
    keys = {k for k in set(a) | set(b) if a.get(k) != b.get(k) and not technical(k) and k not in ("seed", "method")}
    if "correction" in keys:
        keys.discard("teacher_swap")
    for switch, names in ((lambda o: o.get("student_swap") is True, ("lss.", "student_swap_after")),
                          (has_teacher, ("kd.", "teacher.", "correction", "teacher_swap", "zscore"))):
        if switch(a) != switch(b):  # the part as a whole is the one thing that differs
            dead = {k for k in keys if k.startswith(names)}
            keys = (keys - dead) | ({names[0].rstrip(".")} if dead or names[0] == "lss." else set())
            keys.discard("student_swap")
    return sorted(keys)
