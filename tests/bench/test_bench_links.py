"""The virtual clock of links.py counts what a step sends, on a busy computer too: with 50 ms more of latency, and at a ten
thousandth of the rate, a step takes as much longer as its messages and its bytes say."""
import contextlib
import io
import os
import sys
import types

from harness import SLD, check, environment, in_folder

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import links  # noqa: E402

OPTIONS = types.SimpleNamespace(build=os.path.join(os.path.dirname(SLD), "..", ".."), ranks=2, steps=2, folder=".")
# resnet8 without a teacher on two ranks: 14 exchanges for the batch norms of each view, those of both views at the same time, 6 others,
# an agreement; the gradient once and a half, beside it sums and batch norms.
MESSAGES, GRADIENT, SHORT = 14 + 6 + 1, 83892 * 4, 17600


def step_s(us, gigabits):
    return links.over_virtual_link(OPTIONS, "none-resnet8", us, gigabits)["step"] / 1e3


def main():
    os.environ.update(environment())
    near, late, slow = step_s(50000, 100), step_s(100000, 100), step_s(50000, 0.01)
    messages, sent = (late - near) / 0.05, (slow - near) / (8e-7 - 8e-11)
    print("%.2f messages, %.0f bytes" % (messages, sent))
    check(abs(messages - MESSAGES) < 0.4, "messages", messages)  # what the steps themselves differ by: 20 ms
    check(abs(sent / (1.5 * GRADIENT + SHORT) - 1) < 0.05, "bytes", sent)  # the same
    turns = [{"near": {"step": 100.0 + i, "waits": 10.0}, "links": [{"step": 260.0 + i, "waits": 161.0 + i}]} for i in range(3)]
    options = types.SimpleNamespace(links=[(200, 1)], ranks=2, wire=False)
    with contextlib.redirect_stdout(io.StringIO()) as told:
        links.print_pair(options, "vgg13-vgg8", turns)
    check("added 152 (151 to 153) ms, model 195; efficiency 42 (42 to 42), model 34" in told.getvalue(), told.getvalue())


in_folder(main)
