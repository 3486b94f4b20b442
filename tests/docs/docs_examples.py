"""What pages show can be typed: every `sld VERB` with its flags, every option key, and every YAML example, which sld itself
reads as an experiment or as the spec of a sweep. Needs SLD_BINARY."""
import os
import re
import shutil
import subprocess
import sys
import tempfile

import h5py
import numpy as np

from pages import blocks, commands, pages

SLD = os.path.abspath(shutil.which(os.environ.get("SLD_BINARY", "sld")))
SPEC_KEYS = re.compile(r"^(?:base|axes|teachers|seeds|exclude|baseline|launch|claims|report):", re.M)

wrong = []


def complain(place, text):
    wrong.append("%s: %s" % (place, text))


def run(*args, folder=None):
    env = dict(os.environ, OMPI_ALLOW_RUN_AS_ROOT="1", OMPI_ALLOW_RUN_AS_ROOT_CONFIRM="1", NO_COLOR="1",
               OMPI_MCA_ess_singleton_isolated="1")
    done = subprocess.run([SLD] + list(args), cwd=folder, env=env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, timeout=120)
    return done.returncode, done.stdout.decode(errors="replace")


def known():
    """Verbs with the flags of their help; option keys."""
    verbs = {v: set() for v in re.findall(r"^  sld (\S+)", run("--help")[1], re.M)}
    for verb in verbs:
        verbs[verb] = set(re.findall(r"--[a-z][a-z-]+", run(verb, "--help")[1])) | {"--help"}
    keys = set(re.findall(r"^  ([a-z_]+(?:\.[a-z_]+)?) {2,}\S", run("help", "options", "all")[1], re.M))
    return verbs, keys


def check_commands(name, text, verbs):
    n = 0
    for line, command in commands(text):
        words = command.split()
        place = "%s:%d" % (name, line)
        if len(words) < 2 or words[1].startswith("-") or not re.match(r"[a-z]+$", words[1]):
            continue  # sld --help, sld VERB
        n += 1
        if words[1] not in verbs:
            complain(place, "there is no verb '%s': %s" % (words[1], command))
            continue
        for flag in (w.split("=")[0] for w in words[2:] if w.startswith("--")):
            if flag not in verbs[words[1]]:
                complain(place, "sld %s has no %s: %s" % (words[1], flag, command))
    return n


def check_keys(name, text, keys):
    """`section.option` and `section.option=value` in code spans, and key=value after sld."""
    n, sections = 0, {k.split(".")[0] for k in keys if "." in k}
    for m in re.finditer(r"`([a-z_]+)\.([a-z_]+)(?:[=:][^`]*)?`", text):
        section, option = m.groups()
        if section in sections and option not in ("c", "h", "h5", "py", "yaml", "json"):
            n += 1
            if "%s.%s" % (section, option) not in keys:
                complain("%s:%d" % (name, text[:m.start()].count("\n") + 1), "there is no option %s" % m.group(0))
    for line, command in commands(text):
        for word in command.split():
            m = re.match(r"([a-z_]+)\.([a-z_]+)=", word)
            if m and m.group(1) in sections:
                n += 1
                if "%s.%s" % m.groups() not in keys:
                    complain("%s:%d" % (name, line), "there is no option %s" % word)
    return n


def make_data(block, folder):
    """The HDF5 data sets that a spec names: --plan reads them."""
    for name in re.findall(r"\bdata: \{[^}]*path: (\w+\.h5)", block):
        with h5py.File(os.path.join(folder, name), "w") as f:
            for split in ("train", "test"):
                f[split + "/images"] = np.zeros((10, 32, 32, 3), np.uint8)
                f[split + "/labels"] = np.arange(10)


def check_yaml(name, text, folder):
    n = 0
    for line, block in blocks(text, "yaml"):
        n += 1
        path = os.path.join(folder, "example.yaml")
        with open(path, "w") as f:
            f.write(block)
        make_data(block, folder)
        if SPEC_KEYS.search(block):
            code, said = run("sweep", "example.yaml", "--plan", folder=folder)
        else:
            code, said = run("run", "example.yaml", "--show-config", folder=folder)
        if code != 0:
            complain("%s:%d" % (name, line), "sld refuses the example: %s" % said.strip())
    return n


def main():
    verbs, keys = known()
    counts = [0, 0, 0]
    with tempfile.TemporaryDirectory() as folder:
        for name, text in pages().items():
            counts[0] += check_commands(name, text, verbs)
            counts[1] += check_keys(name, text, keys)
            counts[2] += check_yaml(name, text, folder)
    if 0 in counts or not verbs or not keys:
        complain("docs_examples", "found nothing of a kind: it looks in the wrong place")
    print("%d verbs, %d options; %d commands, %d keys, %d YAML examples, %d wrong" % (
        len(verbs), len(keys), counts[0], counts[1], counts[2], len(wrong)))
    print("\n".join(wrong))
    sys.exit(1 if wrong else 0)


main()
