"""The same file with h5py and pandas alone. with_pandas.py STUDY.h5"""
import sys
import h5py
import pandas
if len(sys.argv) != 2:
    sys.exit(__doc__)
with h5py.File(sys.argv[1]) as f:
    columns = {k: v.asstr()[()] if v.dtype.kind == "O" else v[()] for k, v in f["trials"].items() if k != "config"}
    curves = pandas.DataFrame(f["epoch/top1_test"][()], index=columns["arm"], columns=f["epoch/epoch"][()])
trials = pandas.DataFrame(columns)
students = (trials.state == "done") & (trials.is_teacher == 0)
print(trials[students].groupby("arm", sort=False).top1_last.agg(["count", "mean", "std"]).round(2).to_string())
print(curves[students.values].groupby(level=0, sort=False).mean().round(1).to_string())
