"""Public names that are not called with the user's values, and why; a name of a package alone stands for all of its names."""

from __future__ import annotations

DATA = "data: nothing is called"
MODULE = "a module of parts, whose parameters are fuzzed through make_method"
RESULT = "made by the package and handed to the user, never the other way"
BASE = "a base class for parts: what is fuzzed are the parts"
DEVICE = "needs a GPU; its checks are those of InPlace and run, tests/backends has them"
FIGURES = "draws what other functions computed; tests/views has its errors"

EXEMPT = {
    "lra_ref.__version__": DATA,
    "lra_ref.DeviceInPlace": DEVICE,
    "lra_ref.device_run": DEVICE,
    "lra_ref.device_resume": DEVICE,
    "lra_ref.Status": "an enumeration of the standard library",
    "lra_ref.method_names": "takes nothing",
    "lra_ref.crosscheck.DEVIATIONS": DATA,
    "lra_ref.crosscheck.Disagreement": RESULT,
    "lra_ref.crosscheck.Report": RESULT,
    "lra_ref.crosscheck.Case": "a record of three values that own_case and battery make and check",
    "lra_ref.crosscheck.Layout": "a record of tensors that the package makes",
    "lra_ref.crosscheck.Tensor": "a record of a shape that the package makes",
    "lra_ref.crosscheck.assert_matches": "compare, and an assertion",
    "lra_ref.crosscheck.recorded": "drives the sequences of make_sequence with a method of make_method; tests/crosscheck/test_sequences.py",
    "lra_ref.directions": MODULE,
    "lra_ref.rates": MODULE,
    "lra_ref.methods": MODULE,
    "lra_ref.learners.CODES": DATA,
    "lra_ref.learners.History": RESULT,
    "lra_ref.learners.LearnerParameters": "fuzzed through make_learner",
    "lra_ref.oracles.FRESH": DATA,
    "lra_ref.oracles.PRESENT": DATA,
    "lra_ref.oracles.RANDOM": DATA,
    "lra_ref.oracles.START": DATA,
    "lra_ref.oracles.ORACLES": "a registry, fuzzed through make_oracle",
    "lra_ref.oracles.Exact": "fuzzed through make_oracle",
    "lra_ref.oracles.Gaussian": "fuzzed through make_oracle",
    "lra_ref.oracles.Minibatch": "fuzzed through make_oracle",
    "lra_ref.oracles.Multiplicative": "fuzzed through make_oracle",
    "lra_ref.oracles.Student": "fuzzed through make_oracle",
    "lra_ref.problems.PROBLEMS": "a registry, fuzzed through make_problem",
    "lra_ref.problems.Known": "a record of what the author of a problem knows",
    "lra_ref.sweep.RESTED": DATA,
    "lra_ref.sweep.Cell": "a record that Grid makes and checks",
    "lra_ref.sweep.Grid": "fuzzed through sweep",
    "lra_ref.sweep.Result": RESULT,
    "lra_ref.sweep.run_cell": "takes a record that Grid has checked",
    "lra_ref.vectors.Difference": RESULT,
    "lra_ref.vectors.Report": RESULT,
    "lra_ref.verify.MACHEPS": DATA,
    "lra_ref.verify.Verdict": "an enumeration of the standard library",
    "lra_ref.verify.Assumption": "a record; what its function measures is fuzzed through verify",
    "lra_ref.verify.CaseView": RESULT,
    "lra_ref.verify.Control": "a record; what its functions answer is fuzzed through verify",
    "lra_ref.verify.Measured": "a record of a bool, a number and a text",
    "lra_ref.verify.Replay": RESULT,
    "lra_ref.verify.Result": RESULT,
    "lra_ref.verify.bound_times": "a function of sides, which are fuzzed",
    "lra_ref.verify.kinds": "the classes of lra_ref.verify, and what they answer",
    "lra_ref.verify.falsify.Outcome": RESULT,
    "lra_ref.verify.falsify.Search": "a record of what the author of a claim wants searched",
    "lra_ref.verify.falsify.searched": "a loop over claims and searches, refused by id",
    "lra_ref.views": FIGURES,
    "lra_ref.report": FIGURES,
}
