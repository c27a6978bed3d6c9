"""Tasks for the tests of the executors: functions of a module, so that worker processes can import them."""

import os
import signal
import time
from pathlib import Path


def square(number):
    return number * number


def here(_):
    return os.getpid()


def slow(number):
    time.sleep(60)
    return number


def fail(number):
    raise RuntimeError(f"task {number} raised")


def deadly(task):
    """Kills its process: always if ``task`` says "always", once if it says "once" (a file remembers)."""
    number, how, folder = task
    marker = Path(folder) / f"died-{number}"
    if how == "always" or (how == "once" and not marker.exists()):
        marker.touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return number * number


def lost(task, reason):
    return f"lost {task}: {reason}"
