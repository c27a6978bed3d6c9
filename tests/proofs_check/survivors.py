"""Mutants that change nothing a proof can see, with the reason: formula -> {mutant: why it is no other formula}."""

#: at + hi + lo in place of at + hi - lo
LONGER_SLICE = "a longer slice of the chunk's buffer, of which the loop uses the first hi - lo elements: those of the block"

SURVIVORS: dict[str, dict[str, str]] = {
    "arithmetic.quotient": {"quotient, line 4: 1 -> 2": "the denominator where the other branch is selected: any number but 0 will do"},
    "directions.momentum.averaged_begin": {"averaged_begin, line 7: 0.0 -> 0.0": "twice 0 is 0"},
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
    "rates.gala_bounds.sgd_comparator": {"sgd_comparator, line 4: 0 -> 1": "what the ratio gives without noise: then it is not selected"},
    "directions.exponentiated.eg_momentum_begin": {"eg_momentum_begin, line 6: 0.0 -> 0.0": "twice 0 is 0"},
    "directions.exponentiated.eg_momentum_map": {"eg_momentum_map, line 3: Sub -> Add": LONGER_SLICE},
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
}
