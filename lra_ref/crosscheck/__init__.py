"""Checking derivatives and ports against the reference."""
