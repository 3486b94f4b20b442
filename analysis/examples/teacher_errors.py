"""Where the teacher errs, what does a student say, by the label's rank in the teacher? teacher_errors.py STUDY ARM"""
import sys
import sld_analysis
from sld_analysis import digest
if len(sys.argv) != 3:
    sys.exit(__doc__)
study = sld_analysis.open(sys.argv[1])
if sys.argv[2] not in study.arms:
    sys.exit("arms with done trials: " + ", ".join(study.arms))
trial = study.arms[sys.argv[2]][0]
student, teacher = study.digests.student(trial), study.digests.teacher(trial)
if student is None or teacher is None:
    sys.exit("%s has no teacher, or the study has no logits of both on one test set" % sys.argv[2])
for rank, n, right, copied, other in digest.by_rank(student, teacher):
    print("%-16s %5d samples: %5.1f %% right, %5.1f %% copied, %5.1f %% otherwise wrong" % (rank, n, right, copied, other))
