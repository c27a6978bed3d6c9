"""Proof steps of CLARA, SALERA, SPALERA and the Page-Hinkley test.

No proof exists, and none is claimed, of what is measured: T11slope (the slope -0.785 d on a parabola), PH3false (early false alarms), the
fitted factor of the standard deviation at small D (A2), the transient at finite D (A3), the 100 trials behind the table's entry (A6).
"""

from proofs_check.clara_steps import (
    adam,
    adam_table,
    adam_transient,
    blocks,
    detection,
    kernels,
    kernels_salera,
    null,
    null_laws,
    null_rate,
    paths,
    rate,
    runs,
)  # fmt: skip

TOPICS = (
    kernels, kernels_salera, null, null_laws, rate, null_rate, paths, runs, blocks, adam, adam_table, adam_transient, detection,
)  # fmt: skip
STEPS = [step for topic in TOPICS for step in topic.STEPS]
THEOREMS = {name: text for topic in TOPICS for name, text in topic.THEOREMS.items()}
