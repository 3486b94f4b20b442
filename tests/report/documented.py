"""documented.py: the names that docs/files.md explains in the first cells of its tables, to hold what programs write against them."""
import os
import re

PAGE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "docs", "files.md")
PLACEHOLDERS = {"NAME": ".+", "VIEW": "(weak|strong)", "WHO": "(teacher|student)", "SET": "(test_last|test_teacher)", "ID": "[0-9a-z]+"}
WHOLE = ("/trials/NUMBER", "/epoch/COLUMN")  # whose names have a table of their own


def read():
    """[regular expression, ...] of names without their group, and of paths."""
    with open(PAGE, encoding="utf-8") as f:
        page = f.read()
    terms = re.search(r"TERM is ([a-z_, or]+?); VIEW", page.replace("\n", " ")).group(1).replace(" or ", ", ").split(", ")
    placeholders = dict(PLACEHOLDERS, TERM="(%s)" % "|".join(terms))
    out = []
    for line in page.splitlines():
        cell = line.split("|")[1] if line.startswith("| ") else ""
        for name in cell.rsplit(": ", 1)[-1].strip().split(", "):
            if name and name not in WHOLE and re.fullmatch(r"[@/\w]+", name):
                out.append(re.sub("|".join(placeholders), lambda m: placeholders[m.group(0)], name))
    return [re.compile(pattern) for pattern in out]


def missing(names):
    """Those that no table explains. A column of /trials or /epoch may stand by its own name."""
    patterns = read()
    forms = lambda name: (name, "/trials/" + name) if "/" not in name else (name, re.sub("^/(trials|epoch)/", "", name))  # noqa: E731
    return [name for name in names if not any(p.fullmatch(form) for p in patterns for form in forms(name))]
