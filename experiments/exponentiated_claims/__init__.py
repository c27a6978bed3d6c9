"""The claims of exponentiated-gradient step sizes and their ancestors: ``runs``, ``scale`` (E1-E4), ``gains`` (E4, E6), ``invariance``
(E5),
``bias`` (E7), ``multiplicative`` (E8), ``shift`` (E9), ``ancestors``.
"""
