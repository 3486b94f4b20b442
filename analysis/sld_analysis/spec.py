"""spec.py: the spec of a sweep as sld reads it: a scalar is the text that stands there. YAML 1.1 would make no, 1.0, 010 and 1:30 other
values, and an arm may have any of them for its name."""
from .needs import need

yaml = need("yaml")
Loader = getattr(yaml, "CBaseLoader", yaml.BaseLoader)


def read(text):
    """(the map of a spec, what keeps it from being read). Without text the map is empty: single runs have no spec."""
    if not text.strip():
        return {}, ""
    try:
        node = yaml.load(text, Loader=Loader)
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        return {}, "expected YAML, got something else: %s" % " ".join(str(error).split())
    if not isinstance(node, dict):
        return {}, "expected keys with values, got %s" % ("a list" if isinstance(node, list) else "a single value")
    return node, ""


def texts(value):
    """What a text or a list of texts names, each once."""
    return list(dict.fromkeys(str(v) for v in (value if isinstance(value, list) else [value])))


def axis_labels(spec, axis):
    """Labels of an axis in their order; none where the spec does not tell."""
    axes = spec.get("axes")
    values = axes.get(axis) if isinstance(axes, dict) else None
    return [v for v in values if isinstance(v, str)] if isinstance(values, (dict, list)) else []
