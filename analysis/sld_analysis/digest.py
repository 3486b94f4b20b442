"""digest.py: one pass over each trial's logits, of which only vectors of samples are kept: a study of hundreds of trials of
100 classes fits into memory."""
import collections
import functools
import math

from .needs import need
from . import calibration

np = need("numpy")

RANKS = ((2, 2, "2nd"), (3, 3, "3rd"), (4, 5, "4th, 5th"), (6, 10, "6th to 10th"), (11, None, "11th and below"))


BLOCK = 1024  # samples at a time: what is made of them stays in the cache


# Of one trial: nats; percent; then the Brier score and Murphy's parts of that of being right.
Scores = collections.namedtuple("Scores", "nll ece ece_equal_mass brier reliability resolution")
COLUMNS = Scores("nll_logits_last", "ece_last", "ece_equal_mass_last", "brier_last", "reliability_last", "resolution_last")  # of a compact pack


class Scored:
    """What has confidence, correct, nll and brier."""

    @functools.cached_property
    def scores(self):
        parts = calibration.brier_parts(self.confidence, self.correct)
        return Scores(float(self.nll.mean(dtype=float)), calibration.ece(self.confidence, self.correct),
                      calibration.ece_equal_mass(self.confidence, self.correct), self.brier, parts.reliability, parts.resolution)


class Digest(Scored):
    """Of one set of logits: predicted (sample), confidence, correct, nll; kl: KL(teacher || student) at
    temperature 1, mean over samples, in nats."""

    def __init__(self, logits, labels, teacher=None):
        n, self.n_classes = logits.shape
        self.predicted, self.confidence, self.nll = np.empty(n, np.int32), np.empty(n), np.empty(n)
        brier = cross = 0.0
        taught = teacher is not None and teacher.p.shape == logits.shape
        for first in range(0, n, BLOCK):
            part = slice(first, first + BLOCK)
            log_p, own = calibration.log_softmax(logits[part], float), labels[part]  # as packs: float32 loses the digits of large losses
            p, rows = np.exp(log_p), np.arange(len(own))
            self.predicted[part] = top = logits[part].argmax(axis=1)
            self.confidence[part], self.nll[part] = p[rows, top], -log_p[rows, own]
            brier += calibration.brier(p, own) * len(own)
            cross += float(np.vdot(teacher.p[part], log_p)) if taught else 0.0
        self.correct, self.brier = self.predicted == labels, brier / n
        self.kl = -cross / n - teacher.entropy if taught else None


def class_means(logits, labels):
    """Mean logits of the samples of each class, (class of the label, class); NaN for a class without samples."""
    k = logits.shape[1]
    order = np.argsort(labels, kind="stable")
    present, first = np.unique(labels[order], return_index=True)
    out = np.full((k, k), np.nan)
    sums = np.add.reduceat(logits[order], first, axis=0, dtype=np.float64)
    out[present] = sums / np.diff(np.append(first, len(labels)))[:, None]
    return out


class Teacher(Digest):
    """A teacher's test logits: also its probabilities, the label's rank (1: right), and what the swap makes of them."""

    def __init__(self, logits, labels):
        super().__init__(logits, labels)
        log_p = calibration.log_softmax(logits, float)
        self.p = np.exp(log_p)
        self.entropy = -float(np.vdot(self.p, log_p)) / len(labels)
        self.logits = logits
        own = logits[np.arange(len(labels)), labels][:, None]
        self.rank = 1 + (logits > own).sum(axis=1)
        self.rank[self.correct] = 1


class CompactDigest(Scored):
    """The same from a compact pack: of a teacher its rank too. row: the numbers of its trial; those that need all classes or all
    digits are columns of the pack. A pack of an earlier sld has fewer: the rest is then made from half precision."""
    logits = p = None

    def __init__(self, top, labels, n_classes, row=None):
        self.n_classes, self._row = n_classes, row if row is not None else {}
        self.predicted, self.confidence, self.nll = top.classes[:, 0], np.exp(top.log_p[:, 0]), -top.label
        self.correct = self.predicted == labels
        self.rank = np.where(self.correct, 1, top.rank)
        self.brier, kl = self._number("brier_last"), self._number("teacher_kl_last")
        self.kl = None if math.isnan(kl) else kl

    def _number(self, column):
        return float(self._row.get(column, math.nan))

    @functools.cached_property
    def scores(self):
        kept = [self._number(column) for column in COLUMNS]
        made = super().scores
        return Scores(*(m if math.isnan(k) else k for k, m in zip(kept, made)))


class Digests:
    """Digests of a study's students, made when asked for. left: {trial: reason} of those that have none; left_teacher: of those that
    are not compared with their teacher."""

    def __init__(self, study):
        self.study, self.left, self.left_teacher = study, {}, {}
        self._student, self._teacher, self._labels = {}, collections.OrderedDict(), {}

    def labels(self, trial):
        if trial not in self._labels:
            self._labels[trial] = self.study.labels(trial)
        return self._labels[trial]

    def _good(self, trial, logits, of_teacher=False, n_classes=None):
        """Labels of the test set that these logits are of, or None with the reason kept: shares of one test set lie inside each other,
        so that as many samples are the same. n_classes: where there is not a logit for each."""
        left, what = (self.left_teacher, "the teacher's logits") if of_teacher else (self.left, "logits")
        n_classes = n_classes or (logits.shape[1] if logits is not None else 0)
        if logits is None:
            left.setdefault(trial, "no test logits")
            return None
        labels = self.labels(trial)
        if labels is None or len(labels) != len(logits):
            left[trial] = "%s of %d samples, labels of %d" % (what, len(logits), 0 if labels is None else len(labels))
            return None
        labels = np.asarray(labels)
        if not len(labels) or labels.min() < 0 or labels.max() >= n_classes:
            left[trial] = "labels outside 0 to %d" % (n_classes - 1)
            return None
        if not np.isfinite(logits).all():
            left[trial] = "%s that are not finite" % what
            return None
        return labels

    def student(self, trial):
        """The digest of the last epoch, or None. With its teacher's agreement where it has one."""
        if trial not in self._student:
            if self.study.compact:
                self._student[trial] = self._compact(trial, "last")
            else:
                logits = self.study.logits(trial)
                labels = self._good(trial, logits)
                self._student[trial] = Digest(logits, labels, self.teacher(trial)) if labels is not None else None
        return self._student[trial]

    def _compact(self, trial, which):
        top = self.study.top(trial, which)
        n_classes = self._classes(trial, top) if top else 0
        labels = self._good(trial, top and top.log_p, which == "teacher", n_classes)
        if labels is None:
            return None
        return CompactDigest(top, labels, n_classes, self.study.trials.loc[trial] if which == "last" else None)

    def _classes(self, trial, top):
        """Of a trial in a compact pack, whose axis has those of the data set with the most: where there are several sets, as many as there
        are places, or, where those do not tell, the largest that is a label or an answer."""
        source, labels = self.study.source, self.labels(trial)
        if top.log_p.shape[1] < source.places:
            return top.log_p.shape[1]
        told = source.n_classes == source.places or not source.several_sets or labels is None or not len(labels)
        return source.n_classes if told else 1 + max(int(labels.max()), int(top.classes.max()))

    def teacher(self, trial):
        """The digest of the trial's teacher on the trial's test set, shared by the trials that have both; None where there is none."""
        key = self.taught_on(trial)
        if key is None:
            return None
        if key not in self._teacher and self.study.compact:
            self._teacher[key] = self._compact(trial, "teacher")
        if key not in self._teacher:
            logits = self.study.logits(trial, "teacher")
            labels = self._good(trial, logits, True) if logits is not None else None
            self._teacher[key] = Teacher(logits, labels) if labels is not None else None
        return self._teacher[key]

    def taught_on(self, trial):
        """What tells digests of teachers apart: the teacher, and the size of the test set. None without a teacher."""
        key, labels = self.teacher_key(trial), self.labels(trial)
        return None if key is None else (key, 0 if labels is None else len(labels))

    def teacher_key(self, trial):
        """What tells teachers apart: the row of the packed study, else the SHA-256 that the trial's file names, as of a trial that kept no
        logits of its teacher. None: it has no teacher."""
        sha = self._teacher_sha(trial)
        row = int(self.study.trials["teacher_row"][trial]) if "teacher_row" in self.study.trials else -1
        return ("row", row) if row >= 0 else self._rows.get(sha, sha)

    def _teacher_sha(self, trial):
        facts = self.study.facts(trial)
        sha = facts.get("teacher_sha256") or facts.get("teacher_logits_sha256")
        return ("sha", sha, facts.get("data_sha256")) if sha else None

    @functools.cached_property
    def _rows(self):
        """{the SHA-256 of a teacher: its row}, by the students that kept its logits."""
        rows = self.study.trials["teacher_row"] if "teacher_row" in self.study.trials else []
        found = {self._teacher_sha(i): ("row", int(row)) for i, row in enumerate(rows) if row >= 0}
        found.pop(None, None)
        return found

    def correct(self, trials):
        """(trial, sample) of bool over those trials that have logits on one test set, and those trials."""
        found = [(t, self.student(t)) for t in trials]
        found = [(t, d) for t, d in found if d is not None]
        n = max((len(d.correct) for _, d in found), default=0)
        found = [(t, d) for t, d in found if len(d.correct) == n]
        return np.array([d.correct for _, d in found]).reshape(len(found), n), [t for t, _ in found]


def swapped(logits, labels):
    """Teacher's logits after the swap: where the largest is not the label's, the two change places."""
    z, rows = np.array(logits), np.arange(len(labels))
    top = z.argmax(axis=1)
    z[rows, labels], z[rows, top] = logits[rows, top], logits[rows, labels]
    return z


def by_rank(student, teacher):
    """[(rank, samples, right, copied, other)] in percent, among the samples that the teacher gets wrong, by the rank of the
    label in the teacher. teacher: Teacher; student: Digest."""
    out = []
    copied = student.predicted == teacher.predicted
    for low, high, name in RANKS:
        at = (teacher.rank >= low) & ((teacher.rank <= high) if high else True)
        n = int(at.sum())
        if n:
            right, copy = 100.0 * student.correct[at].mean(), 100.0 * copied[at].mean()
            out.append((name, n, right, copy, 100.0 - right - copy))
    return out


def mean_by_rank(pairs):
    """The same of several [(student, teacher)]: means over the students, at each rank over those whose teacher has it; samples is a text, from
    the teacher with fewest to that with most. A pair without one of the two, or of different test sets, counts nowhere."""
    pairs = [(s, t) for s, t in pairs if s is not None and t is not None and len(s.correct) == len(t.correct)]
    found = [{row[0]: row[1:] for row in by_rank(s, t)} for s, t in pairs]
    out = []
    for _, _, name in RANKS:
        of = [ranks[name] for ranks in found if name in ranks]
        counts = [ranks[name][0] if name in ranks else 0 for ranks in found]
        if of:
            samples = str(counts[0]) if len(set(counts)) == 1 else "%d to %d" % (min(counts), max(counts))
            out.append((name, samples, *(float(np.mean(values)) for values in list(zip(*of))[1:])))
    return out


def copy_rate(student, teacher):
    """Percent of the teacher's errors that the student repeats."""
    wrong = ~teacher.correct
    return 100.0 * float((student.predicted == teacher.predicted)[wrong].mean()) if wrong.any() else float("nan")
