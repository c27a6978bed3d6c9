"""Trajectories: the compiled loop, the reference, batches of seeds, records, checkpoints, the ask/tell and SciPy faces."""
