"""Writes data/foreign.h5: what other programs put into HDF5 files and sld must read: h5py's variable-length
strings and booleans, fixed-length strings, big-endian numbers, half precision, chunks with gzip, links.
foreign_latest.h5 is of HDF5's newest format, behind a user block.
Usage: make_foreign.py data"""
import sys

import h5py
import numpy as np

with h5py.File(f"{sys.argv[1]}/foreign.h5", "w") as f:
    f.attrs["network"] = "tiny"  # variable length, UTF-8
    f.attrs["classes"] = np.int64(3)
    f.attrs["input_size"] = np.array([8], ">i2")  # one value, not a scalar
    f.attrs["mean"] = np.array([0.25, 0.5, 0.75])  # float64
    f.attrs["std"] = np.array([0.5, 0.25, 0.125], ">f4")
    f.attrs["fixed"] = np.bytes_("fixed length")
    f.attrs["umlaut"] = "Größe µ"
    f.attrs["yes"] = True
    f.attrs["no"] = np.bool_(False)
    f.attrs["flags"] = np.array([True, False, True])
    f.attrs["large"] = np.int64(2**40)
    f.attrs["empty"] = h5py.Empty("f4")
    f.create_dataset("model/conv1.weight", data=np.arange(18, dtype=">f8").reshape(2, 1, 3, 3))
    f.create_dataset("model/fc.weight", data=np.arange(6, dtype="f4").reshape(3, 2), chunks=(2, 2), compression="gzip")
    f.create_dataset("model/fc.bias", data=np.array([1, 2, 3], "f2"))
    f["model/bn1.num_batches_tracked"] = np.int64(7)
    f["labels"] = np.array([2, 0, 255], "u1")
    f["mask"] = np.array([True, False])
    f["wide"] = np.array([1, 2**40])
    f["names"] = ["cat", "dog", "Bär"]
    f["codes"] = np.array([b"a", b"bcd", b""], "S4")
    f["nothing"] = np.zeros((0, 4), "f4")
    f["six"] = np.zeros((1,) * 6, "f4")
    f["soft"] = h5py.SoftLink("/labels")
    f["dangling"] = h5py.SoftLink("/nowhere")
    f["pairs"] = np.zeros(2, [("a", "i4"), ("b", "f4")])

with h5py.File(f"{sys.argv[1]}/foreign_latest.h5", "w", libver="latest", userblock_size=512) as f:
    f.attrs["title"] = "latest"
    f.create_dataset("x", data=np.arange(12.0).reshape(4, 3), chunks=(2, 3), maxshape=(None, 3), shuffle=True, compression=1)
    f["u64"] = np.array([2**63], "u8")
