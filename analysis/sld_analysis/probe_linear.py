"""probe_linear.py: how good a student's features are for another data set: a linear classifier on them (T7).

    sld eval best.h5 --any-data data.path=stl10.h5 --split train --logits train.h5 --features
    sld eval best.h5 --any-data data.path=stl10.h5 --split test --logits test.h5 --features
    sld-analysis probe-linear train.h5 test.h5
"""
from collections import namedtuple

from .files import StudyError, attributes, dataset, open_file
from .needs import need

np = need("numpy")

Probe = namedtuple("Probe", "top1 n classes features strength")
STRENGTHS = (0.001, 0.01, 0.1, 1.0, 10.0)  # inverse regularisation, chosen on a part of the training features
HELD_OUT = 0.2


def read(path):
    """Features, labels and the SHA-256 of the weights of what `sld eval --features` wrote."""
    with open_file(path) as f:
        if "features" not in f:
            raise StudyError("%s: /features: expected (sample, feature), got nothing; write it with sld eval --logits FILE --features" % path)
        features, labels = dataset(f, "features", 2, path)[()], dataset(f, "labels", 1, path)[()]
        sha = attributes(f).get("weights_sha256", "")
    if len(features) != len(labels) or not len(labels):
        raise StudyError("%s: expected a label for each of %d samples, got %d" % (path, len(features), len(labels)))
    if not np.isfinite(features).all():
        raise StudyError("%s: /features: expected finite values" % path)
    return features.astype(np.float64), labels, sha


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


def run(args):
    (train, train_labels, sha), (test, test_labels, other) = read(args.train), read(args.test)
    if sha != other:
        raise StudyError("%s: weights_sha256: expected that of %s, %s, got %s: both must be features of one network" % (args.test, args.train, sha, other))
    p = probe(train, test, train_labels, test_labels)
    print("linear probe: top-1 %.2f %% of %d samples, %d classes, %d features; C %g, chosen on %.0f %% of train"
          % (p.top1, p.n, p.classes, p.features, p.strength, 100 * HELD_OUT))
