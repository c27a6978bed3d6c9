"""CUDA C++ made from the plain Python kernels: the same functions, the same order of operations, no FMA contraction.

``translate``  a kernel, with everything that it reaches, becomes C++ for given types of its arguments (with ``expressions`` and ``calls``)
``types``      types of numbers and arrays, and how they mix: the promotion rules of the CPU's compiler
``library``    the few functions of NumPy and Python that kernels use
``prelude``    the C++ that every program starts with
``passes``     the passes over one long vector, a CUDA block per chunk and a thread per lane of the sums
``batches``    the engine's loop, a thread per trajectory
``host``       the same source built by a C++ compiler, blocks and threads as loops: tests without a GPU
"""
