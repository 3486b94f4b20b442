"""The same file with xarray alone. with_xarray.py STUDY.h5"""
import sys
import xarray
if len(sys.argv) != 2:
    sys.exit(__doc__)
epoch = xarray.open_dataset(sys.argv[1], group="epoch", engine="h5netcdf", phony_dims="access")
trials = xarray.open_dataset(sys.argv[1], group="trials", engine="h5netcdf", phony_dims="access")
top1 = epoch["top1_test"].values
for arm in dict.fromkeys(trials["arm"].values):
    print(arm, top1[trials["arm"].values == arm].mean(axis=0).round(1))
