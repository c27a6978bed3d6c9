"""T1-T4, T7, T8, T13, T14: laws of the path and of the rate when the directions carry no information."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from scipy import integrate

from experiments.clara_claims.null import null_run, stored
from lra_ref.rates.clara_laws import coordinate_variance, drift, independent_mean, independent_variance, log_rate_variance, published_sd
from lra_ref.verify import Case, Claim, Control, Distribution, Moment

LOOKS = {"seeds": 8192, "budget": 2**19}
MORE = {"seeds": 16384, "budget": 2**20}
#: variances are checked up to this share of themselves
TOL = 0.08


def cases(rows: list[tuple[str, dict[str, Any]]], looks: dict[str, int] = LOOKS, smoke: int = 1) -> tuple[Case, ...]:
    """Cases that differ between the presets in the number of seeds only."""
    full = {"seeds": 4 * looks["seeds"], "budget": 4 * looks["budget"]}
    return tuple(Case(name, looks if k < smoke else None, looks, full, common) for k, (name, common) in enumerate(rows))


# --- T1, T2 -----------------------------------------------------------------------------------------------------------------------------
def mean_law(e: dict[str, Any], transient: bool = True) -> Distribution:
    """E Y_t at every recorded t, up to 3%."""
    c, moments = e["rate"].parameters.c, []
    for column, t in enumerate(e["steps"]):
        if t > 0:
            value = float(independent_mean(c, int(t) if transient else math.inf))
            moments.append(Moment(f"E Y_{t}", e["Y"][:, column], value, 0.03 * value))
    return Distribution(moments=tuple(moments))


def variance_law(e: dict[str, Any], value: float | None = None) -> Distribution:
    """Var Y_T."""
    case, c = e["case"], e["rate"].parameters.c
    exact = float(independent_variance(c, case["D"], case["T"]))
    claimed = exact if value is None else value
    return Distribution(moments=(Moment(f"Var Y_{case['T']}", e["Y"][:, -1], claimed, TOL * abs(claimed), "variance"),))


def published_law(e: dict[str, Any]) -> Distribution:
    """The published sigma^2 in place of the exact variance."""
    return variance_law(e, published_sd(e["rate"].parameters.c, e["case"]["D"]) ** 2)


def salera_law(e: dict[str, Any]) -> Distribution:
    """SALERA's sigma^2 = alpha^2 / D in place of the exact variance."""
    return variance_law(e, e["rate"].parameters.c ** 2 / e["case"]["D"])


# --- T3 ---------------------------------------------------------------------------------------------------------------------------------
def autoregression(e: dict[str, Any], q: float | None = None) -> Distribution:
    """Prediction errors over one step: mean 0, uncorrelated with the past, variance 4 q c^2 Y/D; covariance at lag 5."""
    case, Y, steps = e["case"], e["Y"], list(e["steps"])
    c, dim = e["rate"].parameters.c, case["D"]
    exact = (1 - c) ** 2
    q, mu = exact if q is None else q, c / (2 - c)
    last = len(steps) - 1
    past, present = Y[:, last - 1] - mu, Y[:, last] - mu
    variance = float(independent_variance(c, dim))
    if case["every"] == 1:
        error = present - q * past
        scatter = 4 * q * c**2 * independent_mean(c, steps[last - 1]) / dim
        return Distribution(moments=(
            Moment("mean prediction error", error, 0.0, 0.02 * mu),
            Moment("prediction error times the past", error * past, 0.0, TOL * variance, scale=mu**2),
            Moment("variance of the prediction error", error**2, float(scatter), TOL * float(scatter), scale=mu**2),
        ))  # fmt: skip
    value = q ** case["every"] * variance
    return Distribution(moments=(Moment(f"Cov(Y_t+{case['every']}, Y_t)", present * past, value, TOL * variance),))


# --- T4 ---------------------------------------------------------------------------------------------------------------------------------
def coordinates(e: dict[str, Any], with_fourth: bool = True) -> Distribution:
    """E p_1^2 = S2/D; mean over the coordinates of (p_i^2 - S2/D)^2 = 2 S2^2/D^2 - 6 S4/(D^2 (D+2))."""
    case, c = e["case"], e["rate"].parameters.c
    dim, t = case["D"], case["T"]
    mean = float(independent_mean(c, t)) / dim
    value = float(coordinate_variance(c, dim, t)) if with_fourth else 2 * mean**2
    squares = e["path"] ** 2
    return Distribution(moments=(
        Moment("E p_1^2", squares[:, 0], mean, TOL * mean),
        # the value is a difference of terms of the size of 2 mean^2, the sample one of squares of that of the path
        Moment("Var p_i^2", np.mean((squares - mean) ** 2, axis=1), value, TOL * abs(value), scale=4 * (mean + dim * mean) ** 2),
    ))  # fmt: skip


# --- T7, T8 -----------------------------------------------------------------------------------------------------------------------------
def drift_law(e: dict[str, Any], value: float | None = None) -> Distribution:
    """E log(eta_T/eta_0)/d, up to 3% of its limit."""
    case, c = e["case"], e["rate"].parameters.c
    claimed = float(drift(c, case["T"])) if value is None else value
    logs = np.log(e["eta"][:, -1] / e["eta"][:, 0]) / e["rate"].d
    return Distribution(moments=(Moment("E log(eta_T/eta_0)/d", logs, claimed, 0.03 * abs(float(drift(c, math.inf)))),))


def alera_gain(e: dict[str, Any]) -> float:
    """C/s."""
    return float(e["rate"].gains[0])


def alera_drift(e: dict[str, Any], martingale: bool = False) -> Distribution:
    """For ALERA, in units of C/s: mean 0; increments times the past deviation have mean q Var Y; the corrected increments have mean 0."""
    case, alpha = e["case"], e["rate"].parameters.alpha
    q, gain = (1 - alpha) ** 2, alera_gain(e)
    logs, deviation = np.log(e["eta"] / e["rate"].parameters.lr) / gain, e["Y"] - e["mean"]
    # record t holds the path after t + 1 directions
    step, past = logs[:, -1] - logs[:, -2], deviation[:, -2]
    corrected = step + q / (1 - q) * (deviation[:, -1] - past)
    variance = float(independent_variance(alpha, case["D"], int(e["steps"][-2]) + 1))
    size = math.sqrt(variance)
    return Distribution(moments=(
        Moment("E log eta_T", logs[:, -1], 0.0, 0.2 * size),
        Moment("increment times past deviation", step * past, 0.0 if martingale else q * variance, 2 * TOL * variance),
        Moment("corrected increment", corrected, 0.0, 0.2 * size),
        Moment("corrected increment times past deviation", corrected * past, 0.0, 0.2 * variance),
    ))  # fmt: skip


def spread_law(e: dict[str, Any], factor: float = 1.0) -> Distribution:
    """Var log(eta_T/eta_0): for CLARA in units of d^2, for ALERA in units of (C/s)^2."""
    case = e["case"]
    if "mean" in e:
        alpha, T = e["rate"].parameters.alpha, case["T"] + 1
        logs = np.log(e["eta"][:, -1] / e["rate"].parameters.lr) / alera_gain(e)
        value = log_rate_variance(alpha, case["D"], T) * (alpha / (2 - alpha)) ** 2
    else:
        logs = np.log(e["eta"][:, -1] / e["eta"][:, 0]) / e["rate"].d
        value = log_rate_variance(e["rate"].parameters.c, case["D"], case["T"])
    return Distribution(moments=(Moment("Var log(eta_T/eta_0)", logs, factor * value, TOL * factor * value, "variance"),))


# --- T13, T14 ---------------------------------------------------------------------------------------------------------------------------
def block_law(e: dict[str, Any], factor: float = 1.0) -> Distribution:
    """Mean K mu (up to 2%) and variance sum_k (4/D_k) mu^2 q/(1+q) of sum_k |p_k|^2."""
    c, sizes = e["rate"].parameters.c, np.diff(e["case"]["offsets"])
    q, mu = (1 - c) ** 2, c / (2 - c)
    mean, variance = len(sizes) * mu, factor * float(np.sum(4 / sizes)) * mu**2 * q / (1 + q)
    return Distribution(moments=(
        Moment("E sum |p_k|^2", e["Y"][:, -1], mean, 0.02 * mean),
        Moment("Var sum |p_k|^2", e["Y"][:, -1], variance, TOL * variance, "variance"),
    ))  # fmt: skip


def second_moments(scales: Any) -> Any:
    """Diagonal of S = E u u' for u = g/|g|, g Gaussian with these standard deviations; 1/|g|^2 is the integral of exp(-t |g|^2)."""
    variances = np.square(scales)

    def entry(k: int) -> float:
        def integrand(t: float) -> float:
            return float(variances[k] / (1 + 2 * variances[k] * t) * np.prod(1 / np.sqrt(1 + 2 * variances * t)))

        return float(integrate.quad(integrand, 0, np.inf, epsabs=1e-12, epsrel=1e-10)[0])

    return np.array([entry(k) for k in range(variances.size)])


def anisotropic_law(e: dict[str, Any], isotropic: bool = False) -> Distribution:
    """E Y_T = mu (1-q^T) up to 3%; Var Y_T and Var log eta_T with tr(S^2) in place of 1/D; E log eta_T as T7."""
    case, c = e["case"], e["rate"].parameters.c
    T = case["T"]
    dim = len(case["scales"]) if isotropic else 1 / float(np.sum(second_moments(case["scales"]) ** 2))
    mean, variance = float(independent_mean(c, T)), float(independent_variance(c, dim, T))
    logs = np.log(e["eta"][:, -1] / e["eta"][:, 0]) / e["rate"].d
    spread = log_rate_variance(c, dim, T)
    return Distribution(moments=(
        Moment("E Y_T", e["Y"][:, -1], mean, 0.03 * mean),
        Moment("Var Y_T", e["Y"][:, -1], variance, TOL * abs(variance), "variance"),
        Moment("E log(eta_T/eta_0)/d", logs, float(drift(c, T)), 0.12),
        Moment("Var log(eta_T/eta_0)/d^2", logs, spread, TOL * spread, "variance"),
    ))  # fmt: skip


D_SMALL = {"d": 0.01}
T2_CASES = cases(
    [
        ("c = 0.2, D = 10, T = 10", {"D": 10, "T": 10, "parameters": {"c": 0.2}}),
        ("c = 0.2, D = 3, T = 4", {"D": 3, "T": 4, "parameters": {"c": 0.2}}),
        ("c = 0.5, D = 20, T = 6", {"D": 20, "T": 6, "parameters": {"c": 0.5}}),
    ],
    MORE,
)
PUBLISHED, SALERA_SD, SAME = stored("T2pub"), stored("T2salera"), stored("T13same")
EXACT_SIGMA = {"kind": "refutation", "run": null_run}

CLAIMS = [
    Claim(
        id="clara.T1", title="Mean of the squared path norm", kind="distribution", label="tight", provenance="derived",
        statement=r"$E\,|p_t|^2=\mu(1-q^t)$, $\mu=\frac{c}{2-c}$, $q=(1-c)^2$, for uninformative directions",
        cases=cases([
            ("c = 0.2, D = 3", {"D": 3, "T": 20, "every": 5, "parameters": {"c": 0.2}}),
            ("c = 0.05, D = 10", {"D": 10, "T": 20, "every": 10, "parameters": {"c": 0.05}}),
        ]),
        run=null_run, sides=mean_law, control=Control("the limit mu at every t", sides=lambda e: mean_law(e, transient=False)),
    ),
    Claim(
        id="clara.T2", title="Variance of the squared path norm", kind="distribution", label="tight", provenance="derived",
        statement=r"$Var\,|p_t|^2=\frac{2}{D}(S_2^2-S_4)$, $S_2=\mu(1-q^t)$, $S_4=c^4\frac{1-q^{2t}}{1-q^2}$; limit "
        r"$\frac{4\mu^2(1-c)^2}{D(1+(1-c)^2)}$",
        cases=T2_CASES, run=null_run, sides=variance_law,
        control=Control("the published sigma squared", sides=published_law),
        notes="the published sigma is refuted in clara.T2pub",
    ),
    Claim(
        id="clara.T2pub", title="The published sigma of CLARA", provenance="published", **EXACT_SIGMA,
        source="authors' code, path_sd of the SGD class",
        statement=r"NOT: the standard deviation is $\sqrt{2}\mu(1-c)/\sqrt{((1-c)^2+1)D}$; it is larger by $\sqrt{2}$",
        cases=(PUBLISHED,), sides=published_law, control=Control("the exact variance, which is right", sides=variance_law),
    ),
    Claim(
        id="clara.T2salera", title="The published sigma of SALERA", provenance="published", **EXACT_SIGMA,
        source="arXiv 1709.01427 and its code",
        statement=r"NOT: the standard deviation is $\alpha/\sqrt{D}$; for $\alpha\to 0$ it is smaller by $\sqrt{2}$",
        cases=(SALERA_SD,), sides=salera_law, control=Control("the exact variance, which is right", sides=variance_law),
    ),
    Claim(
        id="clara.T3", title="Autoregression of the squared path norm", kind="distribution", label="tight", provenance="derived",
        statement=r"$E[Y_{t+1}-\mu\,|\,past]=q(Y_t-\mu)$, $Var(Y_{t+1}\,|\,past)=4qc^2Y_t/D$, stationary $Cov(Y_{t+k},Y_t)=q^k\,Var\,Y$",
        cases=cases([
            ("one step, c = 0.2, D = 6", {"D": 6, "T": 6, "every": 1, "parameters": {"c": 0.2}}),
            ("five steps, stationary, c = 0.2, D = 20", {"D": 20, "T": 20, "every": 5, "parameters": {"c": 0.2}}),
        ], MORE),
        run=null_run, sides=autoregression, control=Control("q = 1 - c", sides=lambda e: autoregression(e, 1 - e["rate"].parameters.c)),
    ),
    Claim(
        id="clara.T4", title="Coordinates of the path", kind="distribution", label="tight", provenance="derived",
        statement=r"directions uniform on the sphere: $E p_i^2=S_2/D$, $Var\,p_i^2=2S_2^2/D^2-6S_4/(D^2(D+2))$",
        cases=cases([("c = 0.5, D = 5", {"D": 5, "T": 8, "parameters": {"c": 0.5}})], MORE),
        run=null_run, sides=coordinates, control=Control("without S_4", sides=lambda e: coordinates(e, with_fourth=False)),
    ),
    Claim(
        id="clara.T7", title="Drift of CLARA's rate under the null", kind="distribution", label="tight", provenance="derived",
        statement=r"$E\log(\eta_T/\eta_0)=-d\,q(1-q^T)/(1-q)$, which tends to $-1.7778\,d$ at $c=0.2$",
        cases=cases([("c = 0.2, D = 30", {"D": 30, "T": 10, "parameters": {"c": 0.2, **D_SMALL}})], MORE),
        run=null_run, sides=drift_law, control=Control("no drift", sides=lambda e: drift_law(e, 0.0)),
    ),
    Claim(
        id="clara.T7salera", title="SALERA's rate has mean 0 but is no martingale", kind="distribution", label="tight",
        provenance="derived",
        statement=r"$E\log\eta_t=\log\eta_0$; $E[\Delta\log\eta_t\,|\,past]=\frac{C}{s}q(Y_{t-1}-\mu_{t-1})$; "
        r"$\log\eta_t+\frac{C}{s}\frac{q}{1-q}(Y_t-\mu_t)$ is a martingale",
        cases=cases([("alpha = 0.2, D = 10",
            {"method": "alera_sgd", "D": 10, "T": 8, "every": 1, "parameters": {"alpha": 0.2, "C": 0.01}})], MORE),
        run=null_run, sides=alera_drift,
        control=Control("log eta itself taken for a martingale", sides=lambda e: alera_drift(e, martingale=True)),
    ),
    Claim(
        id="clara.T8", title="Variance of the rate under the null", kind="distribution", label="tight", provenance="derived",
        statement=r"$Var\log(\eta_T/\eta_0)=\frac{d^2}{\mu^2}\frac{4qc^2}{(1-q)^2D}\sum_{s\leq T}(1-q^{T-s+1})^2\mu(1-q^{s-1})$; SALERA: "
        r"$C/s$ in place of $d/\mu$",
        cases=cases([
            ("CLARA, D = 10, T = 20", {"D": 10, "T": 20, "parameters": {"c": 0.2, **D_SMALL}}),
            ("ALERA, alpha = 0.1, D = 4, T = 20", {"method": "alera_sgd", "D": 4, "T": 20, "parameters": {"alpha": 0.1, "C": 0.01}}),
        ], MORE),
        run=null_run, sides=spread_law, control=Control("half of it", sides=lambda e: spread_law(e, 0.5)),
    ),
    Claim(
        id="clara.T13", title="Several blocks", kind="distribution", label="tight", provenance="derived",
        statement=r"$E\sum_k|p_k|^2=K\mu$ for any sizes; $Var=\sum_k\frac{4}{D_k}\mu^2\frac{q}{1+q}$ for uncorrelated blocks",
        cases=cases([("sizes 2, 5, 9", {"D": 16, "T": 16, "offsets": [0, 2, 7, 16], "parameters": {"c": 0.2, **D_SMALL}})], MORE),
        run=null_run, sides=block_law, control=Control("a third of the variance", sides=lambda e: block_law(e, 1 / 3)),
    ),
    Claim(
        id="clara.T13same", title="The variance needs uncorrelated blocks", kind="refutation", provenance="derived",
        statement=r"NOT: $Var\sum_k|p_k|^2=\sum_k\frac{4}{D_k}\mu^2\frac{q}{1+q}$ for any blocks: three identical ones give three times it",
        cases=(SAME,), run=null_run, sides=block_law,
        control=Control("three times the variance, which is right here", sides=lambda e: block_law(e, 3.0)),
    ),
    Claim(
        id="clara.T14", title="Anisotropic directions", kind="distribution", label="tight", provenance="derived",
        statement=r"$S=E uu^T$: T1 and T7 unchanged; T2 and T8 with $1/D$ replaced by $tr\,S^2$",
        cases=cases([("standard deviations 3, 1, 1, 0.5, 0.5",
            {"scales": [3.0, 1.0, 1.0, 0.5, 0.5], "T": 8, "parameters": {"c": 0.3, **D_SMALL}})], MORE),
        run=null_run, sides=anisotropic_law,
        control=Control("1/D as for isotropic directions", sides=lambda e: anisotropic_law(e, isotropic=True)),
    ),
]  # fmt: skip
