"""Claims of MLR-SNet, by topic."""
