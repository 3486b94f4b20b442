"""The page of a sweep and its watch: every cell is what sld report prints, whatever names hold; what runs, what failed and why; no
script, no other file; small at 240 trials; readers write nothing."""
import contextlib
import fcntl
import html.parser
import os
import pty
import re
import struct
import subprocess
import termios

import made_sweep
from harness import SLD, check, environment, expect, in_folder, sld, write

EVIL = "<script>alert('1')</script> & \"x\" \x1b[31m"
UTF8 = {"LC_ALL": "C.UTF-8"}


class Page(html.parser.HTMLParser):
    """Tables as lists of rows of texts, and all tags."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.rows, self.text = [], [], ""
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        self.tags.append(tag)
        for key, value in attributes:
            check(not key.startswith("on") and key not in ("src", "href"), "no handler, no other file", key, value)
        if tag == "tr":
            self.rows.append([])
        elif tag in ("td", "th"):
            self.rows[-1].append("")

    def handle_data(self, data):
        self.text += data
        if self.rows and self.rows[-1]:
            self.rows[-1][-1] += data

    def row(self, name):
        return [r for r in self.rows if r and r[0].startswith(name)]


def tree(folder):
    return sorted((os.path.join(d, f), os.stat(os.path.join(d, f)).st_mtime_ns) for d, _, fs in os.walk(folder) for f in fs)


def make():
    made_sweep.small_sweep("made")
    made_sweep.mark("made", "lo0000000003", "failed", "no such file: %s\n" % EVIL)


def page_of(folder, name="page.html"):
    before = tree(folder)
    expect(sld("report", folder, "--html", name, ranks=0), 0, name)
    check(tree(folder) == before, "a reader writes nothing")
    with open(name, encoding="utf-8") as f:
        text = f.read()
    page = Page(text)
    check("script" not in page.tags and "link" not in page.tags and "img" not in page.tags, "self-contained", set(page.tags))
    return page, text


def check_digits():
    """Page and terminal against sld report: the same cells for every arm."""
    page, _ = page_of("made")
    said = expect(sld("report", "made", env=UTF8, ranks=0), 0).out
    shown = expect(sld("status", "made", "--watch", env=UTF8, ranks=0), 0).out
    for arm in ("ce", "kd", "sld", "resnet20"):
        cells = re.split(r"\s{2,}", re.search(r"^(?:teacher )?%s +(.*)$" % arm, said, re.M).group(1).strip())
        found = [c.strip() for c in page.row(arm)[0][1:7]]
        check(found == cells, arm, found, cells)
    check("11 done" in page.text and "1 failed" in page.text and "1 diverged" in page.text, page.text[:600])
    check("no such file: <script>alert('1')</script>" in page.text and "\x1b" not in page.text, "reasons as they are")
    check(re.match(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ made: 13 points: 11 done 1 diverged 1 failed\n$", shown), shown)


def terminal(env, *args):
    """What sld writes on a terminal of 100 columns."""
    leader, follower = pty.openpty()
    fcntl.ioctl(follower, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 100, 0, 0))
    process = subprocess.Popen([SLD, *args], env=environment(dict(UTF8, TERM="xterm", **env)), stdout=follower)
    os.close(follower)
    out = b""
    with contextlib.suppress(OSError):  # the terminal is gone
        for part in iter(lambda: os.read(leader, 65536), b""):
            out += part
    os.close(leader)
    check(process.wait() == 0, out)
    return out.decode().replace("\r\n", "\n")


def check_screen():
    """On a terminal: curves of each arm with the cells of sld report; no colour where NO_COLOR asks for none."""
    plain, coloured = (terminal({"NO_COLOR": none}, "status", "made", "--watch") for none in ("1", ""))
    check("59.00 ± 0.50" in plain and "+2.00 ± 1.24" in plain and "baseline" in plain, plain)
    check(re.search("[\u2801-\u28ff]", plain) and "\x1b[3" not in plain and "\x1b[34m" in coloured, "braille, and colour", plain)
    check("last events" in plain and "seed 3: no such file: <script>" in plain and "\x1b[31m &" not in coloured, plain)
    check(max(len(line) for line in plain.splitlines() if "no such file" not in line) <= 100, "100 columns", plain)


def check_size():
    """240 trials of 40 arms with 240 epochs."""
    trials = [made_sweep.Trial("%012x" % (i + 1), "arm %d" % (i // 6), 1 + i % 6, [50 + 20 * (1 - 0.98 ** e) + i % 7 for e in range(240)])
              for i in range(240)]
    made_sweep.write_sweep("large", trials, baseline="arm 0", logits=False)
    page, text = page_of("large", "large.html")
    check(len(text.encode()) < 300000 and len(page.row("arm ")) == 40, len(text), len(page.row("arm ")))
    check(text.count("<circle") == 240, "a dot a seed")


def check_facts():
    """What was trained, on what and by what: each value once."""
    trials = [made_sweep.Trial("f%s%010d" % (n[-1], s), n, s, [50.0], experiment="method: kd\nstudent:\n  network: %s\ntrain:\n  epochs: 1 # epoch\n" % n,
                               data="cifar100", version="9.9 (%s)" % EVIL) for n in ("resnet8", "resnet20") for s in (1, 2)]
    made_sweep.write_sweep("facts", trials)
    page, _ = page_of("facts", "facts.html")
    check("Data: cifar100. Networks: resnet8, resnet20. Methods: kd. Epochs: 1. Trained by sld 9.9 (<script>" in page.text, page.text[:400])


def check_left_out():
    """Arms without a curve on the page are told, and only where there are any."""
    for name, arms, teachers in (("few", 2, 2), ("many", 9, 0), ("most", 8, 1)):
        made_sweep.write_sweep(name, [made_sweep.Trial("%s%s%010d" % (name[0], kind[0], i), "%s %d" % (kind, i), 1, [50.0 + i], is_teacher=kind == "teacher")
                                      for kind, n in (("arm", arms), ("teacher", teachers)) for i in range(n)])
        _, text = page_of(name, name + ".html")
        check(("the best arms are shown" in text) == (arms > 8), name, "arms left out")


def check_refusals():
    write("mine.html", "mine")
    expect(sld("report", "made", "--html", "mine.html", ranks=0), 2, "mine.html")
    expect(sld("report", "made", "--html", "mine.html", "--force", ranks=0), 0)
    expect(sld("report", "made", "--html", "mine.html", ranks=0), 0)  # its own
    expect(sld("report", "made", "--html", "made/points", "--force", ranks=0), 2, "made/points")


def main():
    make()
    check_digits()
    check_screen()
    check_size()
    check_facts()
    check_left_out()
    check_refusals()


in_folder(main)
