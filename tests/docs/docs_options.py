"""What is made from the table of options and the verbs is current and works: docs/options.md, help by topic, manual pages,
completion in bash. Needs SLD_BINARY."""
import os
import re
import subprocess
import sys

SLD = os.environ.get("SLD_BINARY", "sld")
ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
wrong = []


def page(*words):
    done = subprocess.run([SLD, "help"] + list(words), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, timeout=60)
    if done.returncode != 0:
        wrong.append("sld help %s: exit %d\n%s" % (" ".join(words), done.returncode, done.stdout.decode()))
    return done.stdout.decode()


def expect(condition, text):
    if not condition:
        wrong.append(text)


def complete(line):
    """What bash offers for the line, whose last word is being typed; = breaks words there, as COMP_WORDBREAKS has it."""
    words = re.findall(r"[^\s=]+|=", line) + ([""] if line[-1] in " " else [])
    script = "%s\nCOMP_LINE=%s; COMP_POINT=${#COMP_LINE}; COMP_WORDS=(%s); COMP_CWORD=%d; _sld; printf '%%s\\n' \"${COMPREPLY[@]}\"" % (
        page("page", "bash"), quote(line), " ".join(quote(w) for w in words), len(words) - 1)
    done = subprocess.run(["bash", "-c", script], stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd="/", timeout=60)
    return set(done.stdout.decode().split())


def quote(text):
    return "'" + text.replace("'", "'\\''") + "'"


def main():
    with open(os.path.join(ROOT, "docs", "options.md"), encoding="utf-8") as f:
        expect(f.read() == page("page", "markdown"),
               "docs/options.md is not what `sld help page markdown` prints; write it anew:\n"
               "    sld help page markdown > docs/options.md")
    keys = re.findall(r"^\| `([a-z_.]+)`", page("page", "markdown"), re.M)
    text = page("options", "all")
    for key in keys:
        expect(re.search(r"^  %s " % re.escape(key), text, re.M), "%s: not in sld help options all" % key)
    manual = page("page", "man")
    for verb in re.findall(r"^  sld (\S+)", page(), re.M):
        expect("sld\\-%s" % verb in manual, "%s: not in sld.1" % verb)
        expect(".SH SYNOPSIS" in page("page", "man-" + verb), "%s: no manual page" % verb)
    expect(re.search(r"^  correction +swap ", page("options", "correction", "method=sld"), re.M),
           "help shows the table's default of correction, not the method's")
    expect(re.search(r"^  correction +none ", page("options", "correction", "method=kd"), re.M),
           "help of method kd: correction none expected")
    for word in ("baseline", "claims", "kd-pa", "import-data"):
        named = re.findall(r"^  page +\S+ +(docs/\S+)$", page(word), re.M)
        expect(named and all(os.path.isfile(os.path.join(ROOT, n)) for n in named),
               "sld help %s: expected a page that is there, got %s" % (word, named or "none"))
    for line, offer in (("sld sw", "sweep"), ("sld run e.yaml correction=sw", "swap"), ("sld run e.yaml train.ep", "train.epochs="),
                        ("sld sweep --pl", "--plan"), ("sld run e.yaml preset=", "cifar100/vgg13-vgg8"),
                        ("sld run e.yaml student.network=wrn_16", "wrn_16_2"), ("sld bench resnet8x", "resnet8x4"),
                        ("sld run e.yaml zscore=", "true")):
        expect(offer in complete(line), "bash offers %s for '%s', expected %s" % (sorted(complete(line))[:5], line, offer))
    print("\n".join(wrong) or "%d options: page, help, manuals and completion agree" % len(keys))
    sys.exit(1 if wrong else 0)


main()
