"""tables_probe.py: a linear probe of the students' features on another data set."""
from . import probe_linear, stats
from .errors import StudyError
from .table import Table, spread


def linear_probe(work):
    """Students and their teachers on other data sets, of the feature files that the report was given."""
    if not work.features:
        return ("a linear probe needs features of another data set, which no study holds: sld eval WEIGHTS.h5 --any-data data.path=... --features, "
                "then --features FILES of this report, or sld-analysis probe-linear")
    probes, study = probe_linear.probes(work.features), work.study
    rows = {}
    for arm, trials in work.arms.items():
        for trial in trials:
            facts = study.facts(trial)
            rows.setdefault(arm, set()).add(str(facts.get("weights_sha256", "")))
            if facts.get("teacher_sha256"):
                rows.setdefault("teacher of %s" % work.layout.pair_of(arm), set()).add(str(facts["teacher_sha256"]))
    lost = sorted({weights for weights, _ in probes} - set().union(*rows.values()))
    if lost:
        raise StudyError("--features: weights_sha256: expected those of done trials of this study (their last.h5) or of their teachers, got %s"
                         % lost[0])
    data = sorted({d for _, d in probes})
    found = {name: [stats.summary([probes[w, d].top1 for w in sorted(mine) if (w, d) in probes]) for d in data] for name, mine in rows.items()}
    found = {name: sums for name, sums in found.items() if any(s.n for s in sums)}
    table = [[name] + [c for s in sums for c in (str(s.n), spread(s.mean, s.sd))] for name, sums in found.items()]
    return Table("T7", "Linear probe on another data set", ["features of"] + [h for d in data for h in ("networks", "top-1 on data %s" % d[:12])], table,
                 ["Multinomial logistic regression on the last layer's standardised input; its strength is chosen on 20 % of train. Mean ± standard "
                  "deviation over networks; data sets by the beginning of their SHA-256."])
