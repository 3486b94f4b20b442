"""A label whose trial is another arm's stays in what sld_analysis says, and may be the baseline, of one pair of several too: each arm
has the baseline that `sld report` gives it."""
import json

import package  # noqa: F401, the path to what follows

import made_sweep
import sld_analysis
from harness import check, expect, in_folder, sld
from made_sweep import Trial
from sld_analysis.report import Report


def write_same(folder, lines):
    """Adds labels of trials that are there to the points of a sweep."""
    with open(folder + "/points") as f:
        points = f.read().splitlines()
    with open(folder + "/points", "w") as f:
        f.write("\n".join(points[:-1] + lines + points[-1:]) + "\n")


def check_pairs():
    """The student alone is one trial under every teacher: where it is the baseline it is that of each pair."""
    taught = "method: kd\nkd:\n  weak: 0.9\nstudent:\n  network: resnet8\nteacher:\n  network: %s\n"
    trials = [Trial("%s%s%08d" % (pair, arm[0].lower(), seed), "%s %s" % (pair, arm), seed, [50.0, 60.0 + gain + seed * (5 * 2 ** 0.5 if arm == "CE" else 1.0)],
                    [pair, arm],
                    experiment=(taught % pair if arm != "CE" else "method: none\nstudent:\n  network: resnet8\n") + "seed: %d\n" % seed)
              for pair, arm, gain in (("r14", "CE", 0.0), ("r14", "KD", 1.0), ("r20", "KD", 2.0)) for seed in (1, 2)]
    trials += [Trial("r32k%08d" % seed, "r32 KD", seed, [50.0, 60.0], ["r32", "KD"], experiment=taught % "r32") for seed in (1, 2)]
    made_sweep.write_sweep("pairs", trials, baseline="r14 CE", axes=["pair", "method"])
    write_same("pairs", ["same\tr14c%08d\ttrial\t%d\tr20 CE\tr20\tCE" % (seed, seed) for seed in (1, 2)])
    expect(sld("report", "pairs", "--pack", "pairs.h5", ranks=0), 0)
    said = {arm["arm"]: arm.get("baseline") for arm in json.loads(expect(sld("report", "pairs", "--format", "json", ranks=0), 0).out)["arms"]}
    report = Report(sld_analysis.open("pairs.h5"))
    check(said["r20 KD"] == "r20 CE" and said["r32 KD"] is None, "what sld report says", said)
    check(report.work.base_of == {"r14 CE": "r14 CE", "r14 KD": "r14 CE", "r20 KD": "r14 CE"}, report.work.base_of)
    check(any("The arms of r32 have no gap" in w for w in report.warnings), report.warnings)
    # The spread of the student alone counts in each pair that has it: r20's own arm has a deviation of sqrt(1/2), the student of 5.
    lines = [note for note in report.tables["T10"].notes if note.startswith("Deviation over seeds")]
    check([line.split(":")[0].rsplit(" of ", 1)[1] + line.split(":")[1].split(" points")[0] for line in lines] == ["r14 3.57", "r20 3.57"], lines)


def check_teachers_tell():
    """Labels of one network and two teachers are no methods, so that their axis decides the pair."""
    trials = [Trial("%s%s%010d" % (net, arm[0].lower(), seed), "%s %s" % (net, arm), seed, [50.0, 60.0], [net, arm], sha=sha * 64, params=params,
                    experiment="method: kd\nkd:\n  weak: 0.9\n  temperatures: [%d]\nstudent:\n  network: %s\nteacher:\n  network: resnet20\nseed: %d\n"
                    % (len(arm), student, seed))
              for net, student, sha, params in (("a", "resnet8", "a", 8.0), ("b", "resnet8", "b", 8.0), ("c", "resnet14", "a", 14.0))
              for arm in ("T", "more") for seed in (1, 2)]
    made_sweep.write_sweep("nets", trials, baseline="a T", axes=["net", "arm"])
    expect(sld("report", "nets", "--pack", "nets.h5", ranks=0), 0)
    said = {arm["arm"]: arm["baseline"] for arm in json.loads(expect(sld("report", "nets", "--format", "json", ranks=0), 0).out)["arms"]}
    report = Report(sld_analysis.open("nets.h5"))
    check(said["b more"] == "b T" and report.work.base_of == said, said, report.work.base_of)
    check(len(report.tables["T1"].heads) == 4, report.tables["T1"].heads)


def main():
    check_teachers_tell()
    check_pairs()
    trials = [Trial("%s%011d" % (arm[0], seed), arm, seed, [50.0, 60.0 + gain + seed], [arm])
              for arm, gain in (("plain", 0.0), ("other", 2.0)) for seed in (1, 2)]
    made_sweep.write_sweep("made", trials, baseline="twin", axes=["arm"])
    write_same("made", ["same\tp%011d\ttrial\t%d\ttwin\ttwin" % (seed, seed) for seed in (1, 2)])
    expect(sld("report", "made", "--pack", "pack.h5", ranks=0), 0)
    study = sld_analysis.open("pack.h5")
    check(study.same == [("twin", 1, "plain"), ("twin", 2, "plain")] and study.baseline == "plain", study.same, study.baseline)
    report = Report(study)
    facts = dict(report.facts)
    check(facts["labels of other arms' trials"] == "twin is plain", facts)
    check(not any("no gaps" in w for w in report.warnings), report.warnings)


in_folder(main)
