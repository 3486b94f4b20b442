"""figures.py: curves of a study, and how far a student's logits are from its teacher's, class by class."""
import math

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import numpy as np
from matplotlib.ticker import MaxNLocator

CURVES = [("top1_test", "top-1 on test, %"), ("loss_test", "cross-entropy on test"),
          ("swapped_student_strong", "student's wrong rows, strong view"),
          ("swapped_student_weak", "student's wrong rows, weak view")]


def colors_of(n):
    """One for each arm, the same in every panel."""
    return [plt.get_cmap("tab10")(i) for i in range(n)] if n <= 10 else [plt.get_cmap("turbo")((i + 0.5) / n) for i in range(n)]


def curves(study, path):
    """Mean and deviation over seeds by arm, one panel for each curve that the study has. The panels drawn."""
    names = [c for c in CURVES if c[0] in study.curve_names()][:4]
    columns = min(2, len(names))
    figure, axes = plt.subplots(math.ceil(len(names) / columns), columns, squeeze=False, constrained_layout=True,
                                figsize=(5.2 * columns, 3.6 * math.ceil(len(names) / columns)))
    for ax, (name, label) in zip(axes.flat, names):
        values = study.curves(name)
        for (arm, trials), color in zip(study.arms().items(), colors_of(len(study.arms()))):
            y = values[trials]
            epochs = np.flatnonzero(~np.isnan(y).all(axis=0))
            if not len(epochs):
                continue
            y = y[:, epochs]
            mean, x = np.nanmean(y, axis=0), epochs + 1
            ax.plot(x, mean, color=color, marker="." if len(x) < 20 else None)
            if len(trials) > 1:
                sd = np.sqrt(np.nansum((y - mean) ** 2, axis=0) / np.maximum((~np.isnan(y)).sum(axis=0) - 1, 1))
                ax.fill_between(x, mean - sd, mean + sd, color=color, alpha=0.2, linewidth=0)
        ax.xaxis.set_major_locator(MaxNLocator(integer=True))
        ax.set_xlabel("epoch")
        ax.set_ylabel(label)
        ax.spines[["top", "right"]].set_visible(False)
    for ax in axes.flat[len(names):]:
        ax.set_visible(False)
    if len(study.arms()) <= 12:
        lines = [plt.Line2D([], [], color=c) for c in colors_of(len(study.arms()))]
        axes.flat[0].legend(lines, list(study.arms()), frameon=False, fontsize="small")
    figure.savefig(path, dpi=130)
    plt.close(figure)
    return [name for name, _ in names]


def class_difference(student, teacher, labels):
    """Per-class mean logits, student less teacher: |difference| / 3, diagonal 0. (class of the label, class of the logit).
    The measure of the notebooks of the mdistiller project."""
    K = student.shape[1]
    present = [k for k in range(K) if (labels == k).any()]
    out = np.zeros((K, K))
    for k in present:
        out[k] = np.abs((student[labels == k].astype(float) - teacher[labels == k]).mean(axis=0)) / 3.0
    np.fill_diagonal(out, 0.0)
    return out


def correlation(study, path):
    """A heat map for the first done trial of each arm that had a teacher: [(arm, max, mean)], empty when there is none."""
    panels = []
    for arm, trials in study.arms().items():
        student, teacher = study.logits("test_last", trials[0]), study.logits("test_teacher", trials[0])
        if student is not None and teacher is not None:
            panels.append((arm, class_difference(student, teacher, study.labels(trials[0]))))
    panels = panels[:12]
    if not panels:
        return []
    columns = min(3, len(panels))
    rows = math.ceil(len(panels) / columns)
    figure, axes = plt.subplots(rows, columns, squeeze=False, figsize=(3.4 * columns + 0.8, 3.5 * rows),
                                constrained_layout=True)
    for ax, (arm, values) in zip(axes.flat, panels):
        image = ax.imshow(values, vmin=0.0, vmax=1.0, cmap="Blues", interpolation="nearest")
        ax.set_title("%s\nmax %.3f, mean %.4f" % (arm, values.max(), values.mean()), fontsize="medium")
        ax.xaxis.set_major_locator(MaxNLocator(5, integer=True))
        ax.yaxis.set_major_locator(MaxNLocator(5, integer=True))
        ax.set_xlabel("logit of class")
        ax.set_ylabel("label")
    for ax in axes.flat[len(panels):]:
        ax.set_visible(False)
    figure.colorbar(image, ax=axes, shrink=0.8, label="|student - teacher| / 3")
    figure.savefig(path, dpi=130)
    plt.close(figure)
    return [(arm, values.max(), values.mean()) for arm, values in panels]
