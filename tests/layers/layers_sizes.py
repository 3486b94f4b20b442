"""layers_sizes.py [TREE]: what a reader takes in at one sitting. In src/ and include/ no function has more than eight parameters
(a struct has names), no file more than 450 lines, and no .c file fewer than 30 without a reason here."""
import os
import re
import sys

ROOT = sys.argv[1] if len(sys.argv) > 1 else os.path.abspath(os.path.join(os.path.dirname(__file__), "..", ".."))
PARAMETERS, LARGEST, SMALLEST = 8, 450, 30

# Loops of the kernels, inlined for constants that stand in the call; batch norm's arrays, each with a shape of its own; an image
# as (H,W,C), which every function of augmentation takes in this order.
MANY = {
    "sum_tile": "inlined", "sum": "inlined", "rank1_tile": "inlined", "rank1_update": "inlined", "multiply_by": "inlined",
    "multiply_gradient_by": "inlined", "sld_bn_backward_sums": "arrays", "sld_bn_backward_data": "arrays",
    "sld_augment_view": "(H,W,C)", "sld_aug_resize": "(H,W,C)", "cut": "(H,W,C)",
}

# One idea that is no part of its neighbours', all of it.
IDEAS = {
    "src/base/fault.c": "faults that tests ask for",
    "src/cli/embedded_find.c": "finds what the build embeds", "src/cli/verbs.c": "the list of verbs",
    "src/comm/mpirun.c": "how this MPI's launcher is called",
    "src/learn/finite.c": "is every value finite", "src/nn/zoo/vgg.c": "a network a file",
    "src/report/stable.c": "names of the teacher term over all arms",
    "src/store/publish.c": "a document becomes a file", "src/trial/stop.c": "requests to stop or save",
}
# Headers may be as short as what their files share.

wrong = []


def code(text):
    return re.sub(r"/\*.*?\*/|//[^\n]*", lambda m: "\n" * m.group(0).count("\n"), text, flags=re.S)


def parameters(text):
    """(name, number) of every function that is declared or defined."""
    for m in re.finditer(r"^(?:static |extern |inline |[A-Z_]+ )*[A-Za-z_][\w *]*?\b(\w+)\(", text, re.M):
        depth, number, at = 1, 1, m.end()
        while depth and at < len(text):
            depth += {"(": 1, ")": -1}.get(text[at], 0)
            number += text[at] == "," and depth == 1
            at += 1
        if re.match(r"\s*(\{|;|__attribute__)", text[at:]):
            yield m.group(1), number


def check(name, text):
    lines = text.count("\n")
    if lines > LARGEST:
        wrong.append("%s: expected at most %d lines, got %d; it holds more than one idea" % (name, LARGEST, lines))
    if lines < SMALLEST and name.endswith(".c") and name not in IDEAS:
        wrong.append("%s: expected at least %d lines, got %d; merge it, or give the reason in IDEAS" % (name, SMALLEST, lines))
    for function, number in parameters(code(text)):
        if number > PARAMETERS and function not in MANY:
            wrong.append("%s: %s(): expected at most %d parameters, got %d; give it a struct" % (name, function, PARAMETERS, number))
        if function in MANY:
            seen[function] = max(seen.get(function, 0), number)


seen, n = {}, 0
for top in ("include", "src"):
    for folder, folders, names in os.walk(os.path.join(ROOT, top)):
        for base in sorted(names):
            if base.endswith((".c", ".h")):
                path = os.path.join(folder, base)
                n += 1
                check(os.path.relpath(path, ROOT), open(path, encoding="utf-8").read())
if len(sys.argv) < 2:  # a reason that nothing needs any more
    for function in MANY:
        if seen.get(function, 0) <= PARAMETERS:
            wrong.append("MANY: %s has no more than %d parameters any more; take it out" % (function, PARAMETERS))
    for name in IDEAS:
        path = os.path.join(ROOT, name)
        if not os.path.exists(path) or open(path, encoding="utf-8").read().count("\n") >= SMALLEST:
            wrong.append("IDEAS: %s is not there, or is no longer small; take it out" % name)
print("\n".join(wrong))
print("sizes: %d files, %d wrong" % (n, len(wrong)))
sys.exit(1 if wrong or n == 0 else 0)
