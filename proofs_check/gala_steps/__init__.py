"""Proof steps of GALA by topic, as the claims are cut; ``readings`` has what they share."""
