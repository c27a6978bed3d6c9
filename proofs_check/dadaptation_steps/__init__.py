"""Proof steps of D-Adaptation and Prodigy, by topic."""
