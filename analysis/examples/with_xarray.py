"""The same file with xarray alone. with_xarray.py STUDY.h5"""
import sys
import xarray
if len(sys.argv) != 2:
    sys.exit(__doc__)
epoch = xarray.open_dataset(sys.argv[1], group="epoch", engine="h5netcdf", phony_dims="access")
trials = xarray.open_dataset(sys.argv[1], group="trials", engine="h5netcdf", phony_dims="access")
students = (trials["state"].values == "done") & (trials["is_teacher"].values == 0)
top1, arms = epoch["top1_test"].values[students], trials["arm"].values[students]
for arm in dict.fromkeys(arms):
    print(arm, top1[arms == arm].mean(axis=0).round(1))
