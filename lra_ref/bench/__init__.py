"""Benchmarks: ratios side by side in one process, against peers and against the memory of the machine.

``timing`` alternates blocks of calls, ``words`` derives what a step must move, ``streams`` measures how fast that can be, ``rows`` are the
results.  What is measured is in ``experiments/bench``.
"""
