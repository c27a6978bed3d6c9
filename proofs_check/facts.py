"""Textbook facts that steps may rest on, with the exact statement that is used."""

from __future__ import annotations

from proofs_check.steps import Fact

MEAN_VALUE = Fact(
    "mean value theorem, integral form",
    "F continuously differentiable on the segment: F(y) - F(x) = integral over l in [0,1] of <grad F(x + l (y-x)), y - x>",
    "Nesterov, Lectures on Convex Optimization (2018), (1.2.5)",
)
DESCENT_LEMMA = Fact(
    "descent lemma",
    "|grad F(x) - grad F(y)| <= L |x - y| for all x, y implies |F(y) - F(x) - <grad F(x), y - x>| <= (L/2) |y - x|^2",
    "Nesterov, Lectures on Convex Optimization (2018), Lemma 1.2.3",
)
CO_COERCIVITY = Fact(
    "co-coercivity",
    "F convex with L-Lipschitz gradient: |grad F(x) - grad F(y)|^2 <= L <grad F(x) - grad F(y), x - y>",
    "Nesterov, Lectures on Convex Optimization (2018), Theorem 2.1.5",
)
STRONG_MONOTONICITY = Fact(
    "strong monotonicity",
    "F m-strongly convex: <grad F(x) - grad F(y), x - y> >= m |x - y|^2",
    "Nesterov, Lectures on Convex Optimization (2018), Theorem 2.1.9",
)
CAUCHY_SCHWARZ = Fact("Cauchy-Schwarz inequality", "|<a, b>| <= |a| |b|", "Horn and Johnson, Matrix Analysis (2013), 0.6.3")
JENSEN = Fact("Jensen's inequality", "f convex: f(E X) <= E f(X)", "Durrett, Probability (2019), Theorem 1.6.2")
TOWER = Fact(
    "tower rule",
    "E[E[X | G]] = E X, and E[Y X | G] = Y E[X | G] for Y measurable with respect to G",
    "Durrett, Probability (2019), Theorem 4.1.13",
)
PROJECTION = Fact(
    "projections are nonexpansive",
    "K closed and convex, u in K: |Proj_K(v) - u| <= |v - u|",
    "Bauschke and Combettes, Convex Analysis and Monotone Operator Theory (2017), Proposition 4.16",
)
CONSTRAINED_MINIMUM = Fact(
    "minimum of a strongly convex function on a convex set",
    "Phi B-strongly convex, y its minimiser on a closed convex K, u in K: Phi(u) >= Phi(y) + (B/2) |u - y|^2",
    "Nesterov, Lectures on Convex Optimization (2018), Theorem 2.2.10 (2.2.37)",
)
TRIANGLE = Fact("triangle inequality", "|a + b| <= |a| + |b|", "Horn and Johnson, Matrix Analysis (2013), 5.1")
CONVEX_GRADIENT = Fact(
    "gradient inequality",
    "F convex and differentiable: F(y) >= F(x) + <grad F(x), y - x>",
    "Nesterov, Lectures on Convex Optimization (2018), (2.1.2)",
)
TAYLOR = Fact(
    "Taylor's theorem with Lagrange's remainder",
    "f n times differentiable: f(x) = sum_{k<n} f^(k)(z)(x-z)^k/k! + f^(n)(s)(x-z)^n/n! for some s between z and x",
    "Rudin, Principles of Mathematical Analysis (1976), Theorem 5.15",
)
HYPERGEOMETRIC = Fact(
    "Gauss's hypergeometric series",
    "2F1(a,b;c;z) = sum_k (a)_k (b)_k / ((c)_k k!) z^k for |z| < 1, and at z = 1 if c > a + b",
    "DLMF 15.2.1, 15.4.20",
)
GIVENS = Fact(
    "orthogonal matrices as products",
    "every orthogonal matrix is a product of rotations in planes of two coordinates and at most one reflection of a coordinate",
    "Golub and Van Loan, Matrix Computations (2013), 5.2.5",
)
SCALED_ROUNDING = Fact(
    "powers of 2 commute with rounding",
    "without overflow and underflow fl(2^k x) = 2^k fl(x): a correctly rounded operation on scaled operands is the scaled result, and "
    "fl(sqrt(4^k x)) = 2^k fl(sqrt(x))",
    "Higham, Accuracy and Stability of Numerical Algorithms (2002), 2.1",
)
GAUSSIAN_SUM = Fact(
    "sums of Gaussians",
    "X, Y independent, centred Gaussian: aX + bY is centred Gaussian of covariance a^2 Cov X + b^2 Cov Y, which determines its law",
    "Durrett, Probability (2019), Theorem 3.10.5",
)
GAMMA_LOG_CONVEX = Fact(
    "log-convexity of the gamma function",
    "ln Gamma is convex on (0, inf); a product of log-convex functions is log-convex, and log-convex functions are convex",
    "Rudin, Principles of Mathematical Analysis (1976), Theorem 8.18",
)
STIRLING = Fact(
    "Stirling's formula with bounds",
    "sqrt(2 pi) z^(z-1/2) e^(-z) < Gamma(z) < sqrt(2 pi) z^(z-1/2) e^(-z) e^(1/(12z)) for z > 0",
    "DLMF 5.6.1",
)
FIXED_POINT = Fact(
    "stability of a fixed point",
    "h continuously differentiable, h(p) = p: p attracts the points near it if |h'(p)| < 1, and repels them if |h'(p)| > 1",
    "Devaney, An Introduction to Chaotic Dynamical Systems (1989), 1.4, Propositions 4.4 and 4.6",
)
STATIONARY = Fact(
    "stationary linear recursion",
    "X_{t+1} = A X_t + N_t, spectral radius of A below 1, N_t independent and identically distributed with finite variance: there is "
    "one stationary law, of finite variance; started from it every integrable function of X_t has the same mean at "
    "every t; N_t Gaussian makes (X_t, X_{t+1}) jointly "
    "Gaussian",
    "Brockwell and Davis, Time Series: Theory and Methods (1991), section 11.3",
)
INDEPENDENT = Fact("independent factors", "X, Y independent and integrable: E XY = E X E Y", "Durrett, Probability (2019), Theorem 2.1.13")
ORTHANT = Fact(
    "orthant probability",
    "X, Y normal of mean 0 with correlation r: P(X > 0, Y > 0) = 1/4 + arcsin(r)/(2 pi)",
    "Abramowitz and Stegun, Handbook of Mathematical Functions (1964), 26.3.19",
)
EULER_TRANSFORMATION = Fact("Euler's transformation", "2F1(a,b;c;z) = (1-z)^(c-a-b) 2F1(c-a,c-b;c;z) for |z| < 1", "DLMF 15.8.1")
GAUSS_SUM = Fact("Gauss's summation theorem", "2F1(a,b;c;1) = Gamma(c) Gamma(c-a-b)/(Gamma(c-a) Gamma(c-b)) if c > a + b", "DLMF 15.4.20")
HYPERGEOMETRIC_EQUATION = Fact(
    "hypergeometric equation",
    "2F1(a,b;c;z) is the only solution of z(1-z)w'' + (c-(a+b+1)z)w' - a b w = 0 that is analytic at 0 with w(0) = 1, for c not 0, -1, ...",
    "DLMF 15.10.1, 15.10.2",
)
GAUSSIAN_POLAR = Fact(
    "Gaussian vectors in polar coordinates",
    "the cosine of the angle between two independent directions, one uniform on the sphere of R^D, has the density "
    "B(1/2,(D-1)/2)^-1 (1-x^2)^((D-3)/2), "
    "and the length of a standard normal vector has the density 2^(1-D/2)/Gamma(D/2) r^(D-1) e^(-r^2/2)",
    "Muirhead, Aspects of Multivariate Statistical Theory (1982), Theorems 1.5.5, 1.5.7",
)
DELTA_METHOD = Fact(
    "delta method",
    "f differentiable at the mean of averages N of D i.i.d. vectors of covariance V: sqrt(D) (f(N) - f(E N)) tends in law to a centred "
    "normal variable of variance f' V f'",
    "van der Vaart, Asymptotic Statistics (1998), Theorem 3.1",
)
ISSERLIS = Fact(
    "Isserlis' theorem", "centred Gaussian: Cov(z_i z_j, z_k z_l) = R_ik R_jl + R_il R_jk", "Isserlis, Biometrika 12 (1918), 134-139"
)
GAMMA_RATIO = Fact("ratio of Gamma functions", "Gamma(x + 1/2)/(sqrt(x) Gamma(x)) tends to 1 as x to infinity", "DLMF 5.11.12")
BETA_LAW = Fact(
    "Beta law of partial sums of squares",
    "g_1 .. g_j independent standard normal, i < j: (g_1^2 + .. + g_i^2)/(g_1^2 + .. + g_j^2) has the law "
    "Beta(i/2, (j-i)/2) and is independent of (g_1 .. g_i)/|(g_1 .. g_i)|; E X^(1/2) = B(a + 1/2, b)/B(a, b) for X ~ Beta(a, b)",
    "Muirhead, Aspects of Multivariate Statistical Theory (1982), Theorems 1.5.6, 1.5.7",
)
AM_GM = Fact(
    "arithmetic and geometric mean",
    "a_1, ..., a_K >= 0: a_1 ... a_K <= ((a_1 + ... + a_K)/K)^K",
    "Hardy, Littlewood and Polya, Inequalities (1952), 2.5",
)
SPECTRAL = Fact(
    "spectral theorem",
    "a symmetric matrix is Q diag(a) Q' with Q orthogonal and a real",
    "Horn and Johnson, Matrix Analysis (2013), Theorem 4.1.5",
)
