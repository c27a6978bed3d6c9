"""Sweeps: methods x problems x initial rates x seeds, in cells that are kept as they are finished; :func:`sweep`.

A *cell* is one method on one problem at one initial rate, with all seeds. Its record is plain data, strict JSON (a number that is
not finite is ``null``)::

    method, problem, oracle     names as ``lra-ref list`` shows them
    parameter                   hyper-parameter that is the initial rate: "lr", "eta_0", "gamma_0"; null: the method has none
    lr                          initial rate; null for a method without one, which has one cell per problem
    settings                    every hyper-parameter of the method, the problem and the oracle, by part
    dim, f_star                 dimension of the problem and its lowest value (null where it is not known exactly)
    steps, seed                 steps asked for, and the seed that all noise is keyed by
    seeds                       [n] trajectory numbers of that seed. One where all would be the same: an exact oracle and a method
                                that draws nothing
    status                      [n] how every seed ended: "running" (it did all steps), "stationary", "nonfinite_gradient", ...
                                (the names of :class:`lra_ref.status.Status`), or "failed" where the cell raised
    seconds                     wall time of the cell, the only entry that differs from run to run
    error                       null, or the one line of what the cell raised; curve and final are then null
    curve                       at [k] recorded steps, at most about 200, every step at first and then evenly in every octave:
      steps                       [k]
      gradient_evaluations        [k] median over the seeds of what was spent to reach the point
      loss, gradient_norm, rate   {"low", "median", "high"} of [k] each: 10 %, 50 % and 90 % over the seeds
    final                       at the end of every seed:
      loss, gradient_norm         [n] at the last point
      best_loss                   [n] lowest of the recorded losses
      gradient_evaluations        [n]

Losses and gradient norms are those of F itself at the point x_t, not of the sample. A seed that came to rest (:data:`RESTED`:
nothing left to do, or a line search or a rate that can go no further) keeps its last values. One that stopped for another reason has
failed: it counts as +infinity from there on, and its final loss and norm are ``null``. Quantiles are those of the inverse empirical
distribution, so they are values that some seed has.

A cell that raises a ``ValueError`` or ``ArithmeticError`` (a rate outside the method's range) is a result: it would raise again, and is
kept with status "failed". Whatever depends on the machine (memory, files, a worker that died) is reported as "failed" too, but not
kept, so that running again tries again.
"""

from lra_ref.sweep.cell import RESTED, Cell, run_cell
from lra_ref.sweep.face import Result, load, sweep
from lra_ref.sweep.grid import Grid, initial_rates

__all__ = ["RESTED", "Cell", "Grid", "Result", "initial_rates", "load", "run_cell", "sweep"]
