"""docs/policies.md: every row names a test that is registered, and what no other test holds is looked at here:
MPI_COMM_WORLD is only duplicated, the licence is the same everywhere, public headers declare names of sld's alone, nothing of others
is shipped along."""
import os
import re
import sys

from pages import files, text_of

# Calls that may name the world: what is sent travels on a duplicate. MPI_Abort before there is one.
WORLD = {"MPI_Comm_dup", "MPI_Comm_rank", "MPI_Comm_size", "MPI_Comm_set_errhandler", "MPI_Abort"}
UNHELD = {"M5", "M10"}  # of people and places, which no test can hold
wrong = []


def rows():
    section = text_of("docs/policies.md")
    return [[c.strip() for c in line.strip("|").split("|")] for line in re.findall(r"^\| M\d+ .*$", section, re.M)]


def code(name):
    return re.sub(r"/\*.*?\*/|\"(?:\\.|[^\"\\])*\"", "", text_of(name), flags=re.S)


def check_rows(everything):
    registered = {os.path.splitext(os.path.basename(n))[0] for n in everything if n.startswith("tests/")} | {"check_layers"}
    table = rows()
    if [int(r[0].split()[0][1:]) for r in table] != list(range(1, 18)):
        wrong.append("docs/policies.md: expected M1 to M17, got %s" % [r[0] for r in table])
    for row in table:
        number, held = row[0].split()[0], re.findall(r"[\w/.]+", row[2])
        for word in held:
            if word not in registered and word not in everything:
                wrong.append("docs/policies.md: %s: held by %s, which is no test and no file" % (number, word))
        if not held and number not in UNHELD:
            wrong.append("docs/policies.md: %s: names no test" % number)
    return len(table)


def check_world(everything):
    n = 0
    for name in (f for f in everything if re.match(r"(src|include)/.*\.[ch]$", f)):
        for m in re.finditer(r"(\w+)\([^;()]*\bMPI_COMM_WORLD\b", code(name)):
            n += 1
            if m.group(1) not in WORLD:
                wrong.append("%s: %s() on MPI_COMM_WORLD" % (name, m.group(1)))
    return n


def check_names(everything):
    n = 0
    for name in (f for f in everything if f.startswith("include/sld/")):
        text = re.sub(r"^[ \t]*#[ \t]*define[ \t]+(\w+)(?:.*\\\n)*.*$", lambda m: check_macro(name, m.group(1)), code(name), flags=re.M)
        for m in re.finditer(r"^[a-z][\w \t*]*?\**\b(\w+)\([^;{}]*\)[^;{}]*;", text, re.M):
            n += 1
            if not m.group(1).startswith(("sld_", "__attribute__")):
                wrong.append("%s: declares %s" % (name, m.group(1)))
    return n


def check_macro(name, macro):
    if not macro.startswith("SLD_"):
        wrong.append("%s: defines %s" % (name, macro))
    return ""


def check_licence(everything):
    for name, mark in (("LICENSE", "MIT License"), ("CITATION.cff", "license: MIT"), ("packaging/spack/packages/sld/package.py", 'license("MIT")')):
        if mark not in text_of(name):
            wrong.append("%s: expected %s" % (name, mark))
    for name in everything:
        if re.search(r"(^|/)(third_party|vendor|external|extern|deps)/|\.patch$", name):
            wrong.append("%s: others' code is linked from outside, not shipped" % name)


def main():
    everything = files()
    counts = [check_rows(everything), check_world(everything), check_names(everything)]
    check_licence(everything)
    if 0 in counts:
        wrong.append("docs_policies: found nothing of a kind: it looks in the wrong place")
    print("%d policies, %d uses of MPI_COMM_WORLD, %d public functions, %d wrong" % (*counts, len(wrong)))
    print("\n".join(wrong))
    sys.exit(1 if wrong else 0)


main()
