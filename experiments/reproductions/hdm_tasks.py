"""Problems and methods of hdm_table.py: gradient evaluations until |g|_inf < 1e-4, the settings those of the published scripts."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

import numpy as np
import scipy
from scipy.optimize import minimize

from lra_ref.engine.run import run
from lra_ref.methods import Method, make_method
from lra_ref.problems import Problem, make_problem
from lra_ref.problems.logistic import logistic_value
from lra_ref.problems.svm import squared_hinge_value

TOL, BUDGET, MU = 1e-4, 1000, 1e-4
BUNDLED = ("iris", "wine", "breast_cancer", "digits")
#: features cut at their quintiles, one indicator per bin, which is how a1a was made of the adult data
BINNED = {f"{name}_bins": name for name in ("wine", "breast_cancer")}


def summed_svm(lo: Any, hi: Any, x: Any, z: Any, data: Any, par: Any, g: Any) -> Any:
    """Squared-hinge loss summed over the rows (kernel)."""
    value = squared_hinge_value(lo, hi, x, z, data, par, g)
    for i in range(lo, hi):
        g[i] = g[i] * data.shape[0]
    return value * data.shape[0]


def summed_logistic(lo: Any, hi: Any, x: Any, z: Any, data: Any, par: Any, g: Any) -> Any:
    """Logistic loss summed over the rows (kernel)."""
    value = logistic_value(lo, hi, x, z, data, par, g)
    for i in range(lo, hi):
        g[i] = g[i] * data.shape[0]
    return value * data.shape[0]


@dataclass(frozen=True)
class Task:
    """One problem from one start; L is rounded to six digits, so that it does not depend on the linear algebra library."""

    name: str
    data: str
    seed: int

    @property
    def problem(self) -> Problem:
        """The problem, summed over its rows."""
        return loaded(self.name, self.data)

    @property
    def L(self) -> float:
        """Largest squared singular value of the rows."""
        return largest(self.name, self.data)

    @property
    def start(self) -> Any:
        """A normal vector, of length 1 to six digits."""
        drawn = np.random.RandomState(self.seed).randn(self.problem.dim)
        return drawn / float(f"{np.linalg.norm(drawn):.6g}")


@cache
def largest(name: str, data: str) -> float:
    """L of a task, to six digits."""
    return float(f"{np.linalg.norm(loaded(name, data).data[:, :-1], ord=2) ** 2:.6g}")


@cache
def loaded(name: str, data: str) -> Problem:
    """The problem of this name on a data set; the SVM has the bias column -1."""
    made = make_problem(
        "squared_hinge_svm" if name == "svm" else "logistic", data=BINNED.get(data, data), l2=0.0, standardize=data in BUNDLED
    )
    features, ends = made.data[:, :-2], made.data[:, -2:].copy()
    if data in BINNED:
        edges = np.quantile(features, (0.2, 0.4, 0.6, 0.8), axis=0)
        bins = np.sum(features[None] > edges[:, None], axis=0)
        features = (bins[:, :, None] == np.arange(5)).reshape(len(features), -1).astype(float)
        features = features[:, np.ptp(features, axis=0) > 0]
    if name == "svm":
        ends[:, 0] = -1.0
    rows, dim = np.ascontiguousarray(np.hstack([features, ends])), features.shape[1] + 1
    return replace(made, dim=dim, start=np.zeros(dim), value_kernel=summed_svm if name == "svm" else summed_logistic, data=rows)


# --- the methods -----------------------------------------------------------------------------------------------------------------------
Count = tuple[int | None, str]


def hdm_best(task: Task, settings: list[dict[str, float]]) -> Count:
    """Fewest gradients over the settings, all in one batch of the compiled loop."""
    methods = [make_method("hdm_best", convex=True, L_est=task.L, tol=TOL, max_iter=BUDGET, **values) for values in settings]
    made = run(methods, task.problem, steps=BUDGET, x0=task.start)
    # the step that stops looks at the gradient of an earlier one: what was spent by then is its number
    spent = np.nanmax(made.records["gradient_evaluations"], axis=1)
    stopped = np.array([status.name == "STATIONARY" for status in made.status])
    return fewest([(int(n) if done else None, f"lr {v['lr'] * task.L:g}/L beta_lr {v['beta_lr']:g}")
                   for n, done, v in zip(spent, stopped, settings, strict=True)])  # fmt: skip


def fewest(found: list[Count]) -> Count:
    """The first of the smallest counts; the first setting if none got there."""
    return min(found, key=lambda pair: BUDGET + 1 if pair[0] is None else pair[0])


def grid(task: Task, name: str, settings: list[tuple[str, dict[str, float]]]) -> Count:
    """Fewest gradients of a method of the library over the settings, all in one batch of the compiled loop."""
    methods = [make_method(name, **values) for _, values in settings]
    norms = run(methods, task.problem, steps=BUDGET - 1, x0=task.start).records["gradient_norm"]
    # |g|_inf < tol only where |g| < sqrt(D) tol: from the first such step on the points themselves are looked at
    small = norms < np.sqrt(task.problem.dim) * TOL
    found: list[Count] = []
    for method, row, (label, _) in zip(methods, small, settings, strict=True):
        known = min((n for n, _ in found if n is not None), default=BUDGET + 1)
        found.append((reached(task, method, int(np.argmax(row)), known) if row.any() else None, label))
    return fewest(found)


def reached(task: Task, method: Method, first: int, known: int) -> int | None:
    """Gradients until |g|_inf < tol, looking from step ``first`` on; None if not below ``known``."""
    made = run(method, task.problem, steps=first, x0=task.start)
    while made.state.t + 1 < known and made.state.t < BUDGET:
        if np.max(np.abs(task.problem.gradient(made.x[0]))) < TOL:
            return made.state.t + 1
        made = made.resume(1)
    return None


def accelerated(task: Task, momentum: Callable[[int], float]) -> int | None:
    """x_{k+1} = y_k - grad F(y_k)/L, y_k = x_k + beta_k (x_k - x_{k-1}); the gradient at x_k is evaluated for the stopping test only."""
    problem, x, spent = task.problem, task.start, 0
    before = x
    for k in range(BUDGET):
        spent += 2
        if np.max(np.abs(problem.gradient(x))) < TOL:
            return spent
        if spent >= BUDGET:
            return None
        y = x + momentum(k) * (x - before)
        x, before = y - problem.gradient(y) / task.L, x
    return None


def weights() -> Callable[[int], float]:
    """beta_k of the convex method: (t_{k-1} - 1)/t_k with t_k = (1 + sqrt(1 + 4 t_{k-1}^2))/2, t_0 = 1."""
    sequence = [1.0]

    def beta(k: int) -> float:
        while len(sequence) <= k:
            sequence.append((1 + np.sqrt(1 + 4 * sequence[-1] ** 2)) / 2)
        return 0.0 if k == 0 else (sequence[k - 1] - 1) / sequence[k]

    return beta


def quasi_newton(task: Task, method: str, **options: Any) -> int | None:
    """Gradients of a SciPy method, None if the largest entry ends above 1.1 tol (the published rule)."""
    limits = {"gtol": TOL, "maxiter": BUDGET - 1, **({} if method == "BFGS" else {"maxfun": 10**6})}
    found = minimize(task.problem.value_and_gradient, task.start, jac=True, method=method, options={**limits, **options})
    fine = np.max(np.abs(task.problem.gradient(found.x))) <= 1.1 * TOL and found.nfev <= BUDGET
    return int(found.nfev) if fine else None


def first_order(task: Task) -> Iterator[tuple[str, Count]]:
    """Gradient descent, heavy ball, both accelerated methods, Adam, AdaGrad."""
    L = task.L
    yield "gd", grid(task, "sgd", [("lr 1/L", {"lr": 1 / L})])
    betas = (0.1, 0.5, 0.9, 0.99)
    yield "heavy_ball", grid(task, "momentum", [(f"momentum {beta:g}", {"lr": 1 / L, "momentum": beta}) for beta in betas])
    yield "agd_convex", (accelerated(task, weights()), "step 1/L")
    q = (np.sqrt(L) - np.sqrt(MU)) / (np.sqrt(L) + np.sqrt(MU))
    yield "agd_strongly_convex", (accelerated(task, lambda k: float(q)), "step 1/L mu 1e-4")
    rates = [(f"lr {lr:g}", {"lr": lr}) for lr in (1e-3, 1e-2, 0.1, 1.0, 10.0)] + [("lr 1/L", {"lr": 1 / L})]
    yield "adam", grid(task, "adam", rates)
    yield "adagrad", grid(task, "adagrad", [(label, {**values, "eps": 1e-8}) for label, values in rates])


def lbfgs(task: Task, memory: int) -> Count:
    """SciPy's L-BFGS-B with the published options."""
    return quasi_newton(task, "L-BFGS-B", maxcor=memory, ftol=1e-25), ""


def tuned(task: Task) -> Count:
    """HDM-Best, the best of the published grid."""
    return hdm_best(task, [{"lr": lr / task.L, "beta_lr": b} for lr in (0.1, 1.0, 10.0, 100.0) for b in (1.0, 3.0, 5.0, 10.0, 100.0)])


def untuned(task: Task) -> Count:
    """HDM-Best with its single default setting."""
    return hdm_best(task, [{"lr": 10 / task.L, "beta_lr": 10.0}])


def counts(task: Task) -> Iterator[tuple[str, Count, str]]:
    """(method, (gradients or None, setting), who computed it) of every method on one task."""
    for name, count in first_order(task):
        yield name, count, "lra_ref"
    yield "bfgs", (quasi_newton(task, "BFGS"), ""), f"scipy {scipy.__version__}"
    for memory in (1, 3, 5, 10):
        yield f"lbfgs_{memory}", lbfgs(task, memory), f"scipy {scipy.__version__}"
    yield "hdm_best_tuned", tuned(task), "lra_ref"
    yield "hdm_best_default", untuned(task), "lra_ref"
