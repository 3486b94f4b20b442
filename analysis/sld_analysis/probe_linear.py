"""probe_linear.py: how good a student's features are for another data set: a linear classifier on them (T7).

    sld eval best.h5 --any-data data.path=stl10.h5 --split train --logits train.h5 --features
    sld eval best.h5 --any-data data.path=stl10.h5 --split test --logits test.h5 --features
    sld-analysis probe-linear train.h5 test.h5
    sld-analysis report study.h5 --features train.h5 test.h5        # of as many trials as there are
"""
from collections import namedtuple

from .errors import StudyError
from .hdf5 import attributes, dataset, open_file
from .integrity import checksum_fails
from .needs import need

np = need("numpy")

Features = namedtuple("Features", "path values labels weights data split")
Probe = namedtuple("Probe", "top1 n classes features strength")
STRENGTHS = (0.001, 0.01, 0.1, 1.0, 10.0)  # inverse regularisation, chosen on a part of the training features
HELD_OUT = 0.2


def read(path):
    """What `sld eval --features` wrote: values (sample, feature), labels, SHA-256 of the weights and of the data, split."""
    with open_file(path) as f:
        if checksum_fails(path):
            raise StudyError("%s: damaged: the SHA-256 of its bytes is not what its last line says; write it again" % path)
        if "features" not in f:
            raise StudyError("%s: /features: expected (sample, feature), got nothing; write it with sld eval --logits FILE --features" % path)
        features, labels = dataset(f, "features", 2, path)[()], dataset(f, "labels", 1, path)[()]
        head = attributes(f)
    if len(features) != len(labels) or not len(labels):
        raise StudyError("%s: expected a label for each of %d samples, got %d" % (path, len(features), len(labels)))
    bad = np.argwhere(~np.isfinite(features))
    if len(bad):
        raise StudyError("%s: /features: expected finite values, got %s at (%d,%d)" % (path, features[tuple(bad[0])], *bad[0]))
    return Features(path, features.astype(np.float64), labels, *(str(head.get(name, "")) for name in ("weights_sha256", "data_sha256", "split")))


def fit(features, labels, strength):
    linear = need("sklearn.linear_model", "a linear probe")
    return linear.LogisticRegression(C=strength, max_iter=2000).fit(features, labels)


def probe(train, test, train_labels, test_labels, seed=1):
    """Multinomial logistic regression on standardised features; its strength is the best on a held-out part of train."""
    mean, sd = train.mean(axis=0), train.std(axis=0)
    sd[sd == 0] = 1.0
    x, y = (train - mean) / sd, (test - mean) / sd
    order = np.random.default_rng(seed).permutation(len(x))
    held, kept = np.split(order, [int(len(x) * HELD_OUT)])
    if len(np.unique(train_labels[kept])) < 2 or not len(held):
        raise StudyError("expected training features of two classes and more, got %d samples of %d" % (len(x), len(np.unique(train_labels))))
    scores = [(fit(x[kept], train_labels[kept], s).predict(x[held]) == train_labels[held]).mean() for s in STRENGTHS]
    strength = STRENGTHS[int(np.argmax(scores))]
    right = fit(x, train_labels, strength).predict(y) == test_labels
    return Probe(100.0 * float(right.mean()), len(right), len(np.unique(train_labels)), x.shape[1], strength)


def probes(paths):
    """{(SHA-256 of the weights, of the data): Probe} of files of both splits of each."""
    found = {}
    for features in map(read, paths):
        splits = found.setdefault((features.weights, features.data), {})
        if splits.setdefault(features.split, features) is not features:
            raise StudyError("%s: expected another split, network or data set than %s" % (features.path, splits[features.split].path))
    for splits in found.values():
        if set(splits) != {"train", "test"}:
            raise StudyError("%s: expected features of train and of test of one network on one data set, got split %s alone; sld eval --split "
                             "makes the other" % (next(iter(splits.values())).path, " and ".join(sorted(splits))))
    return {key: probe(s["train"].values, s["test"].values, s["train"].labels, s["test"].labels) for key, s in found.items()}


def run(args):
    train, test = read(args.train), read(args.test)
    for key, a, b, of in (("weights_sha256", train.weights, test.weights, "network"), ("data_sha256", train.data, test.data, "data set")):
        if a != b:
            raise StudyError("%s: %s: expected that of %s, %s, got %s: both must be features of one %s" % (args.test, key, args.train, a, b, of))
    if train.split and train.split == test.split or (train.split, test.split) == ("test", "train"):
        raise StudyError("%s: split: expected another than that of %s, of train first, got %s; sld eval --split makes each" % (
            args.test, args.train, test.split))
    p = probe(train.values, test.values, train.labels, test.labels)
    print("linear probe: top-1 %.2f %% of %d samples, %d classes, %d features; C %g, chosen on %.0f %% of train"
          % (p.top1, p.n, p.classes, p.features, p.strength, 100 * HELD_OUT))
