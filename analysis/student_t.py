"""student_t.py: means over seeds and tests between arms, by Student's t, with numpy alone. NaN where seeds are too few."""
import math

import numpy as np


def _beta_fraction(a, b, x):
    """Continued fraction of the incomplete beta function by Lentz's method; for x < (a + 1) / (a + b + 2)."""
    c, d = 1.0, 1.0 / (1.0 - (a + b) * x / (a + 1.0))
    h = d
    for m in range(1, 500):
        for term in (m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m)),
                     -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))):
            d, c = 1.0 / (1.0 + term * d), 1.0 + term / c
            h *= d * c
        if abs(d * c - 1.0) < 1e-15:
            break
    return h


def _incomplete_beta(a, b, x):
    if x <= 0.0 or x >= 1.0:
        return float(x >= 1.0)
    front = math.exp(math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b) + a * math.log(x) + b * math.log1p(-x))
    if x < (a + 1.0) / (a + b + 2.0):
        return front * _beta_fraction(a, b, x) / a
    return 1.0 - front * _beta_fraction(b, a, 1.0 - x) / b


def p_value(t, df):
    """P(|T| >= |t|)."""
    return _incomplete_beta(0.5 * df, 0.5, df / (df + t * t))


def t_quantile(p, df):
    """Of p > 0.5, by bisection."""
    low, high = 0.0, 1e6
    for _ in range(200):
        middle = 0.5 * (low + high)
        low, high = (middle, high) if 1.0 - 0.5 * p_value(middle, df) < p else (low, middle)
    return 0.5 * (low + high)


def summary(values):
    """n, mean, standard deviation (n - 1), half of the 95 % confidence interval of the mean."""
    x = np.asarray(values, float)
    x = x[~np.isnan(x)]
    n = len(x)
    mean = x.mean() if n else math.nan
    sd = x.std(ddof=1) if n > 1 else math.nan
    return n, mean, sd, t_quantile(0.975, n - 1) * sd / math.sqrt(n) if n > 1 else math.nan


def paired(values, baseline):
    """Two {seed: value}: n, mean difference, half of its 95 % confidence interval, p of the paired t test."""
    seeds = sorted(set(values) & set(baseline))
    n, mean, sd, half = summary([values[s] - baseline[s] for s in seeds])
    if not n > 1:
        return n, mean, half, math.nan
    if sd == 0.0:
        return n, mean, half, 1.0 if mean == 0.0 else 0.0
    return n, mean, half, p_value(mean / (sd / math.sqrt(n)), n - 1)


def holm(p):
    """Holm's correction for as many tests as there are p; NaN stays."""
    p = np.asarray(p, float)
    order, out, largest = np.argsort(p), np.full(len(p), math.nan), 0.0
    m = int((~np.isnan(p)).sum())
    for rank, i in enumerate(order[:m]):
        largest = max(largest, min(1.0, (m - rank) * p[i]))
        out[i] = largest
    return out
