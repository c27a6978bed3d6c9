"""Where a formula runs: the compiler on the CPU, deterministic sums, the GPU."""
