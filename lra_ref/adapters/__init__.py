"""The reference inside other libraries: as an optimizer of torch, a transformation of optax, a method of SciPy.

Every adapter runs :class:`~lra_ref.engine.optimizer.Optimizer` in float64 on the host, so what it computes is the reference; it is meant
as an oracle for ports and for small models, not for speed.  SciPy's is :func:`lra_ref.scipy_method`.
"""
