"""Why a trajectory stopped."""

from __future__ import annotations

from enum import IntEnum


class Status(IntEnum):
    """Status of a trajectory; every value but RUNNING freezes it at its last finite state."""

    RUNNING = 0
    NONFINITE_GRADIENT = 1
    NONFINITE_FEEDBACK = 2
    NONFINITE_RATE = 3
    NONFINITE_POINT = 4
    COIN_OUT_OF_RANGE = 5
    TRIALS_EXHAUSTED = 6
    RATE_VANISHED = 7
    LOSS_NOT_POSITIVE = 8
    STATIONARY = 9
    CURVATURE_NOT_POSITIVE = 10

    @property
    def message(self) -> str:
        """One line for people."""
        return MESSAGES[self]


MESSAGES = {
    Status.RUNNING: "running: every step so far was finite",
    Status.NONFINITE_GRADIENT: "stopped: the gradient or the loss at the point is not finite",
    Status.NONFINITE_FEEDBACK: "stopped: the feedback of the rate (alignment or curvature) is not finite",
    Status.NONFINITE_RATE: "stopped: the learning rate is not finite",
    Status.NONFINITE_POINT: "stopped: the next point is not finite",
    Status.COIN_OUT_OF_RANGE: "stopped: a betting learner saw |gradient| > 1; raise its bound G",
    Status.TRIALS_EXHAUSTED: "stopped: the line search found no acceptable rate",
    Status.RATE_VANISHED: "stopped: a learning rate has shrunk to 0 or below its floor",
    Status.LOSS_NOT_POSITIVE: "stopped: the change detection needs a first loss above 0",
    Status.STATIONARY: "stopped: the gradient at the accepted point has vanished, or no entry of it reaches tol",
    Status.CURVATURE_NOT_POSITIVE: "stopped: the curvature along a gradient is not positive, no step size follows from it",
}
