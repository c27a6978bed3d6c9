"""What ``lra-ref bench`` measures: a module per group, each with ``measure(plan)`` that yields rows and curves."""

#: id -> (module, what it is about); the ids are those of docs/performance.md
BENCHES = {
    "P1": ("experiments.bench.long_vector", "one step on a long vector against the bandwidth of the same streams"),
    "P2": ("experiments.bench.adam", "Adam's step against torch and optax"),
    "P3": ("experiments.bench.adaptive", "adaptive steps against the same method in torch and under jit"),
    "P4": ("experiments.bench.trajectories", "64 trajectories against JAX scan and vmap"),
    "P5": ("experiments.bench.numpy_loop", "64 trajectories against plain NumPy"),
    "P6": ("experiments.bench.imports", "time of import lra_ref, and what it loads"),
    "P7": ("experiments.bench.first_result", "time of the first result: cold, warm, after editing one formula"),
    "P8": ("experiments.bench.threads", "two threads over one on a sweep of seeds"),
    "P8b": ("experiments.bench.normals", "normal numbers against NumPy's generator, and their error"),
    "P9": ("experiments.bench.memory", "memory of a run against its number of steps"),
    "P10": ("experiments.bench.verify", "all claims, quick preset, warm cache"),
    "P11": ("experiments.bench.gpu", "the fused step on a GPU"),
    "scaling": ("experiments.bench.scaling", "time and memory against dimension, steps, seeds and threads"),
}
