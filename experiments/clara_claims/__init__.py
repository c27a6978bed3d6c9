"""The claims of CLARA and SALERA, by what they need: ``null`` (runs), ``laws``, ``adam``, ``paths``, ``runs_of_x``, ``detection``."""
