"""A sweep that runs is changed from another shell: it takes up a point that was added, and stops one that is skipped, with its
checkpoint kept. Its page is right while it runs, after a trial went wrong, after its end, and after it was killed."""
import os
import re
import signal

from harness import check, ended, expect, in_folder, said, sld, wait_for, write
from sweep_harness import beats, no_process_left, start_sweep, status, sweep

SPEC = """
name: live
base: {method: none, student: {network: resnet8}, train: {batch: 16}, synthetic: {train: 32, test: 16},
       run: {checkpoint_minutes: 0.001}}
axes: {arm: {%s}}
launch: {lease_s: 1, slots: 1, ranks: 1, grow_s: 0}
"""
LONG, SHORT, WILD = "long: {train.epochs: 100000}", "short: {train.epochs: 2}", "wild: {train.epochs: 2, train.lr: 1000}"


def replace(path, text):
    """At one stroke: nobody sees the file empty."""
    write(path + ".new", text)
    os.replace(path + ".new", path)


def page(folder):
    """(text, whether a browser is to ask again) of the page as it stands."""
    expect(sld("report", folder, "--html", "page.html", ranks=0), 0)
    return shown("page.html")


def shown(path):
    with open(path, encoding="utf-8") as f:
        page = f.read()
    return re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", page.split("</style>")[1])), 'http-equiv="refresh"' in page


def check_killed():
    """A coordinator that is gone has no trial at work: the page says so as soon as sld status does."""
    write("killed.yaml", (SPEC % LONG).replace("name: live", "name: killed"))
    process = start_sweep("killed.yaml", log="killed.log")
    wait_for("a trial at work", lambda: os.path.exists("runs/killed/points") and status("runs/killed")["running"] == 1
             and status("runs/killed")["trials"][0].get("epoch", 0) > 1, process)
    check("1 trial: 1 running" in page("runs/killed")[0], "at work")
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    wait_for("nobody at work", lambda: status("runs/killed")["running"] == 0)
    text, again = page("runs/killed")
    check("1 trial: 1 waiting" in text and "Running" not in text and "busy" not in text and again, "nobody at work, a trial to come", text)
    no_process_left("runs/killed")


def main():
    write("live.yaml", SPEC % LONG)
    write("more.yaml", SPEC % ", ".join((LONG, SHORT, WILD)))
    process = start_sweep("live.yaml")
    wait_for("a trial at work", lambda: os.path.exists("runs/live/points") and status("runs/live")["running"] == 1
             and status("runs/live")["trials"][0].get("epoch", 0) > 1, process)
    long = status("runs/live")["trials"][0]["id"]
    text, again = page("runs/live")
    check("1 trial: 1 running" in text and "1 core busy" in text and again and re.search(r"Running .* long 1 \d+ of 100000", text), text)

    points = open("runs/live/points").read()
    replace("runs/live/points", "half of a")  # as a file system may show it, or an editor leave it
    seen = beats("runs/live")
    wait_for("more beats", lambda: beats("runs/live") > seen + 4, process)
    check(said(process).count("goes on with the points that it has") == 1, "told once, not at every beat", said(process))
    replace("runs/live/points", points)

    expect(sweep("more.yaml", "--no-run"), 0)
    check(status("runs/live")["points"] == 3 and process.poll() is None, "added beside the sweep", said(process))
    expect(sweep("runs/live", "--retry", long, "--no-run"), 2, "got one that runs")  # nothing to try again
    expect(sweep("runs/live", "--skip", long[:6], "--no-run"), 0, "long seed 1 (%s) is skipped; --retry %s takes it back" % (long, long))

    done = ended(process)  # the trial without an end is stopped, the point that came in trained
    expect(done, 0, "now 3, before 1", "skipped: stopped and saved", "done short")
    now = status("runs/live")
    check(now["done"] == 1 and now["skipped"] == 1 and now["diverged"] == 1 and now["failed"] == 0, now)
    for text, again in (shown("runs/live/report.html"), page("runs/live")):
        check("3 trials: 1 done, 1 diverged, 1 skipped" in text and "Running" not in text and not again, "the end", text)
        check(re.search(r"Failed, diverged .* wild 1 \w+ diverged", text) and re.search(r" short 1 \d+\.\d\d ", text), "what went wrong", text)
    check(any(name.startswith("ckpt") for name in os.listdir("runs/live/trials/" + long)), "its checkpoint stays")
    no_process_left("runs/live")
    check_killed()


in_folder(main)
