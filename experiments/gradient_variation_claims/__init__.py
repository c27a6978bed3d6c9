"""Claims of the gradient-variation rates.

``runs`` (cases and runs), ``geometry``, ``scaling``, ``variation``, ``noise``, ``steps``, ``fixed_points``.
"""
