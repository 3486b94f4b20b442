"""Accuracy against an option that varies, such as kd.temperatures. accuracy_against_option.py STUDY OPTION"""
import sys
import sld_analysis
study = sld_analysis.open(sys.argv[1])
done = study.trials.loc[study.students]
if sys.argv[2] not in done:
    sys.exit("options that vary: " + ", ".join(study.varying()))
print(done.groupby(sys.argv[2], sort=False)["top1_last"].agg(["count", "mean", "std"]).round(2).to_string())
