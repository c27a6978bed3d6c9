"""Fresh Python processes that measure something and print JSON."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent.parent


def fresh(code: str, *, folder: Path | None = None, variables: Mapping[str, str] | None = None) -> Any:
    """What ``code`` prints as its last line, read as JSON; run with the package of ``folder`` (default: of this checkout)."""
    environment = {**os.environ, "PYTHONPATH": str(folder or ROOT), **(variables or {})}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=environment, cwd=folder or ROOT, check=False)
    if done.returncode:
        raise RuntimeError(f"a fresh process failed: {done.stderr.strip().splitlines()[-1] if done.stderr.strip() else done.returncode}")
    return json.loads(done.stdout.splitlines()[-1])
