"""Claims of AutoGD and AutoSGD, by topic."""
