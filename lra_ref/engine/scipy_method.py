"""Any method of this package as ``method=`` of ``scipy.optimize.minimize``.

    minimize(fun, x0, jac=jac, method=scipy_method("gala_sgd", eta_0=0.1), options={"maxiter": 500, "gtol": 1e-6})

It follows SciPy's protocol of custom methods and its conventions: options ``maxiter``, ``gtol``, ``norm``, ``eps``, ``disp`` as in BFGS,
unknown options warn, a callback of either style may stop by ``StopIteration`` (status 99), the result is an ``OptimizeResult``.  The
objective is taken as exact: every sample is the function itself.
"""

from __future__ import annotations

import inspect
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
from scipy.optimize import OptimizeResult, OptimizeWarning, approx_fprime

from lra_ref.checks import as_array, real, vector, whole
from lra_ref.engine.optimizer import LOSS, Optimizer
from lra_ref.methods import Method, make_method
from lra_ref.parameters import shown
from lra_ref.status import Status
from lra_ref.typing import Array

CONVERGED, MAXIMUM, STOPPED, CALLBACK = 0, 1, 2, 99
#: the step of SciPy's forward differences
STEP = float(np.sqrt(np.finfo(float).eps))


class Objective:
    """Loss and gradient with counts; the last point is remembered, as the callback and the next step ask for the same one."""

    def __init__(
        self,
        fun: Callable[..., Any],
        jac: Callable[..., Any] | None,
        args: tuple[Any, ...],
        eps: float,
        hess: Any = None,
        hessp: Any = None,
    ) -> None:
        self.fun, self.jac, self.args, self.eps, self.hess, self.hessp = fun, jac, args, eps, hess, hessp
        self.nfev, self.njev = 0, 0
        self._f: tuple[Array, float] | None = None
        self._g: tuple[Array, Array] | None = None

    def _evaluate(self, x: Array) -> float:
        self.nfev += 1
        value = as_array("the value of the objective", self.fun(np.copy(x), *self.args))
        if value.size != 1 or value.dtype.kind not in "fiu":
            raise ValueError(f"the objective must return a real number, got {value.dtype} of shape {value.shape}")
        return real("the value of the objective", value)

    def loss(self, x: Array) -> float:
        """F(x)."""
        if self._f is None or not np.array_equal(self._f[0], x):
            self._f = x.copy(), self._evaluate(x)
        return self._f[1]

    def gradient(self, x: Array) -> Array:
        """The user's gradient, or forward differences of step ``eps``."""
        if self._g is None or not np.array_equal(self._g[0], x):
            self.njev += 1
            value = self._differences(x) if self.jac is None else vector("the gradient by jac", self.jac(np.copy(x), *self.args), x.size)
            if value.shape != x.shape:
                raise ValueError(f"the gradient by jac must have shape {x.shape}, got {value.shape}")
            self._g = x.copy(), np.array(value)
        return self._g[1]

    def product(self, x: Array, v: Array) -> Array:
        """Hessian at x times v, by ``hessp`` or ``hess``."""
        if callable(self.hessp):
            return np.asarray(self.hessp(np.copy(x), np.copy(v), *self.args))
        return np.asarray(self.hess(np.copy(x), *self.args) @ v)

    def _differences(self, x: Array) -> Array:
        loss = self.loss(x)
        if not np.isfinite(loss):
            return np.full_like(x, np.nan)
        return np.asarray(approx_fprime(x, lambda point: loss if np.array_equal(point, x) else self._evaluate(point), self.eps))


def scipy_method(method: str | Method, **parameters: Any) -> Callable[..., OptimizeResult]:
    """The callable to be given to ``scipy.optimize.minimize`` as ``method``.

    Parameters
    ----------
    method : name of a method (with its ``parameters``), or a method.

    Options of ``minimize``: ``maxiter`` (default 1000 steps), ``gtol`` (1e-5) on the norm of the gradient of order ``norm`` (inf),
    ``eps`` (step of the forward differences that take the place of ``jac``), ``disp``, ``seed`` (of rates that draw a number), and
    ``tol`` for ``gtol``.  A method that takes Hessian-vector products needs ``hessp`` or ``hess``.

    Result: ``x``, ``fun``, ``jac``, ``nit``, ``nfev``, ``njev``, ``message``, ``success`` and ``status``: 0 converged, 1 ``maxiter``
    reached, 2 stopped (the message says why, ``trajectory_status`` names it), 99 the callback stopped.

    Raises
    ------
    ValueError : for an unknown method or parameter.
    """
    if isinstance(method, Method) and parameters:
        raise ValueError(f"a method that is already made takes no parameters, got {', '.join(parameters)}")
    made = method if isinstance(method, Method) else make_method(method, **parameters)

    def minimizer(
        fun: Callable[..., Any],
        x0: Any,
        args: tuple[Any, ...] = (),
        jac: Any = None,
        hess: Any = None,
        hessp: Any = None,
        bounds: Any = None,
        constraints: Any = (),
        callback: Callable[..., Any] | None = None,
        *,
        maxiter: int = 1000,
        gtol: float = 1e-5,
        tol: float | None = None,
        norm: float = np.inf,
        eps: float = STEP,
        disp: bool = False,
        seed: int = 0,
        **unknown: Any,
    ) -> OptimizeResult:
        curved = any(sample == "hvp" for _, sample in made.rate.points)
        if curved and not (callable(hess) or callable(hessp)):
            raise ValueError(f"the method {made.name} needs hess or hessp")
        unused = {"Hessian information (hess)": hess, "Hessian-vector product information (hessp)": hessp}
        _warn(made.name, {} if curved else unused, bounds, constraints, unknown)
        for name, given in (("fun", fun), ("jac", jac), ("callback", callback)):
            if not callable(given) and (name == "fun" or given is not None):
                raise ValueError(f"{name} must be a function, got {shown(given)}")
        level, order, eps = real("gtol", gtol) if tol is None else real("tol", tol), real("norm", norm), real("eps", eps)
        if np.isnan(level) or np.isnan(order):
            raise ValueError(f"gtol (or tol) and norm must be numbers, got {level:g} and {order:g}")
        if not 0 < abs(eps) < np.inf:
            raise ValueError(f"eps must be finite and not 0, got {eps:g}")
        objective = Objective(fun, jac, args, eps, hess, hessp)
        result = _minimize(Optimizer(made, x0, seed=seed), objective, whole("maxiter", maxiter), level, order, _watcher(callback))
        if disp:
            print(result.message)
        return result

    minimizer.__doc__ = f"The method {made.name} for scipy.optimize.minimize."
    minimizer.__name__ = minimizer.__qualname__ = made.name
    return minimizer


def _warn(name: str, unused: dict[str, Any], bounds: Any, constraints: Any, unknown: dict[str, Any]) -> None:
    """SciPy's own warnings, at the level of the caller of ``minimize``."""
    lines = [(f"Method {name} does not use {what}.", RuntimeWarning) for what, given in unused.items() if given is not None]
    if np.any(constraints):
        lines.append((f"Method {name} cannot handle constraints.", RuntimeWarning))
    if bounds is not None:
        lines.append((f"Method {name} cannot handle bounds.", RuntimeWarning))
    if unknown:
        lines.append((f"Unknown solver options: {', '.join(unknown)}", OptimizeWarning))
    for line, category in lines:
        warnings.warn(line, category, stacklevel=4)


def _watcher(callback: Callable[..., Any] | None) -> Callable[[OptimizeResult], bool]:
    """``watch(intermediate_result)`` calls the callback in its own style; True if it asks to stop."""
    if callback is None:
        return lambda result: False
    by_keyword = set(inspect.signature(callback).parameters) == {"intermediate_result"}

    def watch(result: OptimizeResult) -> bool:
        try:
            if by_keyword:
                callback(intermediate_result=result)
            else:
                callback(np.copy(result.x))
        except StopIteration:
            return True
        return False

    return watch


def _minimize(
    optimizer: Optimizer, objective: Objective, maxiter: int, gtol: float, norm: float, watch: Callable[[OptimizeResult], bool]
) -> OptimizeResult:
    status, message = STOPPED, ""
    while True:
        x = optimizer.answer
        loss, gradient = objective.loss(x), objective.gradient(x)
        with np.errstate(all="ignore"):
            size = np.linalg.norm(gradient, ord=norm)
        if size <= gtol:
            status, message = CONVERGED, "Optimization terminated successfully."
        elif optimizer.t >= maxiter:
            status, message = MAXIMUM, "Maximum number of iterations has been exceeded."
        elif not _advance(optimizer, objective):
            message = f"The method {optimizer.status.message}."
        else:
            x = optimizer.answer
            if not watch(OptimizeResult(x=x, fun=objective.loss(x))):
                continue
            status, message = CALLBACK, "`callback` raised `StopIteration`."
            loss, gradient = objective.loss(x), objective.gradient(x)
        return OptimizeResult(
            x=x, fun=loss, jac=gradient, nit=optimizer.t, nfev=objective.nfev, njev=objective.njev,
            status=status, success=status == CONVERGED, message=message, trajectory_status=optimizer.status,
        )  # fmt: skip


def _advance(optimizer: Optimizer, objective: Objective) -> bool:
    """One step; False if the optimizer stopped."""
    info = None
    while info is None:
        answers: list[Any] = []
        for x, _, needs, v in optimizer.ask():
            if v is not None:
                answers.append(objective.product(x, v))
            else:
                loss = objective.loss(x)
                answers.append(loss if needs == LOSS else (loss, objective.gradient(x)))
        info = optimizer.tell(answers)
    return optimizer.status is Status.RUNNING
