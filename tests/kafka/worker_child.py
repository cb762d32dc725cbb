"""A worker that kills itself at a step of a flush: begin, outputs, changelog, acknowledged, committed.

Its settings come from the environment, as those of `rapport worker`. Arguments: the step, and at which
occurrence of it, counted over all partitions. Up to that instant it works as in production.
"""

import asyncio
import os
import signal
import sys

from streams.cli.fleet import run
from streams.settings import load


def main(step: str, occurrence: int) -> int:
    """Work until killed, or told to stop; return the exit code."""
    left = occurrence

    def on_step(reached: str) -> None:
        nonlocal left
        left -= reached == step
        if left == 0:
            os.kill(os.getpid(), signal.SIGKILL)

    return asyncio.run(run(load(os.environ), on_step=on_step))


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1], int(sys.argv[2])))
