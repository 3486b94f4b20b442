"""Where the teacher errs, what do students say, by the label's rank in the teacher? teacher_errors.py STUDY ARM"""
import sys
import sld_analysis
from sld_analysis import digest
if len(sys.argv) != 3:
    sys.exit(__doc__)
study = sld_analysis.open(sys.argv[1])
if sys.argv[2] not in study.arms:
    sys.exit("arms with done trials: " + ", ".join(study.arms))
rows = digest.mean_by_rank([(study.digests.student(t), study.digests.teacher(t)) for t in study.arms[sys.argv[2]]])
if not rows:
    sys.exit("%s has no teacher, or the study has no logits of both on one test set, or the teacher never errs" % sys.argv[2])
for rank, n, right, copied, other in rows:
    print("%-16s %8s samples: %5.1f %% right, %5.1f %% copied, %5.1f %% otherwise wrong" % (rank, n, right, copied, other))
