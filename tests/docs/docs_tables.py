"""The tables of pages that repeat what the program knows are complete and right: methods, corrections, data formats, networks.
Who adds one of these and forgets its row fails here. Needs SLD_BINARY."""
import json
import os
import re
import subprocess
import sys

from pages import text_of

SLD = os.environ.get("SLD_BINARY", "sld")
wrong = []


def said(*args):
    env = dict(os.environ, OMPI_ALLOW_RUN_AS_ROOT="1", OMPI_ALLOW_RUN_AS_ROOT_CONFIRM="1", NO_COLOR="1",
               OMPI_MCA_ess_singleton_isolated="1")
    done = subprocess.run([SLD] + list(args), env=env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, timeout=120)
    return done.stdout.decode()


def rows(page, section):
    """The cells of the first table in a section of a page, without its head."""
    text = re.split(r"^## %s$" % re.escape(section), text_of(page), flags=re.M)[1]
    table = re.search(r"(?:^\|.*\n)+", re.split(r"^## ", text, flags=re.M)[0], re.M).group(0)
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in table.strip().split("\n")[2:]]


def compare(place, expected, told):
    for name in sorted(set(expected) - set(told)):
        wrong.append("%s: has no row for %s" % (place, name))
    for name in sorted(set(told) - set(expected)):
        wrong.append("%s: has a row for %s, which sld does not know" % (place, name))


def choices(key):
    """The words that an option takes."""
    line = re.search(r"^  %s +\S+ .*?(\w+(?:\|\w+)+)" % re.escape(key), said("help", "options", "all"), re.M)
    if not line:
        sys.exit("sld help options all: has no line for %s with its words" % key)
    return line.group(1).split("|")


def check_methods():
    place, known = "docs/methods.md, \"Methods\"", {}
    for block in re.split(r"\n\n(?=\S)", said("methods")):
        rate = re.search(r"^    train\.lr: (\S+)", block, re.M)
        if rate:
            known[block.split(":")[0]] = float(rate.group(1))
    told = {row[0]: float(row[-1]) for row in rows("docs/methods.md", "Methods")}
    compare(place, known, told)
    compare(place, choices("method"), told)
    for name in set(known) & set(told):
        if known[name] != told[name]:
            wrong.append("%s: %s: expected the rate %g, got %g" % (place, name, known[name], told[name]))
    return len(known)


def check_networks():
    place = "docs/recipes.md, \"Networks\""
    known = {n["name"]: (n["parameters"], n["multiply_adds"]) for n in json.loads(said("models", "--json"))}
    told = {row[0]: tuple(int(c.replace(",", "")) for c in row[1:3]) for row in rows("docs/recipes.md", "Networks")}
    compare(place, known, told)
    for name in set(known) & set(told):
        if known[name] != told[name]:
            wrong.append("%s: %s: expected %d parameters and %d multiply-accumulates, got %d and %d"
                         % ((place, name) + known[name] + told[name]))
    families = " ".join(row[1] for row in rows("docs/experiment.md", "Networks"))
    compare("docs/experiment.md, \"Networks\"", known, re.findall(r"\w+", re.sub(r"\([^)]*\)", "", families)))
    return len(known)


def main():
    counts = [check_methods(), check_networks()]
    compare("docs/methods.md, \"Corrections\"", choices("correction"), [r[0] for r in rows("docs/methods.md", "Corrections")])
    formats = [name for r in rows("docs/experiment.md", "Data sets") for name in r[0].split(", ")]
    compare("docs/experiment.md, \"Data sets\"", choices("data.format"), formats)
    print("%d methods, %d networks, %d corrections, %d data formats, %d wrong"
          % (*counts, len(choices("correction")), len(formats), len(wrong)))
    print("\n".join(wrong))
    sys.exit(1 if wrong or 0 in counts else 0)


main()
