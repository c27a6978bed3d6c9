"""The ports as data: what each should be, and what the comparison must find in each wrong one."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from lra_ref.methods import Method, make_method

HERE = "tests.crosscheck.ports."
#: the run that shows a bug between tensors
MODEL = (("model", "normal"),)
#: models and sequences on which the wrong ports run, unless one says otherwise
PLAIN = ((("vector", "normal"), ("model", "normal")), (("vector", "noisy_quadratic"), ("model", "noisy_quadratic")))


@dataclass(frozen=True)
class Wrong:
    """A deliberate bug: the deviation that must be named (a part of its detail), the step that must differ first, and on what."""

    bug: str
    deviation: str
    detail: str
    step: int
    runs: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Subject:
    """A port that is right with ``bug=""``, and its wrong versions."""

    port: str
    method: str
    parameters: dict[str, Any]
    framework: str = "callable"
    state: dict[str, str] = field(default_factory=dict)
    names: dict[str, str] = field(default_factory=dict)
    extra: dict[str, Any] = field(default_factory=dict)
    wrong: tuple[Wrong, ...] = ()

    @property
    def options(self) -> dict[str, Any]:
        """Keyword arguments of ``compare``."""
        return {"method": self.method, "framework": self.framework, "parameters": self.parameters, "names": self.names}

    @property
    def made(self) -> Method:
        """The method that the port should be."""
        return make_method(self.method, **self.parameters)

    def bugged(self, bug: str = "") -> dict[str, Any]:
        """Parameters of the port alone."""
        return {"bug": bug, **self.extra}


CLARA = {"lr": 0.05, "c": 0.2, "d": 0.01}
GALA = {"eta_0": 0.1, "delta": 0.0}

# bugs of several ports
SIGN = Wrong("sign", "sign of the signal", "", 1)
LATE = Wrong("late", "rate too late", "", 1)
SUM = Wrong("sum", "mean or sum", "reference of one tensor", 1, MODEL)
IN_TURN = Wrong("in loop", "option", "in_turn = True", 1, MODEL)
INSIDE = Wrong("eps inside", "place of eps", "inside", 0)
DECOUPLED = Wrong("decoupled", "weight decay", "decoupled, times the rate played", 0)

PLAIN_SUBJECTS = (
    Subject(
        "clara_plain:Clara", "clara_sgd", CLARA, state={"path": "p", "eta": "lr@before"},
        wrong=(
            Wrong("early", "rate too early", "", 0),
            LATE,
            Wrong("in loop", "rate inside the loop over the tensors", "after the move", 0, MODEL),
            Wrong("old path", "old or new average", "path of the step before", 1),
            Wrong("transient", "option", "transient = True", 1),
            SUM,
            Wrong("global norm", "option", "norm = 'global'", 0, MODEL),
            Wrong("lengths", "reference of the path", "lengths", 1),
            SIGN,
            Wrong("ascent", "sign of the gradient", "", 0),
            Wrong("first order", "first-order update", "in the rate", 1),
            Wrong("double", "size of the step", "by 2", 0),
            Wrong("eps", "place of eps", "1e-08 added", 0),
            Wrong("raw", "not normalized", "", 0),
        ),
    ),
    Subject(
        "clara_plain:Clara", "clara_sgd", CLARA, extra={"frozen": (2,)},
        wrong=(Wrong("missing", "tensors without gradient", "zero gradient", 1, (("awkward", "normal"),)),),
    ),
    Subject(
        "clara_plain:Clara", "clara_sgd", {**CLARA, "weight_decay": 0.1},
        wrong=(DECOUPLED,),
    ),
    Subject(
        "directions_plain:adam", "adam", {"lr": 0.01}, state={"exp_avg": "m", "exp_avg_sq": "v"},
        wrong=(
            Wrong("no bias correction", "bias correction", "there is none", 0),
            Wrong("first moment only", "bias correction", "only the first", 0),
            Wrong("counts from 2", "bias correction", "count from 2", 0),
            Wrong("clipped elements", "clipped gradients", "every element to 0.5", 0),
            Wrong("eps inside", "place of eps", "inside the square root, with the bias", 0),
            Wrong("eps hat", "place of eps", "before the bias", 0),
        ),
    ),
    Subject(
        "directions_plain:adam", "amsgrad", {"lr": 0.01}, extra={"amsgrad": True},
        wrong=(Wrong("late maximum", "place of the maximum", "after the bias correction", 1),),
    ),
    Subject(
        "directions_plain:sign", "sign", {"lr": 0.01},
        wrong=(Wrong("flush", "subnormal numbers", "", 1, (("model", "denormal"),)),),
    ),
    Subject(
        "directions_plain:adam", "adam", {"lr": 0.01, "weight_decay": 0.1},
        wrong=(
            DECOUPLED,
            Wrong("no decay", "weight decay", "there is none", 0),
            Wrong("after the step", "weight decay", "after the step", 0),
            Wrong("bare decay", "weight decay", "not multiplied by the rate", 0),
        ),
    ),
    Subject(
        "directions_plain:Momentum", "momentum", {"lr": 0.01},
        wrong=(
            Wrong("clipped norm", "clipped gradients", "its norm to 1", 0),
            Wrong("nesterov", "other direction", "nesterov in place of momentum", 0),
        ),
    ),
    Subject(
        "directions_plain:Momentum", "momentum", {"lr": 0.01, "dampening": 0.5},
        wrong=(Wrong("from zero", "old or new average", "starts at 0", 0),),
    ),
    Subject("directions_plain:RMSProp", "rmsprop", {"lr": 0.01}, wrong=(INSIDE,)),
    Subject("directions_plain:AdaGrad", "adagrad", {"lr": 0.01}, wrong=(INSIDE,)),
    Subject(
        "rates_plain:Hypergradient", "hypergradient_sgd", {"lr": 0.01, "gamma": 1e-4}, state={"eta": "lr"},
        wrong=(
            Wrong("doubled gradient", "size of the gradient", "by 2", 0),
            Wrong("new direction", "old or new average", "direction of this step", 0),
            Wrong("apart", "tensors apart", "", 1, MODEL),
            IN_TURN,
            Wrong("mean", "mean or sum", "mean over the elements", 1),
            SIGN,
            LATE,
        ),
    ),
    Subject(
        "rates_plain:EGDD", "egdd_momentum", {"lr": 0.01, "p_max": 1.2}, state={"gains": "p", "scale": "s", "momentum_buffer": "m*100"},
        wrong=(
            Wrong("new momentum", "old or new average", "direction of this step", 0),
            Wrong("new average", "old or new average", "contains the present gradient", 0),
            Wrong("old gains", "old or new average", "gains of the step before", 1),
            Wrong("no signs", "option", "use_signs = False", 1),
            Wrong("sign of the gains", "sign of the signal", "of the gains", 1),
            Wrong("no limits", "no limits", "the gains", 19, (("model", "repeated"),)),
            Wrong("norm eps", "place of eps", "1e-08 added to the norms", 1),
            Wrong("inner product", "option", "use_directions = False", 1),
            SIGN,
            Wrong("first order", "first-order update", "in the rate", 1),
        ),
    ),
    Subject(
        "rates_plain:ALERA", "alera_sgd", {"lr": 0.01, "alpha": 0.1, "C": 0.01}, state={"path": "p", "eta": "rates"},
        wrong=(
            Wrong("merged", "all tensors as one", "", 1, MODEL),
            Wrong("no transient", "reference of the path", "without the transient", 0),
            Wrong("old path", "old or new average", "old path", 0),
            SIGN,
            LATE,
        ),
    ),
    Subject(
        "gala_plain:GALA", "gala_sgd", {"eta_0": 0.1}, state={"eta": "eta@before", "sum_a": "a@before"},
        wrong=(
            Wrong("end point", "option", "point = 'end'", 1),
            Wrong("same sample", "option", "samples = 'reused'", 1),
            Wrong("gradient feedback", "option", "feedback = 'gradient'", 1),
            Wrong("sign", "sign of the signal", "a_t", 1),
            Wrong("mean", "mean or sum", "alignment is the mean over the elements", 1),
            Wrong("zero centre", "option", "center = 'zero'", 1),
        ),
    ),
    Subject(
        "gala_plain:GALA", "gala_sgd", {"eta_0": 0.1, "eta_max": 0.6},
        wrong=(Wrong("no clip", "option", "clip = False", 2, (("model", "noisy_quadratic"),)),),
    ),
    Subject("gala_plain:GALA", "gala_sgd_practical", GALA, extra={"theory": False}),
    Subject(
        "momentum_keras:MomentumSGD", "momentum", {"lr": 0.01}, "keras-like", names={"lr": "learning_rate"},
        wrong=(Wrong("nesterov", "other direction", "nesterov", 0),),
    ),
)  # fmt: skip

TORCH_SUBJECTS = (
    Subject(
        "ports_torch:Clara", "clara_sgd", CLARA, "torch", {"path": "path", "eta": "lr@before"},
        wrong=(SUM,),
    ),
    Subject(
        "ports_torch:HypergradientAdam", "hypergradient_adam", {"lr": 0.01, "gamma": 1e-4}, "torch", {"eta": "optimizer.rate"},
        wrong=(IN_TURN,),
    ),
    Subject(
        "ports_torch:GALAPractical", "gala_sgd_practical", GALA, "torch", {"eta": "optimizer.eta"},
        wrong=(LATE,),
    ),
)  # fmt: skip

OPTAX_SUBJECTS = (
    Subject(
        "ports_optax:clara", "clara_sgd", CLARA, "optax", {"path": "path", "eta": "rate@before"}, {"lr": "learning_rate"},
        wrong=(
            Wrong("global norm", "option", "norm = 'global'", 0, MODEL),
            Wrong("early", "rate too early", "", 0, (("vector", "normal"),)),
        ),
    ),
    Subject(
        "ports_optax:gala", "gala_sgd_practical", GALA, "optax", {"eta": "eta"},
        wrong=(Wrong("late", "rate too late", "", 1, (("vector", "noisy_quadratic"),)),),
    ),
)  # fmt: skip
