"""One process per data directory: a lock that the operating system lets go of when its holder dies."""

import fcntl
import os
from pathlib import Path
from typing import Final

from streams.runtime.embedded.errors import DirectoryInUse, refusal

NAME: Final = "rapport.lock"


class DirectoryLock:
    """The lock on `directory`, held from the construction to `release`.

    The file holds the pid of its holder, for the message that a second process gives.

    Raises:
        DirectoryInUse: another process (or another log of this one) holds it.
        DirectoryUnwritable, DiskFull: the lock file cannot be written.
    """

    def __init__(self, directory: Path) -> None:
        try:
            self._file = (directory / NAME).open("ab+", buffering=0)
        except OSError as error:
            raise refusal(directory, error) from error
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            self._file.seek(0)
            pid = self._file.read(32).decode("ascii", "replace").strip() or "unknown"
            self._file.close()
            raise DirectoryInUse(directory, pid=pid) from None
        try:
            self._file.truncate(0)
            self._file.write(b"%d\n" % os.getpid())
        except OSError as error:
            self._file.close()
            raise refusal(directory, error) from error

    def release(self) -> None:
        """Let the next process in. The file stays: removing it would let two processes in."""
        self._file.close()
