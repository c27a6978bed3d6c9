"""Proof steps of the controlled minibatch algorithm, by topic."""
