"""Images stored larger than the networks' input: training on resized crops has the same bits on any number of ranks,
after a resume and from the teacher-logit store; evaluation takes the centre; sld data views shows what is trained on."""
import h5py
import numpy as np

from harness import check, digest, expect, in_folder, sld, write

N, CLASSES, HEIGHT, WIDTH, SIDE = 90, 5, 40, 45, 32
EXPERIMENT = """
student: {network: resnet8}
data: {format: hdf5, path: set.h5, input_size: 32}
augment: {crop: resized}
train: {epochs: 2, batch: 40, lr_stages: [1]}
"""
TEACHER = "method: none\nname: teacher\n" + EXPERIMENT
STUDENT = "method: sld\nteacher: {weights: runs/teacher/last.h5}\n" + EXPERIMENT


def write_set(name, height):
    rng = np.random.default_rng(1)
    with h5py.File(name, "w") as f:
        for split in ("train", "test"):
            labels = np.arange(N) % CLASSES
            level = 40 * labels[:, None, None, None] + rng.integers(0, 60, (N, height, WIDTH, 3))
            f[split + "/images"], f[split + "/labels"] = level.astype("u1"), labels


def views(*args):
    expect(sld("data", "views", "student.yaml", "--epoch", 1, "--out", "views.h5", *args), 0)
    with h5py.File("views.h5") as f:
        return f["image_weak"][()].transpose(0, 2, 3, 1), dict(f.attrs)


def is_window(view, image):
    return any((image[y:y + SIDE, x:x + SIDE] == view).all()
               for y in range(HEIGHT - SIDE + 1) for x in range(WIDTH - SIDE + 1))


def hold_evaluation(folder):
    """The whole images evaluated from their centre are the cut ones evaluated as they are."""
    with h5py.File("set.h5") as f, h5py.File("cut.h5", "w") as out:
        for split in ("train", "test"):
            top, left = 4, 6  # 8 / 2, and 13 / 2 to the even number
            out[split + "/images"] = f[split + "/images"][:, top:top + SIDE, left:left + SIDE]
            out[split + "/labels"] = f[split + "/labels"][()]
    found = []
    for settings in ([], ["data.path=cut.h5", "data.input_size=0", "--any-data"]):
        expect(sld("eval", folder + "/last.h5", "--logits", "out.h5", *settings), 0)
        with h5py.File("out.h5") as f:
            found.append(f["logits"][()])
    with h5py.File(folder + "/results.h5") as f:
        check((f["logits/test_last"][()] == found[0]).all(), "sld eval and the run disagree")
    check((found[0] == found[1]).all(), "evaluation is not of the centre")


def main():
    write_set("set.h5", HEIGHT)
    write("teacher.yaml", TEACHER)
    write("student.yaml", STUDENT)
    expect(sld("run", "teacher.yaml"), 0)
    for ranks in (1, 3):
        expect(sld("run", "student.yaml", "run.dir=runs/r%d" % ranks, ranks=ranks), 0)
    wanted = digest("runs/r1")
    check(digest("runs/r3") == wanted, "other bits on 3 ranks")
    expect(sld("run", "student.yaml", "run.dir=runs/stop", "run.stop_after_steps=4", ranks=2), 75)
    expect(sld("run", "student.yaml", "run.dir=runs/stop"), 0, "resumed")
    check(digest("runs/stop") == wanted, "other bits after a resume")
    expect(sld("run", "student.yaml", "run.dir=runs/store", "teacher.logits=logits"), 0)
    check(digest("runs/store") == wanted, "other bits from the store of teacher logits")
    hold_evaluation("runs/r1")

    resized, attributes = views()
    check(resized.shape == (N, SIDE, SIDE, 3) and "augment.crop: resized" in attributes["views_weak"], "views")
    check((views()[0] == resized).all() and (views("augment.area=0.5")[0] != resized).any(), "what views follow from")
    padded, attributes = views("augment.crop=pad", "augment.crop_pad=0", "augment.flip=0")
    check("data.input_size: 32" in attributes["views_weak"] and attributes["epoch"] == 1, "views of padded crops")
    with h5py.File("set.h5") as f:
        images = f["train/images"][()]
    check(all(is_window(v, p) for v, p in zip(padded, images)), "a crop that is none of its image")
    check(not any(is_window(v, p) for v, p in zip(resized[:10], images)), "nothing was resized")

    expect(sld("data", "info", "student.yaml"), 0, "images    40 x 45", "input     32 x 32")
    expect(sld("run", "student.yaml", "data.input_size=41", "run.dir=runs/bad"), 2, "data.input_size", "41", "40x45")
    expect(sld("run", "student.yaml", "augment.crop=scaled", "run.dir=runs/bad"), 2, "augment.crop", "pad", "resized")


in_folder(main)
