"""Which methods and hyper-parameters the conformance vectors cover: a configuration is a method's name, a label and parameters.

Every registered direction at a constant rate, every registered rate along sgd and along adam, every named and every whole method is
there with its defaults under the label ``default``; further labels leave the defaults.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from lra_ref.methods import METHODS, Method, make_method
from lra_ref.parameters import shown
from lra_ref.parts import DIRECTIONS, RATES, WHOLES

#: method -> label -> parameters that are not the defaults
VARIANTS: dict[str, dict[str, dict[str, Any]]] = {
    "sgd": {"decay": {"lr": 0.05, "weight_decay": 0.1}, "ascent": {"lr": -0.01}},
    "momentum": {"dampened": {"lr": 0.05, "momentum": 0.75, "dampening": 0.3, "weight_decay": 0.1}},
    "nesterov": {"decay": {"lr": 0.05, "momentum": 0.5, "weight_decay": 0.1}},
    "ema_momentum": {"slow": {"lr": 0.1, "alpha": 0.3, "weight_decay": 0.1}},
    "normalized": {"block": {"lr": 0.1, "norm": "block", "weight_decay": 0.1}},
    "normalized_momentum": {"block": {"lr": 0.1, "norm": "block", "alpha": 0.3, "weight_decay": 0.01}},
    "sign": {"decay": {"lr": 0.1, "weight_decay": 0.1}},
    "adam": {"other": {"lr": 0.05, "beta1": 0.8, "beta2": 0.95, "eps": 1e-4, "weight_decay": 0.1}, "eps_0": {"eps": 0.0}},
    "adamw": {"other": {"lr": 0.05, "beta1": 0.0, "beta2": 0.9, "weight_decay": 0.1}},
    "amsgrad": {"decoupled": {"lr": 0.05, "beta2": 0.5, "weight_decay": 0.1, "decoupled_weight_decay": True}},
    "adam_epsilon_hat": {"other": {"lr": 0.05, "eps": 0.1, "weight_decay": 0.1}},
    "rmsprop": {"centered": {"alpha": 0.9, "centered": True, "momentum": 0.5, "eps": 1e-4, "weight_decay": 0.1}},
    "adagrad": {"other": {"lr_decay": 0.1, "initial_accumulator_value": 0.5, "weight_decay": 0.1, "eps": 1e-4}},
    "adagrad_norm": {"block": {"norm": "block", "b_0": 2.0, "weight_decay": 0.1}},
    "cosine_sgd": {"floor": {"lr": 0.1, "T_max": 4, "eta_min": 0.01}},
    "inverse_time_sgd": {"slow": {"lr": 0.1, "decay": 0.25}},
    "step_momentum": {"default": {"lr": 0.05, "step_size": 2, "gamma": 0.5}},
    "polyak_sgd": {"capped": {"f_star": 0.5, "eta_max": 0.5}},
    "sps_max_sgd": {"uncapped": {"f_star": 0.5, "c": 0.2, "gamma_b": None}},
    "armijo_sgd": {"search": {"eta_0": 64.0, "c": 0.3, "factor": 0.7, "growth": 2.0}},
    "armijo_momentum": {"search": {"eta_0": 8.0, "growth": 1.5}},
    "gala_sgd": {
        "reused": {"eta_0": 0.05, "samples": "reused", "delta": 0.5},
        "end_same": {"eta_0": 0.05, "point": "end", "samples": "same"},
        "zero_center": {"eta_0": 0.05, "center": "zero", "clip": False, "beta": 2.0},
        "ogd": {"eta_0": 0.05, "learner": "ogd"},
        "ogd_adagrad": {"eta_0": 0.05, "learner": "ogd_adagrad"},
        "ogd_constant": {"eta_0": 0.05, "learner": "ogd_constant", "gamma": 1e-4},
        "eg": {"eta_0": 0.05, "learner": "eg", "gamma": 1e-3},
        "kt": {"eta_0": 0.05, "learner": "kt", "bound": 2.0**50},
    },
    "gala_sgd_practical": {"momentum": {"eta_0": 0.02, "momentum": 0.9}},
    "gala_nsgdm": {"kappa": {"eta_0": 0.1, "alpha": 0.5}},
    "clara_sgd": {
        "given": {"lr": 0.1, "d": 0.5, "mu_ref": 0.25},
        "global": {"lr": 0.1, "d": 0.5, "mu_ref": 0.25, "norm": "global", "unit_step": False},
        "transient": {"lr": 0.1, "d": 0.5, "transient": True, "lr_min": 0.08, "lr_max": 0.15},
        "published": {"lr": 0.1, "damping": "published", "reference": "published"},
    },
    "clara_adam": {"given": {"lr": 0.1, "d": 0.5, "mu_ref": 0.5}},
    "alera_sgd": {"fast": {"lr": 0.01, "alpha": 0.1, "C": 0.01, "weight_decay": 0.1}},
    "salera_sgd": {"fast": {"lr": 0.05, "alpha": 0.1, "C": 0.1, "batch_ratio": 0.5, "threshold": 0.01, "weight_decay": 0.1}},
    "spalera_sgd": {"fast": {"lr": 0.05, "alpha": 0.1, "C": 0.1, "batch_ratio": 0.1, "threshold": 0.01, "weight_decay": 0.1}},
    "agadam": {"fast": {"lr": 0.01, "alpha": 0.1, "C": 0.01, "weight_decay": 0.1}},
    "egdd_momentum": {
        "paper": {"form": "paper", "lr": 0.01, "gamma_s": 0.1, "gamma_p": 0.1},
        "no_signs": {"use_signs": False, "gamma_p": 1e-3, "per_block": True, "wd": 0.1},
        "no_directions": {"use_directions": False, "gamma_s": 1e-3, "norm_eps": 0.0},
    },
    "egdd_adam": {"bounds": {"lr": 0.01, "gamma_s": 0.5, "s_min": 0.9, "s_max": 1.1, "gamma_p": 0.5, "p_min": 0.9, "p_max": 1.1}},
    "egdd_adagrad": {"other": {"lr_decay": 0.1, "initial_accumulator_value": 0.5, "gamma_s": 0.1}},
    "hypergradient_sgd": {"fast": {"lr": 0.01, "gamma": 1e-3}},
    "hypergradient_adam": {"in_turn": {"in_turn": True, "gamma": 1e-3, "lr": 0.01, "weight_decay": 0.1}},
    "multiplicative_hypergradient_momentum": {"fast": {"lr": 0.01, "beta": 0.5}},
    "almeida_sgd": {"thesis": {"form": "thesis", "lr": 0.01, "rho": 0.5}},
    "delta_bar_delta_sgd": {"fast": {"lr": 0.01, "kappa": 1e-3, "phi": 0.25, "a_max": 0.02}},
    "fisher_sgd": {"other": {"eta_0": 0.05, "theta": 0.5, "batch": 4, "gamma": 0.9, "eta_max": 0.3, "eta_min": 0.01}},
    "fisher_ema_sgd": {"fast": {"eta_0": 0.05, "decay": 0.5}},
    "hdm": {
        "scalar": {"shape": "scalar", "a": 0.05, "eps": 1e-8},
        "full": {"shape": "full", "dim": 9, "a": 0.02, "p_0": 0.01},
        "ogd": {"form": "ogd", "L": 4.0},
        "lookahead": {"form": "lookahead", "eta": 0.05, "radius": 0.5},
        "eg": {"form": "eg", "delta": 1.0, "eta": 0.1},
        "heavy_ball": {"form": "heavy_ball", "a": 0.05, "beta_step": 1.0},
    },
    "hdm_best": {"given": {"L_est": 4.0}},
    "bb1_sgd": {"fresh": {"eta_0": 0.05, "pair": "fresh", "eta_max": 0.5}},
}


@dataclass(frozen=True)
class Configuration:
    """A method's name, a label, and the parameters given to ``make_method``."""

    method: str
    label: str
    parameters: dict[str, Any] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """``METHOD.LABEL``."""
        return f"{self.method}.{self.label}"

    def make(self) -> Method:
        """The method."""
        return make_method(self.method, **self.parameters)


def covered() -> list[str]:
    """The methods of the whole set, sorted."""
    composed = {f"{rate}_{direction}" for rate in RATES if rate != "constant" for direction in ("sgd", "adam")}
    return sorted(set(DIRECTIONS) | composed | set(METHODS) | set(WHOLES) | set(VARIANTS))


def configurations(methods: Sequence[str] | None = None) -> list[Configuration]:
    """The configurations of these methods; of the whole set by default.

    Raises ``ValueError`` for an unknown method (with the nearest valid ones).
    """
    listed = isinstance(methods, Sequence) and not isinstance(methods, str) and all(isinstance(name, str) for name in methods)
    if methods is not None and not listed:
        raise ValueError(f"methods must be a list of names, got {shown(methods)}")
    names = covered() if methods is None else list(dict.fromkeys(methods))
    return [configuration for name in names for configuration in _of(name)]


def _of(name: str) -> list[Configuration]:
    labels = {"default": _needed(name), **VARIANTS.get(name, {})}
    made = [Configuration(name, label, parameters) for label, parameters in labels.items()]
    for configuration in made:
        configuration.make()
    return made


def _needed(name: str) -> dict[str, Any]:
    """Values of parameters that have no default."""
    if name in WHOLES:
        return WHOLES[name].shown
    composed = [rate for rate in RATES if name.startswith(f"{rate}_") and name[len(rate) + 1 :] in DIRECTIONS]
    return RATES[composed[0]].shown if composed and name not in METHODS else {}
