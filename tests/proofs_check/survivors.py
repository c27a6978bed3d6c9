"""Mutants that change nothing a proof can see, with the reason: formula -> {mutant: why it is no other formula}."""

#: at + hi + lo in place of at + hi - lo
SHORTER_WAY = "a way of the CPU that no other reading takes; the conformance test compares it with the reference bit for bit"
LONGER_SLICE = "a longer slice of the chunk's buffer, of which the loop uses the first hi - lo elements: those of the block"
#: the mark of the first step
FLAG = "the mark of the first step, of which only the sign is read"

SURVIVORS: dict[str, dict[str, str]] = {
    "arithmetic.finite_or_nan": {"finite_or_nan, line 3: Add -> Sub": "a - (a - a): a where it is finite, else nan, too"},
    "arithmetic.quotient": {"quotient, line 4: 1 -> 2": "the denominator where the other branch is selected: any number but 0 will do"},
    "directions.momentum.averaged_begin": {"averaged_begin, line 7: 0.0 -> 0.0": "twice 0 is 0"},
    "directions.normalized.averaged_settle": {"averaged_settle, line 4: 0.0 -> 0.0": "twice 0 is 0"},
    "directions.momentum.averaged_map": {"averaged_map, line 3: Sub -> Add": LONGER_SLICE},
    "directions.sign.sign_map": {"sign_map, line 3: Sub -> Add": LONGER_SLICE},
    "parts.move_along": {"move_along, line 3: Sub -> Add": LONGER_SLICE},
    "rates.gradient_variation.along_terms": {"along_terms, line 3: Sub -> Add": LONGER_SLICE},
    "rates.gradient_variation.fresh_terms": {"fresh_terms, line 3: Sub -> Add": LONGER_SLICE},
    "rates.gradient_variation.same_move": {"same_move, line 3: Sub -> Add": LONGER_SLICE},
    "rates.gradient_variation.same_terms": {"same_terms, line 3: Sub -> Add": LONGER_SLICE},
    "experiments.gala_claims.laws.sine_value": {"sine_value, line 4: 0 -> 1": "the entry that is multiplied by 0: any row will do"},
    "learners.formulas.ogd": {"ogd, line 3: 0 -> 1": "what the ratio gives for a weight that is not positive: then it is not selected"},
    "learners.formulas.ratio": {"ratio, line 4: 1 -> 2": "the denominator where the other branch is selected: any number but 0 will do"},
    "rates.gala.move_free": {"move_free, line 3: Sub -> Add": LONGER_SLICE},
    "rates.gala.move_pair": {"move_pair, line 4: Sub -> Add": LONGER_SLICE},
    "rates.gala_bounds.sgd_comparator": {"sgd_comparator, line 4: 0 -> 1": "what the ratio gives without noise: then it is not selected"},
    "directions.exponentiated.eg_momentum_begin": {"eg_momentum_begin, line 6: 0.0 -> 0.0": "twice 0 is 0"},
    "directions.exponentiated.eg_momentum_map": {"eg_momentum_map, line 3: Sub -> Add": LONGER_SLICE},
    "directions.exponentiated.chosen_factor": {"chosen_factor, line 3: Add -> Sub": "e is 0 there, or not a number"},
    "directions.exponentiated.grow_gains": {
        "grow_gains, line 5: Add -> Sub": SHORTER_WAY,
        "grow_gains, line 5: 0 -> 1": SHORTER_WAY,
        "grow_gains, line 5: Gt -> Lt": SHORTER_WAY,
    },
    "learners.formulas.relative_entropy": {"relative_entropy, line 3: 1 -> 2": "the logarithm for u = 0, which is not selected"},
    "problems.quartic.quartic_value": {"quartic_value, line 4: 0.0 -> 0.0": "twice 0 is 0"},
    "rates.coordinatewise.almeida_begin": {"almeida_begin, line 7: 0.0 -> 0.0": "twice 0 is 0"},
    "rates.coordinatewise.bar_begin": {"bar_begin, line 6: 0.0 -> 0.0": "twice 0 is 0"},
    "rates.exponentiated.exponentiated_decide": {
        "exponentiated_decide, line 8: Add -> Sub": "the end of a sum that starts from its only block: nothing is added"
    },
    "rates.exponentiated.exponentiated_move": {"exponentiated_move, line 3: Sub -> Add": LONGER_SLICE},
    "rates.hypergradient.keep_direction": {"keep_direction, line 3: Sub -> Add": LONGER_SLICE},
    "rates.hypergradient.keep_gradient": {"keep_gradient, line 3: Sub -> Add": LONGER_SLICE},
    "rates.hypergradient.multiplicative_decide": {
        "multiplicative_decide, line 3: 0.0 -> 0.0": "twice 0 is 0",
        "multiplicative_decide, line 3: 1.0 -> 2.0": "a factor of one vector, which cancels in a cosine without norm_eps",
    },
    "rates.clara.clara_move_plain": {"clara_move_plain, line 3: Sub -> Add": LONGER_SLICE},
    "rates.clara.clara_move_unit": {"clara_move_unit, line 3: Sub -> Add": LONGER_SLICE},
    "rates.clara_laws.discounted": {
        "discounted, line 3: Mult -> Div": "0 over the first entry is 0 too",
        "discounted, line 3: 0 -> 1": "the entry that is multiplied by 0: any one will do",
    },
    "rates.salera.alera_decide": {
        "alera_decide, line 3: 0.0 -> 0.0": "twice 0 is 0",
        "alera_decide, line 20: 0.0 -> 0.0": "twice 0 is 0",
        "alera_decide, line 22: 0.0 -> 0.0": "twice 0 is 0",
    },
    "rates.salera.alera_move": {"alera_move, line 3: Sub -> Add": LONGER_SLICE},
    "rates.salera.salera_begin": {"salera_begin, line 5: 0.0 -> 0.0": "twice 0 is 0"},
    "rates.spalera.spalera_decide": {
        "spalera_decide, line 3: 0.0 -> 0.0": "twice 0 is 0",
        "spalera_decide, line 6: 0.0 -> 0.0": "twice 0 is 0",
        "spalera_decide, line 18: 0.0 -> 0.0": "twice 0 is 0",
        "spalera_decide, line 19: 0.0 -> 0.0": "twice 0 is 0",
        "spalera_decide, line 21: 0 -> 1": "the codes are 0, 7 and 8: none between",
    },
    "rates.spalera.spalera_move": {"spalera_move, line 3: Sub -> Add": LONGER_SLICE},
    "methods.cma.cma_begin": {"cma_begin, line 5: 0.0 -> 0.0": "twice 0 is 0"},
    "methods.cma.cma_decide": {
        "cma_decide, line 10: 0.0 -> 0.0": "twice 0 is 0",
        "cma_decide, line 13: 0.0 -> 0.0": "twice 0 is 0",
        "cma_decide, line 23: 0.0 -> 0.0": "twice 0 is 0",
    },
    "rates.dog.dog_move": {"dog_move, line 3: Sub -> Add": LONGER_SLICE},
    "rates.dog.dog_terms": {"dog_terms, line 3: Sub -> Add": LONGER_SLICE},
    "rates.dog.ldog_decide": {
        "ldog_decide, line 4: 0.0 -> 0.0": "twice 0 is 0",
        "ldog_decide, line 8: 0 -> 1": "the codes are 0 and 3: none between",
    },
    "rates.dog.mark": {"mark, line 5: 0.0 -> 0.0": "twice 0 is 0"},
    "methods.dadaptation.averaging_begin": {
        "averaging_begin, line 5: 1 -> 2": FLAG,
        "averaging_begin, line 6: 0.0 -> 0.0": "twice 0 is 0",
    },
    "methods.dadaptation.averaging_decide": {"averaging_decide, line 7: 0.0 -> 0.0": "twice 0 is 0"},
    "methods.dadaptation_adam.dadam_begin": {"dadam_begin, line 12: 0.0 -> 0.0": "twice 0 is 0"},
    "methods.dadaptation_formulas.while_finite": {"while_finite, line 3: Add -> Sub": "d - d is 0 for a real number: added or subtracted"},
    "methods.dadaptation_sgd.dsgd_begin": {
        "dsgd_begin, line 5: 1 -> 2": FLAG,
        "dsgd_begin, line 6: 0.0 -> 0.0": "twice 0 is 0",
    },
    "methods.dadaptation_sgd.dsgd_decide": {"dsgd_decide, line 8: 0.0 -> 0.0": "twice 0 is 0"},
    "methods.prodigy.prodigy_begin": {
        "prodigy_begin, line 8: 1 -> 2": FLAG,
        "prodigy_begin, line 13: 0.0 -> 0.0": "twice 0 is 0",
    },
    "rates.mechanic.mechanic_begin": {
        "mechanic_begin, line 5: 0.0 -> 0.0": "twice 0 is 0",
        "mechanic_begin, line 10: 0.0 -> 0.0": "twice 0 is 0",
        "mechanic_begin, line 11: 0.0 -> 0.0": "twice 0 is 0",
    },
    "rates.mechanic.mechanic_decide": {"mechanic_decide, line 12: 0.0 -> 0.0": "twice 0 is 0"},
    "rates.mechanic.recomputed_move": {"recomputed_move, line 3: Sub -> Add": LONGER_SLICE},
    "rates.mechanic.recomputed_terms": {"recomputed_terms, line 3: Sub -> Add": LONGER_SLICE},
    "rates.mechanic.stored_move": {"stored_move, line 3: Sub -> Add": LONGER_SLICE},
    "rates.mechanic.stored_terms": {"stored_terms, line 3: Sub -> Add": LONGER_SLICE},
    "methods.mlr_snet_cell.backward": {"backward, line 7: 4 -> 5": "scratch that is longer than what is used of it"},
    "methods.mlr_snet_cell.forward": {"forward, line 12: 4 -> 5": "a fifth part of z, which falls on h+ and is overwritten"},
    "methods.mlr_snet_cell.slopes": {"slopes, line 17: 1 -> 2": "NumPy takes -2 in a shape for -1"},
    "experiments.gradient_variation_claims.fixed_points.cycle_window": {
        "cycle_window, line 3: 6 -> 7": "a smaller window, for which the statement is weaker and stays true"
    },
}
