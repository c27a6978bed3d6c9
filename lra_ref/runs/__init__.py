"""Long computations in cells: directories that survive interruptions, executors that survive their workers, what a result was made with.

:mod:`lra_ref.runs.store`        the run directory, one line per finished cell
:mod:`lra_ref.runs.executors`    cells in this process, over processes, on any ``concurrent.futures`` executor, on a dask scheduler
:mod:`lra_ref.runs.environment`  versions, machine, and the fingerprint of the code
:mod:`lra_ref.runs.progress`     progress on stderr
"""
