"""Claims of every part (``<part>.py``), reproductions, benchmarks."""
