"""Proof steps of hypergradient descent with guarantees, by topic."""
