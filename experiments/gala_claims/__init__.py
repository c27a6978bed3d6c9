"""The claims of GALA, by what they need: ``runs`` (cases and recorded runs), ``regret`` (G1, G2), ``excess`` (G3, G5p),
``expectation`` (G4, G5), ``endpoint`` (G6, G10), ``laws`` (G3m, G7-G9), ``rates`` (G5r), ``scaling`` (G11)."""
