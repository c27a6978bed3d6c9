"""Reports: one self-contained page of a verification or a sweep, without network (extra ``report``).

:mod:`lra_ref.report.verification` and :mod:`lra_ref.report.sweeps` are the two pages, :mod:`lra_ref.report.folder` makes
the one that fits a run directory; :mod:`lra_ref.report.elements` is what both are built from.  :mod:`lra_ref.report.instance` draws
what a search for counterexamples has found.
"""
