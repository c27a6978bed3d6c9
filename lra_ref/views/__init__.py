"""Plots: plain functions of arrays that return a matplotlib ``Figure``, all in one style (extra ``report``).

Every figure can be told apart in black and white (line style and marker differ, not colour alone), carries the table that it shows
(:func:`~lra_ref.views.style.table_of`, as CSV :func:`~lra_ref.views.style.csv_of`) and is written with the same bytes for the same data
(:func:`~lra_ref.views.style.save`, ``svg``, ``png``)::

    from lra_ref.views import robustness, save
    save(robustness({"sgd": (rates, losses), "gala_sgd": (rates, others)}), "robustness.svg")

Importing this package does not load matplotlib; calling a view does.
"""

from lra_ref.views.bars import tightness_bars
from lra_ref.views.curves import Band, learning_curves, rate_traces
from lra_ref.views.fits import slope_fits
from lra_ref.views.paths import trajectories
from lra_ref.views.profiles import data_profile, first_solved, performance_profile, performance_ratios, solved_share
from lra_ref.views.robustness import robustness
from lra_ref.views.style import csv_of, png, save, svg, table_of

__all__ = [
    "Band", "csv_of", "data_profile", "first_solved", "learning_curves", "performance_profile", "performance_ratios", "png",
    "rate_traces", "robustness", "save", "slope_fits", "solved_share", "svg", "table_of", "tightness_bars", "trajectories",
]  # fmt: skip
