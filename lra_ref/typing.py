"""Names for the types of the public face."""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

Array: TypeAlias = NDArray[Any]
Floats: TypeAlias = NDArray[np.float64]
#: what a part carries from step to step: name -> array of shape (..., D) (vectors), (..., K) or (..., 1) (scalars)
State: TypeAlias = dict[str, Any]
#: what was observed in a step: name -> array of shape (...) or (..., K)
Info: TypeAlias = dict[str, Any]
