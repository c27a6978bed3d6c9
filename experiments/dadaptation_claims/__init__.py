"""Claims of D-Adaptation and of Prodigy, by topic."""
