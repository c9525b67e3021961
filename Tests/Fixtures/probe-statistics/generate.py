"""Writes the golden numbers of LayerProbe's statistics tests, computed with SciPy and numpy.

    python Tests/Fixtures/probe-statistics/generate.py             expected.json
    python Tests/Fixtures/probe-statistics/generate.py coverage    prints how often intervals hold the true mean (3 minutes)

Made with scipy 1.17.1, numpy 2.4.6; every seed is fixed below.

expected.json:
    spearman         pairs of lists, ties among them; scipy.stats.spearmanr
    concordance      [criteria][layers]; chi_squared and p of scipy.stats.friedmanchisquare, w from it
    jackknife        values; leaving_out: the standard deviation of all others; standard_error from the formula of Tukey, and
                     for the mean (leaving_out_mean) the standard error of the mean, which it must equal; reach: scipy.stats.t
    bootstrap        data [documents][layers], counts [draws][documents]; studentised intervals by numpy from these draws
    mean_draws       data; standard error and percentile interval of scipy.stats.bootstrap with 200,000 draws
    sign_flips       differences [pairs][layers]; max-T p-values from the null distributions of scipy.stats.permutation_test
    correlation_interval  r, n, and Fieller's interval
"""

import json
import pathlib
import sys

import numpy as np
from scipy import stats

HERE = pathlib.Path(__file__).parent


def studentised(data, counts):
    """[layers][2]: bootstrap-t intervals of 95 % of the columns' means, from given draws."""
    n = len(data)
    mean, deviation = data.mean(0), data.std(0, ddof=1)
    drawn = np.stack([np.repeat(data, count, axis=0) for count in counts])
    pivots = (drawn.mean(1) - mean) / (drawn.std(1, ddof=1) / n**0.5)
    low, high = np.quantile(pivots, [0.025, 0.975], axis=0)
    error = deviation / n**0.5
    return np.stack([mean - high * error, mean - low * error], axis=1)


def expected():
    rng = np.random.default_rng(20)
    spearman = []
    for first, second in [
        (rng.normal(size=9), rng.normal(size=9)),
        (rng.integers(0, 4, 12), rng.integers(0, 4, 12)),
        (rng.normal(size=30), rng.integers(0, 9, 30)),
    ]:
        result = stats.spearmanr(first, second)
        spearman.append({"first": first.tolist(), "second": second.tolist(), "correlation": result.statistic})

    concordance = []
    for scores in [
        rng.normal(size=(4, 12)),
        rng.normal(size=(5, 30)) + np.linspace(0, 3, 30),
        rng.integers(0, 3, (6, 8)),
    ]:
        result = stats.friedmanchisquare(*scores.T)
        m, n = scores.shape
        concordance.append({
            "scores": scores.tolist(), "chi_squared": result.statistic, "p": result.pvalue,
            "w": result.statistic / (m * (n - 1)),
        })

    values = rng.gamma(2, size=14)
    n = len(values)
    left_out = np.array([np.delete(values, i).std(ddof=1) for i in range(n)])
    means = np.array([np.delete(values, i).mean() for i in range(n)])
    jackknife = {
        "estimate": values.std(ddof=1), "leaving_out": left_out.tolist(),
        "standard_error": ((n - 1) / n * ((left_out - left_out.mean()) ** 2).sum()) ** 0.5,
        "mean": values.mean(), "leaving_out_mean": means.tolist(), "standard_error_of_mean": stats.sem(values),
        "interval_of_mean": list(stats.t.interval(0.95, n - 1, values.mean(), stats.sem(values))),
    }

    data = np.stack([rng.normal(5, 1, 11), rng.lognormal(size=11), 100 + rng.exponential(size=11)], axis=1)
    counts = rng.multinomial(11, np.full(11, 1 / 11), size=250)
    bootstrap = {
        "data": data.tolist(), "counts": counts.tolist(), "intervals": studentised(data, counts).tolist(),
    }

    sample = rng.gamma(3, size=20)
    result = stats.bootstrap(
        (sample,), np.mean, vectorized=True, n_resamples=200_000, batch=10_000, method="percentile", rng=3)
    mean_draws = {
        "data": sample.tolist(), "standard_error": float(result.standard_error),
        "interval": list(result.confidence_interval),
    }

    differences = rng.normal(size=(9, 5)) + np.array([0, 0.9, 0, -1.6, 0.3])
    result = stats.permutation_test(
        (differences,), lambda x, axis: np.abs(x.sum(axis)) / np.sqrt((x**2).sum(axis)), permutation_type="samples",
        vectorized=True, n_resamples=np.inf, alternative="greater", axis=0)
    assert result.null_distribution.shape == (2**9, 5)
    greatest = result.null_distribution.max(1, keepdims=True)
    sign_flips = {
        "differences": differences.tolist(),
        "p": (greatest >= result.statistic * (1 - 1e-12)).mean(0).tolist(),
    }

    correlation_interval = []
    for r, n in [(0.6, 10), (-0.95, 8), (0.1, 30)]:
        reach = stats.norm.ppf(0.975) * (1.06 / (n - 3)) ** 0.5
        correlation_interval.append({
            "r": r, "n": n, "interval": [np.tanh(np.arctanh(r) - reach), np.tanh(np.arctanh(r) + reach)]})

    return {
        "spearman": spearman, "concordance": concordance, "jackknife": jackknife, "bootstrap": bootstrap,
        "mean_draws": mean_draws, "sign_flips": sign_flips, "correlation_interval": correlation_interval,
    }


def coverage(simulations=1500, draws=1000):
    rng = np.random.default_rng(1)
    kinds = {
        "normal": (lambda n: rng.normal(size=n), 0.0),
        "exponential": (lambda n: rng.exponential(size=n), 1.0),
        "log-normal": (lambda n: rng.lognormal(size=n), np.exp(0.5)),
    }
    for n in [6, 16, 64]:
        for name, (draw, mean) in kinds.items():
            hits = dict.fromkeys(["percentile", "BCa", "studentised", "Student's t"], 0)
            for _ in range(simulations):
                x = draw(n)
                m, s = x.mean(), x.std(ddof=1)
                drawn = x[rng.integers(0, n, (draws, n))]
                means, deviations = drawn.mean(1), drawn.std(1, ddof=1)
                low, high = np.quantile(means, [0.025, 0.975])
                hits["percentile"] += low <= mean <= high
                bias = stats.norm.ppf((means < m).mean() + 0.5 * (means == m).mean())
                change = m - x
                acceleration = (-change**3).sum() / (6 * (change**2).sum() ** 1.5)
                z = bias + stats.norm.ppf([0.025, 0.975])
                low, high = np.quantile(means, stats.norm.cdf(bias + z / (1 - acceleration * z)))
                hits["BCa"] += low <= mean <= high
                low, high = np.quantile((means - m) / np.maximum(deviations, 1e-300), [0.025, 0.975])
                hits["studentised"] += m - high * s <= mean <= m - low * s
                reach = stats.t.ppf(0.975, n - 1) * s / n**0.5
                hits["Student's t"] += m - reach <= mean <= m + reach
            print(n, name, {key: round(hit / simulations, 3) for key, hit in hits.items()}, flush=True)


if __name__ == "__main__":
    if sys.argv[1:] == ["coverage"]:
        coverage()
    else:
        (HERE / "expected.json").write_text(json.dumps(expected(), separators=(",", ":")) + "\n")
