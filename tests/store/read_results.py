"""Reads the sample of test_store_results with the programs that people have: h5py, ncdump, h5dump, h5repack,
xarray. Usage: read_results.py TEST_STORE_RESULTS. A tool that is missing is named and left out; exit 77
(skipped) when all are."""
import importlib.util
import os
import re
import shutil
import subprocess
import sys
import tempfile

tools = 0


def available(name, found):
    global tools
    print(f"{name}: {'used' if found else 'missing, left out'}")
    tools += bool(found)
    return found


def output(*command):
    run = subprocess.run(command, capture_output=True, text=True)
    assert run.returncode == 0 and not run.stderr, f"{command}: {run.stderr}"
    return run.stdout


def check_h5py(path):
    import h5py

    with h5py.File(path) as f:
        assert f.attrs["format"] == "sld results", f.attrs["format"]
        assert f.attrs["ranks"] == 2
        lr = f["epoch/lr"]
        assert lr.attrs["units"] == "1" and lr[2] == 0.005
        assert lr.dims[0].keys() == ["epoch"] and list(lr.dims[0]["epoch"][:]) == [1, 2, 3]
        logits = f["logits/test_last"]
        assert logits.shape == (5, 4) and logits.dtype == "f4" and logits[4, 3] == 9.5
        assert [d.keys() for d in logits.dims] == [["sample"], ["class"]]
        assert list(f["class_name"].asstr()) == ["apple", "Bär", "cat", "dog"]
        assert f["labels/test"].dims[0].keys() == ["sample"]


def check_ncdump(path):
    text = output("ncdump", "-h", path)
    for line in ("epoch = 3", "sample = 5", "class = 4", "double lr(epoch)",
                 "float test_last(sample, class)", "int test(sample)", "string class_name(class)", 'lr:units = "1"'):
        assert line in text, f"no {line!r} in\n{text}"
    assert "phony_dim" not in text, text


def check_h5dump(path):
    text = output("h5dump", path)
    assert "H5T_IEEE_F64LE" in text and '"apple"' in text
    assert not re.search("H5T_ENUM|BIG", text), text


def check_h5repack(path):
    repacked = path + ".repacked.h5"
    output("h5repack", "-f", "GZIP=4", path, repacked)
    text = output("h5dump", "-d", "/logits/test_last", repacked)
    assert "9.5" in text


def check_xarray(path):
    import xarray

    with xarray.open_dataset(path, group="epoch") as table:
        assert table.lr.dims == ("epoch",) and float(table.lr.sel(epoch=3)) == 0.005
        assert table.lr.attrs["units"] == "1"
    with xarray.open_dataset(path, group="logits") as logits:
        assert logits.test_best.dims == ("sample", "class")
    with xarray.open_dataset(path) as root:
        assert root.attrs["config"].startswith("student:") and str(root.class_name[1].values) == "Bär"


def main():
    writer = sys.argv[1]
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "results.h5")
        subprocess.run([writer, path], check=True)
        if available("h5py", importlib.util.find_spec("h5py")):
            check_h5py(path)
        if available("ncdump", shutil.which("ncdump")):
            check_ncdump(path)
        if available("h5dump", shutil.which("h5dump")):
            check_h5dump(path)
        if available("h5repack", shutil.which("h5repack") and shutil.which("h5dump")):
            check_h5repack(path)
        if available("xarray", importlib.util.find_spec("xarray") and importlib.util.find_spec("netCDF4")):
            check_xarray(path)
    if not tools:
        print("SKIP: neither h5py, ncdump, h5dump nor xarray is installed")
    return 0 if tools else 77


if __name__ == "__main__":
    sys.exit(main())
