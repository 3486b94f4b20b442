"""test_cli_labels.py: a label whose trial is another's stands in every output, folder and packed study alike."""
import json

from harness import check, expect, in_folder, sld, write

SPEC = """
name: axes
baseline: "B=y momentum=0.2 k"
base: {method: none, student: {network: resnet8}, synthetic: {train: 40, test: 20}, train: {epochs: 1, batch: 40}}
axes:
  "a/b": {"B=x": {train.lr: 0.1}, "B=y": {train.lr: 0.1}}
  "train.momentum": [0.1, 0.2]
  "a_b": {"k": {}}
seeds: [1]
launch: {ranks: 1}
"""


def verb(*args):
    return expect(sld(*args, ranks=0), 0)


def main():
    write("axes.yaml", SPEC)
    plan = verb("sweep", "axes.yaml", "--plan").out
    check("B=y momentum=0.1 k seed 1: the same trial as B=x momentum=0.1 k" in plan, plan)
    verb("sweep", "axes.yaml")
    verb("report", "runs/axes", "--pack", "study.h5")
    texts, arms = [], []
    for source in ("runs/axes", "study.h5"):
        text = verb("report", source).out
        check("B=y momentum=0.2 k, seed 1: the same trial as B=x momentum=0.2 k" in text, text)
        texts.append(text.partition("\n")[2])
        told = json.loads(verb("report", source, "--format", "json").out)
        arms.append([(a["arm"], a["trials"], a["top1_last"]["mean"], a["is_baseline"]) for a in told["arms"]])
        check([s["same_as"] for s in told["same"]] == ["B=x momentum=0.1 k", "B=x momentum=0.2 k"], told["same"])
        rows = verb("report", source, "--format", "csv").out.splitlines()
        check(len(rows) == 5 and len(set(r.split(",")[0] for r in rows[1:])) == 2, rows)
    check(texts[0] == texts[1], "the packed study reports otherwise:", *texts)
    check(arms[0] == arms[1] and len(arms[0]) == 4 and any(a[3] for a in arms[0]), arms)


in_folder(main)
