"""A student trained in bf16: the same bits on 1 and 3 ranks and after a resume, with and without AMX; other bits and
another trial than in f32; its weights are float32, its records those of an evaluation in f32."""
import h5py
import numpy as np

from harness import check, digest, expect, in_folder, sld, teacher, write, STUDENT

BF16 = ["student.yaml", "student.precision=bf16"]


def attribute(folder, name):
    with h5py.File(folder + "/results.h5", "r") as f:
        return f.attrs[name]


def hold_records(folder):
    """What results.h5 says of test is what sld eval, in f32, finds in the weights."""
    with h5py.File(folder + "/last.h5", "r") as f:
        check(all(f["model"][name].dtype == np.float32 for name in f["model"]), "weights are not float32")
    expect(sld("eval", folder + "/last.h5", "--logits", "out.h5"), 0)
    with h5py.File(folder + "/results.h5", "r") as f, h5py.File("out.h5", "r") as out:
        check(np.array_equal(f["logits/test_last"][()], out["logits"][()]), "evaluation was not in f32")


def main():
    teacher()
    write("student.yaml", STUDENT)
    expect(sld("run", "student.yaml", "student.precision=fp16"), 2, "student.precision", "fp16", "bf16")
    for ranks in (1, 3):
        expect(sld("run", *BF16, "run.dir=runs/r%d" % ranks, ranks=ranks), 0)
        check(digest("runs/r%d" % ranks) == digest("runs/r1"), "other bits on", ranks, "ranks")
    expect(sld("run", *BF16, "run.dir=runs/stop", "run.stop_after_steps=4", ranks=2), 75)
    expect(sld("run", *BF16, "run.dir=runs/stop"), 0, "resumed")
    check(digest("runs/stop") == digest("runs/r1"), "other bits after a stop in the second epoch")
    hold_records("runs/r1")
    expect(sld("run", "student.yaml", "run.dir=runs/f32"), 0)
    check("bf16" not in sld("run", "student.yaml", "run.dir=runs/f32").err, "of f32 there is nothing to tell")
    limited = {"ONEDNN_MAX_CPU_ISA": "AVX512_CORE"}
    expect(sld("run", *BF16, "run.dir=runs/limited", env=limited), 0, "warning: bf16 is no faster than f32 here, without AMX")
    check(digest("runs/f32") != digest("runs/r1"), "f32 gave the bits of bf16")
    check(attribute("runs/f32", "id") != attribute("runs/r1", "id"), "f32 and bf16 are one trial")
    for ranks in (1, 3):  # without AMX on any machine
        done = expect(sld("run", *BF16, "run.dir=runs/avx2-%d" % ranks, "parallel.isa=avx2", ranks=ranks), 0)
        check(done.err.count("bf16 is no faster than f32 with parallel.isa: avx2") == 1, "told once", done.err)
        check(digest("runs/avx2-%d" % ranks) == digest("runs/avx2-1"), "AVX2: other bits on", ranks, "ranks")
    expect(sld("run", "student.yaml", "run.dir=runs/avx2-f32", "parallel.isa=avx2"), 0)
    check(digest("runs/avx2-f32") != digest("runs/avx2-1"), "AVX2: f32 gave the bits of bf16")
    hold_records("runs/avx2-f32")  # with the run's instruction set


in_folder(main)
