"""Where the teacher errs, what does a student say, by the label's rank in the teacher? teacher_errors.py STUDY ARM"""
import sys
import sld_analysis
from sld_analysis import digest
study = sld_analysis.open(sys.argv[1])
trial = study.arms[sys.argv[2]][0]
labels = study.labels(trial)
teacher = digest.Teacher(study.logits(trial, "teacher"), labels)
for rank, n, right, copied, other in digest.by_rank(digest.Digest(study.logits(trial), labels), teacher):
    print("%-16s %5d samples: %5.1f %% right, %5.1f %% copied, %5.1f %% otherwise wrong" % (rank, n, right, copied, other))
