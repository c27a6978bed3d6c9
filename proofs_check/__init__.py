"""Machine-checked proof steps, one file per part; no part has any yet: its statements are checked on runs, see ``experiments/``."""
