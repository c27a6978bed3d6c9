"""What every generated program starts with: views of arrays, scratch memory, and NumPy's meaning of a few functions.

Compiled for a device it is CUDA; with ``LRA_REF_HOST`` defined it is plain C++, where a block's threads are a loop. ``ALL_THREADS`` is a
phase that every thread of a block runs, with a barrier at its end; nothing else passes between the threads of a block. ``LRA_REF_REVERSED``
runs blocks and threads the other way round: what depends on their order within a phase then differs.
"""

PRELUDE = r"""
typedef long long i64;
typedef unsigned long long u64;

#ifdef LRA_REF_HOST
#include <cmath>
#include <cstdlib>
#include <cstring>
#define FAIL() std::abort()
#define DEVICE static inline
#define SHARED
#define BODY(name, ...) static void name##_body(const i64 block_, __VA_ARGS__)
#ifdef LRA_REF_REVERSED
#define ALL_THREADS(k) for (i64 k = 127; k >= 0; --k)
#define ALL_BLOCKS(b, n) for (i64 b = (n) - 1; b >= 0; --b)
#else
#define ALL_THREADS(k) for (i64 k = 0; k < 128; ++k)
#define ALL_BLOCKS(b, n) for (i64 b = 0; b < (n); ++b)
#endif
using std::isfinite;
using std::fmod;
using std::floor;
DEVICE u64 bits_of(double x) { u64 b; std::memcpy(&b, &x, 8); return b; }
DEVICE double float_of(u64 b) { double x; std::memcpy(&x, &b, 8); return x; }
#else
#define FAIL() __trap()
#define DEVICE static __device__ inline
#define SHARED __shared__
#define BODY(name, ...) static __device__ void name##_body(const i64 block_, __VA_ARGS__)
#define ALL_THREADS(k) for (i64 k = threadIdx.x, once_ = 1; once_; once_ = 0, __syncthreads())
#ifndef INFINITY
#define INFINITY __int_as_float(0x7f800000)
#endif
#ifndef NAN
#define NAN __int_as_float(0x7fffffff)
#endif
DEVICE u64 bits_of(double x) { return (u64)__double_as_longlong(x); }
DEVICE double float_of(u64 b) { return __longlong_as_double((i64)b); }
#endif

template <class T> struct A1 { T *p; i64 n; };
template <class T> struct A2 { T *p; i64 n, m; };
template <class T> struct A3 { T *p; i64 n, m, l; };

/* Scratch memory of one trajectory: what functions allocate, given back when they return. Where it is too short that is marked (the least
   that is missing is unknown, the host tries again with twice as much), and what is there is handed out once more, so that no other
   memory is touched. A single array that is longer than all of it ends the program. */
struct Work { double *base, *top, *end; i64 *short_; };
DEVICE double *taken(Work &w, i64 n) {
    double *p = w.top;
    if (n > w.end - p) { *w.short_ = 1; p = w.base; }
    else w.top += n;
    if (n > w.end - w.base) FAIL();
    for (i64 i = 0; i < n; ++i) p[i] = 0;
    return p;
}
DEVICE A1<double> zeros(Work &w, i64 n) { return A1<double>{taken(w, n), n}; }
DEVICE A2<double> zeros(Work &w, i64 n, i64 m) { return A2<double>{taken(w, n * m), n, m}; }

template <class T> DEVICE T largest(T a, T b) { return a != a ? a : (b != b ? b : (a >= b ? a : b)); }
template <class T> DEVICE T smallest(T a, T b) { return a != a ? a : (b != b ? b : (a <= b ? a : b)); }
template <class T> DEVICE T sign_of(T a) { return a == 0 ? T(0) : (a > 0 ? T(1) : (a < 0 ? T(-1) : a)); }
DEVICE i64 whole_quotient(i64 a, i64 b) { i64 q = a / b; return q - (a % b != 0 && ((a < 0) != (b < 0))); }
DEVICE i64 whole_rest(i64 a, i64 b) { i64 r = a % b; return r != 0 && ((r < 0) != (b < 0)) ? r + b : r; }
DEVICE double real_rest(double a, double b) {
    double r = fmod(a, b);
    if (r != 0) return (b < 0) != (r < 0) ? r + b : r;
    return b < 0 ? -0.0 : (b > 0 ? 0.0 : r);
}
DEVICE double real_quotient(double a, double b) {
    double r = fmod(a, b), q = (a - r) / b, whole;
    if (r != 0 && (b < 0) != (r < 0)) q -= 1;
    whole = floor(q);
    return q - whole > 0.5 ? whole + 1 : whole;
}
template <class T> DEVICE void copied(A1<T> to, A1<T> from) { for (i64 i = 0; i < to.n; ++i) to.p[i] = from.p[i]; }

/* Sum of a chunk in the order of the CPU (backends/sums.py): the lanes, already summed row by row, are added by halving. */
template <class T> DEVICE void halve(T *lanes, i64 top, i64 k, i64 width) {
    if (k < width && k < top - width) lanes[k] += lanes[k + width];
}
"""
