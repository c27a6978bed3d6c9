"""The rows of agreement.py: which optimizer of which package, with which settings, should be which method of ours."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Row:
    """``parameters`` go to both sides, in our names (``names``: theirs, None: not for the port); ``settings`` to the port alone."""

    package: str
    optimizer: str
    method: str
    parameters: dict[str, Any]
    settings: dict[str, Any] = field(default_factory=dict)
    names: dict[str, str | None] = field(default_factory=dict)
    precision: str = "float64"
    #: within ``torch.set_default_dtype(torch.float64)``
    double: bool = False
    #: what wraps the factory, by the name of a function below
    wrap: str = ""
    note: str = ""

    @property
    def framework(self) -> str:
        """As compare has it."""
        return "optax" if self.package == "optax" else "torch"

    def port(self) -> Any:
        """The optimizer, ready for compare."""
        module, _, name = f"{MODULES[self.package]}{self.optimizer}".rpartition(".")
        found = getattr(importlib.import_module(module), name)
        if self.framework == "optax":
            return jitted(WRAPS[self.wrap](found) if self.wrap else found)
        return in_double(found) if self.double else found

    def words(self) -> dict[str, str]:
        """What names the row in the table."""
        settings = {**self.settings, **({"default dtype": "float64"} if self.double else {})}
        named = {"package": self.package, "optimizer": self.optimizer + (f" around {self.wrap}" if self.wrap else "")}
        return {
            **named,
            "settings": said(settings),
            "method": self.method,
            "parameters": said(self.parameters),
            "precision": self.precision,
        }


def said(values: dict[str, Any]) -> str:
    """Settings in a line."""
    return " ".join(f"{name}={value}" for name, value in values.items())


#: distribution -> where its optimizers are
MODULES = {"torch": "torch.optim.", **{name: f"{name}." for name in ("optax", "dadaptation", "prodigyopt", "pytorch_optimizer")}}


def jitted(factory: Callable[..., Any]) -> Callable[..., Any]:
    """The transformation with its update compiled, as users run it."""
    import jax
    import optax

    def made(**settings: Any) -> Any:
        transformation = optax.with_extra_args_support(factory(**settings))
        # a loss that is a function cannot be an argument of compiled code; those that want it get its value
        update = jax.jit(lambda g, state, params, value: transformation.update(g, state, params, value=value))
        return optax.GradientTransformationExtraArgs(
            transformation.init, lambda g, state, params=None, value=0.0, **_: update(g, state, params, value)
        )

    return made


def in_double(port: Any) -> Any:
    """The optimizer made and stepped with float64 as torch's default, which numbers that it creates then have."""
    import torch

    class Double(port):  # type: ignore[misc]
        def __init__(self, *values: Any, **named: Any) -> None:
            with torch.device("cpu"), default(torch.float64):
                super().__init__(*values, **named)

        def step(self, closure: Any = None) -> Any:
            with default(torch.float64):
                return super().step(closure)

    class default:
        def __init__(self, dtype: Any) -> None:
            self.dtype = dtype

        def __enter__(self) -> None:
            self.before = torch.get_default_dtype()
            torch.set_default_dtype(self.dtype)

        def __exit__(self, *_: Any) -> None:
            torch.set_default_dtype(self.before)

    return Double


def around(base: str) -> Callable[[Any], Any]:
    """A wrapper of optimizers of Optax, around one of them."""

    def wrap(wrapper: Any) -> Any:
        import optax

        return lambda lr, **settings: wrapper(getattr(optax, base)(lr), **settings)

    return wrap


WRAPS = {"sgd": around("sgd"), "adam": around("adam")}
LR, MU, DECAYED = {"lr": 0.01}, {"lr": 0.01, "momentum": 0.9}, {"lr": 0.01, "weight_decay": 0.1}
SCALING = (
    "Its norm is that of the gradient times scaling: scaling=s is c=s, and a larger one makes the step smaller where it is not capped."
)
RATE: dict[str, str | None] = {"lr": "learning_rate"}

TORCH = (
    Row("torch", "SGD", "sgd", LR),
    Row("torch", "SGD", "sgd", DECAYED),
    Row("torch", "SGD", "momentum", {**MU, "dampening": 0.5}),
    Row("torch", "SGD", "momentum", {**MU, "weight_decay": 0.1}),
    Row("torch", "SGD", "nesterov", MU, {"nesterov": True}),
    Row("torch", "Adam", "adam", LR),
    Row("torch", "Adam", "adam", DECAYED),
    Row("torch", "AdamW", "adamw", DECAYED),
    Row("torch", "Adam", "amsgrad", LR, {"amsgrad": True}),
    Row("torch", "RMSprop", "rmsprop", LR),
    Row("torch", "RMSprop", "rmsprop", {**MU, "centered": True}),
    Row("torch", "Adagrad", "adagrad", LR),
    Row("torch", "Adagrad", "adagrad", {**LR, "lr_decay": 0.01, "initial_accumulator_value": 0.1}),
)
OPTAX = (
    Row("optax", "sgd", "sgd", LR, names=RATE),
    Row("optax", "sgd", "momentum", MU, names=RATE),
    Row("optax", "sgd", "nesterov", MU, {"nesterov": True}, RATE),
    Row("optax", "adam", "adam", LR, names=RATE),
    Row("optax", "adamw", "adamw", DECAYED, names=RATE),
    Row("optax", "amsgrad", "amsgrad", LR, names=RATE),
    Row("optax", "rmsprop", "rmsprop", LR, {"decay": 0.99}, RATE),
    Row("optax", "rmsprop", "rmsprop", LR, {"decay": 0.99, "eps_in_sqrt": False}, RATE),
    Row("optax", "rmsprop", "rmsprop", {**MU, "centered": True}, {"decay": 0.99}, RATE),
    Row("optax", "adagrad", "adagrad", {**LR, "initial_accumulator_value": 0.1, "eps": 1e-7}, names=RATE),
    Row("optax", "sign_sgd", "sign", LR, names=RATE),
    Row(
        "optax", "polyak_sgd", "sps_max_sgd", {"c": 4.0, "gamma_b": 1.0}, {"scaling": 4.0, "max_learning_rate": 0.25},
        {"c": None, "gamma_b": None}, note=SCALING,
    ),
    Row("optax", "contrib.dog", "dog_sgd", {}),
    Row("optax", "contrib.dowg", "dowg_sgd", {"form": "optax"}, names={"form": None}),
    Row("optax", "contrib.dowg", "dowg_sgd", {}),
    Row("optax", "contrib.dadapt_adamw", "dadapt_adam", {"bias_correction": True}, names={"bias_correction": None}),
    Row("optax", "contrib.prodigy", "prodigy", {"bias_correction": True}, names={"bias_correction": None}),
    Row("optax", "contrib.mechanize", "mechanic_sgd", {"lr": 1.0, "form": "optax"}, names={"form": None}, wrap="sgd"),
    Row("optax", "contrib.mechanize", "mechanic_adam", {"lr": 1.0, "form": "optax"}, names={"form": None}, wrap="adam"),
)  # fmt: skip
OFFICIAL = (
    Row("dadaptation", "DAdaptSGD", "dadapt_sgd", {"momentum": 0.9}),
    Row("dadaptation", "DAdaptAdam", "dadapt_adam", {}),
    Row("dadaptation", "DAdaptAdam", "dadapt_adam", {"bias_correction": True}, names={"bias_correction": "use_bias_correction"}),
    Row(
        "dadaptation", "DAdaptAdam", "dadapt_adam", {"weight_decay": 0.1, "decoupled_weight_decay": True},
        names={"decoupled_weight_decay": "decouple"},
    ),
    Row("prodigyopt", "Prodigy", "prodigy", {}),
    Row("prodigyopt", "Prodigy", "prodigy", {"bias_correction": True}, names={"bias_correction": "use_bias_correction"}),
    Row("prodigyopt", "Prodigy", "prodigy", {"weight_decay": 0.1}),
)  # fmt: skip
PO = "pytorch_optimizer"
FLOAT = "Its own scalars are float32 tensors, or of torch's default dtype, also for float64 parameters."
SINGLE: dict[str, Any] = {"precision": "float32"}
COLLECTION = (
    Row(PO, "SGDW", "sgd", LR),
    Row(PO, "SGDW", "momentum", DECAYED, {"momentum": 0.9}),
    Row(PO, "SGDW", "momentum", {**MU, "weight_decay": 0.1}, {"weight_decouple": False}),
    Row(PO, "SGDW", "nesterov", MU, {"nesterov": True}),
    Row(PO, "SignSGD", "sign", LR, {"momentum": 0.0}),
    Row(PO, "QHM", "ema_momentum", {**LR, "alpha": 0.1}, {"momentum": 0.9, "nu": 1.0}, {"alpha": None}),
    Row(PO, "QHAdam", "adam", LR, {"nus": (1.0, 1.0)}, note=FLOAT),
    Row(PO, "QHAdam", "adam", LR, {"nus": (1.0, 1.0)}, **SINGLE),
    Row(PO, "AdamC", "adam", LR),
    Row(PO, "AdamC", "amsgrad", LR, {"ams_bound": True}),
    Row(PO, "PAdam", "adam", LR, {"partial": 0.5}),
    Row(PO, "AliG", "sps_max_sgd", {"c": 1.0, "gamma_b": 10.0}, names={"c": None, "gamma_b": "max_lr"}, note=FLOAT),
    Row(PO, "AliG", "sps_max_sgd", {"c": 1.0, "gamma_b": 10.0}, names={"c": None, "gamma_b": "max_lr"}, **SINGLE),
    Row(PO, "DAdaptSGD", "dadapt_sgd", {"momentum": 0.9}, note=FLOAT),
    Row(PO, "DAdaptSGD", "dadapt_sgd", {"momentum": 0.9}, **SINGLE),
    Row(PO, "DAdaptAdam", "dadapt_adam", {}, note=FLOAT),
    Row(PO, "DAdaptAdam", "dadapt_adam", {}, double=True),
    Row(PO, "Prodigy", "prodigy", {}, note=FLOAT),
    Row(PO, "Prodigy", "prodigy", {}, double=True),
)
ROWS: tuple[Row, ...] = TORCH + OPTAX + OFFICIAL + COLLECTION
