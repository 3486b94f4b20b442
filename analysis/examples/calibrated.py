"""Is a student's confidence its accuracy? calibrated.py STUDY"""
import sys
import numpy as np
import sld_analysis
from sld_analysis import calibration
study = sld_analysis.open(sys.argv[1])
for arm, trials in study.arms.items():
    logits, labels = study.logits(trials[0]), study.labels(trials[0])
    log_p = calibration.log_softmax(logits)
    ece = calibration.ece(np.exp(log_p.max(1)), log_p.argmax(1) == labels)
    print("%-24s ECE %.2f %%, best at temperature %.2f" % (arm, ece, calibration.fit_temperature(logits, labels)))
