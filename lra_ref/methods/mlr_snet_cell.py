"""The network of MLR-SNet: a recurrent cell that maps the loss of a batch to a number in (0, 1), and its gradient, by hand.

With H hidden units, state (h, c) and the loss l (all weights in one flat vector theta, in this order: A, a, B, b, C, c, E, e, w, w_0):

    u = relu(A l + a),  v = relu(C h + c),  z = (B u + b) + (E v + e)          A, a: H;  B, E: 4H x H;  b, e: 4H;  C: H x H;  c: H
    i = sigmoid(z_1), f = sigmoid(z_2 - 1), o = sigmoid(z_3), g = tanh(z_4)    z in four parts of H
    c+ = f c + i g,  h+ = o tanh(c+),  s = sigmoid(w h+ + w_0)                 w: H;  w_0: 1

9 H^2 + 12 H + 1 meta-parameters, 23101 for H = 50. Source: module.py of the authors' code xjtushujun/MLR-SNet (published), the order of
theta is that of its parameters. tanh is computed as 2 sigmoid(2 z) - 1 (absolute error of a few units roundoff), relu has slope 0 at 0.

Twice: on arrays with a leading axis (the reference: :func:`look`, :func:`slopes`) and as kernels (:func:`forward`, :func:`backward`), the
same formulas, sums in the same order, the same bits.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from lra_ref.arithmetic import exponential
from lra_ref.formulas import where
from lra_ref.oracles.philox import START, uniforms
from lra_ref.typing import Array

#: published initial weights of the inner layers: uniform in +-0.1
WIDTH = 0.1


def size(hidden: Any) -> Any:
    """Number of meta-parameters."""
    return 9 * hidden * hidden + 12 * hidden + 1


def initial(hidden: int, seed: int) -> Array:
    """theta at the start: inner weights uniform in +-0.1, the others in +-1/sqrt(inputs), as torch's Linear; shape (size,)."""
    H, narrow = hidden, hidden**-0.5
    widths = {"A": WIDTH, "a": 1.0, "B": WIDTH, "b": narrow, "C": WIDTH, "c": narrow, "E": WIDTH, "e": narrow, "w": narrow, "w_0": narrow}
    counts = {"A": H, "a": H, "B": 4 * H * H, "b": 4 * H, "C": H * H, "c": H, "E": 4 * H * H, "e": 4 * H, "w": H, "w_0": 1}
    width = np.concatenate([np.full(counts[name], widths[name]) for name in widths])
    return np.asarray(width * (2 * uniforms(seed, 0, 0, START, size(H)) - 1))


# --- formulas ------------------------------------------------------------------------------------------------------------------------
def sigmoid(z: Any) -> Any:
    """1/(1 + exp(-z))."""
    return 1 / (1 + exponential(-z))


def hyperbolic(z: Any) -> Any:
    """tanh z."""
    return 2 * sigmoid(2 * z) - 1


def rectified(z: Any) -> Any:
    """max(z, 0)."""
    return np.maximum(z, 0)


def memory(f: Any, c: Any, i: Any, g: Any) -> Any:
    """c+ = f c + i g."""
    return f * c + i * g


def rate(gamma: Any, s: Any) -> Any:
    """The learning rate Gamma s."""
    return gamma * s


def sigmoid_slope(s: Any) -> Any:
    """Derivative of the sigmoid where its value is s."""
    return s * (1 - s)


def hyperbolic_slope(g: Any) -> Any:
    """Derivative of tanh where its value is g."""
    return 1 - g * g


def rectified_slope(z: Any) -> Any:
    """Derivative of max(z, 0), 0 at 0."""
    return where(z > 0, 1, 0)


# --- on arrays -----------------------------------------------------------------------------------------------------------------------
class Weights(NamedTuple):
    """theta in its parts, views of shape (..., H), (..., 4H, H), ..."""

    A: Array
    a: Array
    B: Array
    b: Array
    C: Array
    c: Array
    E: Array
    e: Array
    w: Array
    w_0: Array


class View(NamedTuple):
    """What one look at a loss leaves: pre-activations, gates, the next state, the answer."""

    pre_u: Array
    pre_v: Array
    i: Array
    f: Array
    o: Array
    g: Array
    h: Array
    c: Array
    tanh_c: Array
    s: Array


def parts(theta: Array, hidden: int) -> Weights:
    """theta (..., size) in its parts."""
    H, lead = hidden, theta.shape[:-1]
    shapes = [(H,), (H,), (4 * H, H), (4 * H,), (H, H), (H,), (4 * H, H), (4 * H,), (H,), (1,)]
    edges = np.cumsum([0, *(int(np.prod(shape)) for shape in shapes)])
    return Weights(*(theta[..., lo:hi].reshape(*lead, *shape) for lo, hi, shape in zip(edges[:-1], edges[1:], shapes, strict=True)))


def times(W: Array, u: Array) -> Array:
    """W u, columns added in order: (..., n, m), (..., m) -> (..., n)."""
    total: Array = W[..., 0] * u[..., :1]
    for k in range(1, W.shape[-1]):
        total = total + W[..., k] * u[..., k : k + 1]
    return total


def look(theta: Array, h: Array, c: Array, loss: Any, hidden: int) -> View:
    """One look at the losses (..., 1) from the state h, c (..., H)."""
    p, H = parts(theta, hidden), hidden
    pre_u, pre_v = p.A * loss + p.a, times(p.C, h) + p.c
    z = (times(p.B, rectified(pre_u)) + p.b) + (times(p.E, rectified(pre_v)) + p.e)
    i, f = sigmoid(z[..., :H]), sigmoid(z[..., H : 2 * H] - 1)
    o, g = sigmoid(z[..., 2 * H : 3 * H]), hyperbolic(z[..., 3 * H :])
    new_c = memory(f, c, i, g)
    tanh_c = hyperbolic(new_c)
    new_h = o * tanh_c
    s = sigmoid(times(p.w[..., None, :], new_h) + p.w_0)
    return View(pre_u, pre_v, i, f, o, g, new_h, new_c, tanh_c, s)


def slopes(theta: Array, h: Array, c: Array, loss: Any, hidden: int, seen: View) -> Array:
    """Gradient of s in theta, (..., size), at the look ``seen`` from the state h, c, which does not depend on theta."""
    p, lead = parts(theta, hidden), theta.shape[:-1]
    end = sigmoid_slope(seen.s)
    dh = end * p.w
    dc = dh * seen.o * hyperbolic_slope(seen.tanh_c)
    dz = np.concatenate(
        [
            dc * seen.g * sigmoid_slope(seen.i), dc * c * sigmoid_slope(seen.f), dh * seen.tanh_c * sigmoid_slope(seen.o),
            dc * seen.i * hyperbolic_slope(seen.g),
        ], axis=-1,
    )  # fmt: skip
    du = times(np.swapaxes(p.B, -1, -2), dz) * rectified_slope(seen.pre_u)
    dv = times(np.swapaxes(p.E, -1, -2), dz) * rectified_slope(seen.pre_v)
    outer = [dz[..., :, None] * rectified(pre)[..., None, :] for pre in (seen.pre_u, seen.pre_v)]
    made = [du * loss, du, outer[0], dz, dv[..., :, None] * h[..., None, :], dv, outer[1], dz, end * seen.h, end]
    return np.concatenate([part.reshape(*lead, -1) for part in made], axis=-1)


# --- kernels: work holds pre_u, pre_v, i, f, o, g, h+, c+, tanh c+, H numbers each -------------------------------------------------------
def row_times(theta: Any, start: Any, H: Any, u: Any) -> Any:
    """One row of a matrix times u (kernel)."""
    total = theta[start] * u[0]
    for k in range(1, H):
        total = total + theta[start + k] * u[k]
    return total


def forward(theta: Any, h: Any, c: Any, loss: Any, H: Any, work: Any) -> Any:
    """One look (kernel); returns s."""
    B, C = 2 * H, 2 * H + 4 * H * H + 4 * H
    E = C + H * H + H
    w = E + 4 * H * H + 4 * H
    pre_u, pre_v, gates, new_h, new_c, tanh_c = work, work[H:], work[2 * H :], work[6 * H :], work[7 * H :], work[8 * H :]
    u, v = np.zeros(H), np.zeros(H)
    for j in range(H):
        pre_u[j] = theta[j] * loss + theta[H + j]
        pre_v[j] = row_times(theta, C + j * H, H, h) + theta[C + H * H + j]
        u[j], v[j] = rectified(pre_u[j]), rectified(pre_v[j])
    for r in range(4 * H):
        z = row_times(theta, B + r * H, H, u) + theta[B + 4 * H * H + r]
        z = z + (row_times(theta, E + r * H, H, v) + theta[E + 4 * H * H + r])
        gates[r] = hyperbolic(z) if r >= 3 * H else sigmoid(z - 1) if H <= r < 2 * H else sigmoid(z)
    for j in range(H):
        new_c[j] = memory(gates[H + j], c[j], gates[j], gates[3 * H + j])
        tanh_c[j] = hyperbolic(new_c[j])
        new_h[j] = gates[2 * H + j] * tanh_c[j]
    return sigmoid(row_times(theta, w, H, new_h) + theta[w + H])


def column_times(theta: Any, start: Any, H: Any, dz: Any) -> Any:
    """One column of a 4 H x H matrix times dz (kernel)."""
    total = theta[start] * dz[0]
    for r in range(1, 4 * H):
        total = total + theta[start + r * H] * dz[r]
    return total


def backward(theta: Any, h: Any, c: Any, loss: Any, H: Any, work: Any, s: Any, slope: Any) -> None:
    """Gradient of s in theta into ``slope``, after :func:`forward` (kernel)."""
    B, C = 2 * H, 2 * H + 4 * H * H + 4 * H
    E = C + H * H + H
    w = E + 4 * H * H + 4 * H
    pre_u, pre_v, gates, new_h, tanh_c = work, work[H:], work[2 * H :], work[6 * H :], work[8 * H :]
    dz, end = np.zeros(4 * H), sigmoid_slope(s)
    for j in range(H):
        dh = end * theta[w + j]
        i, f, o, g = gates[j], gates[H + j], gates[2 * H + j], gates[3 * H + j]
        dc = dh * o * hyperbolic_slope(tanh_c[j])
        dz[j], dz[H + j] = dc * g * sigmoid_slope(i), dc * c[j] * sigmoid_slope(f)
        dz[2 * H + j], dz[3 * H + j] = dh * tanh_c[j] * sigmoid_slope(o), dc * i * hyperbolic_slope(g)
        slope[w + j] = end * new_h[j]
    slope[w + H] = end
    for r in range(4 * H):
        slope[B + 4 * H * H + r], slope[E + 4 * H * H + r] = dz[r], dz[r]
        for k in range(H):
            slope[B + r * H + k], slope[E + r * H + k] = dz[r] * rectified(pre_u[k]), dz[r] * rectified(pre_v[k])
    for j in range(H):
        du = column_times(theta, B + j, H, dz) * rectified_slope(pre_u[j])
        dv = column_times(theta, E + j, H, dz) * rectified_slope(pre_v[j])
        slope[j], slope[H + j], slope[C + H * H + j] = du * loss, du, dv
        for k in range(H):
            slope[C + j * H + k] = dv * h[k]
