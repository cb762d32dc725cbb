"""Where a running `rapport up` can be reached: a small file in its data directory."""

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import msgspec

NAME: Final = "rapport.running"


class Running(msgspec.Struct, frozen=True):
    """The process that works on a data directory, and its URL on this machine."""

    pid: int
    url: str


@contextlib.contextmanager
def announced(directory: Path, url: str) -> Iterator[None]:
    """Say in the directory that this process serves it, as long as the block runs.

    Where that cannot be written (a full disk), `rapport explain` reads the log instead.
    """
    path = directory / NAME
    with contextlib.suppress(OSError):
        path.write_bytes(msgspec.json.encode(Running(pid=os.getpid(), url=url)))
    try:
        yield
    finally:
        with contextlib.suppress(OSError):
            path.unlink(missing_ok=True)


def find(directory: Path) -> Running | None:
    """Return the process that serves the directory; None if there is none (any more)."""
    try:
        running = msgspec.json.decode((directory / NAME).read_bytes(), type=Running)
        os.kill(running.pid, 0)  # sends nothing: asks whether the process is there
    except PermissionError:
        return running
    except (OSError, OverflowError, msgspec.DecodeError):
        return None
    return running
