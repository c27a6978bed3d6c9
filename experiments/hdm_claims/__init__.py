"""Claims of hypergradient descent with guarantees, by topic."""
