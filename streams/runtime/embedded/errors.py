"""What can go wrong with a data directory; each message says what the operator has to do."""

import errno
import shlex
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final


class LogError(Exception):
    """The embedded log cannot do what was asked. `path` is the directory or file that it is about."""

    def __init__(self, path: Path, message: str) -> None:
        super().__init__(message)
        self.path = path


class DirectoryUnwritable(LogError):
    """The data directory cannot be made or written: correct its owner and permissions, or name another."""

    def __init__(self, path: Path, detail: str) -> None:
        super().__init__(
            path,
            f"Cannot write to the data directory {path} ({detail}). "
            "Give this user write permission there, or choose another directory with --data.",
        )


class DirectoryInUse(LogError):
    """Another process works on the data directory: stop it first, or name another directory."""

    def __init__(self, path: Path, *, pid: str) -> None:
        super().__init__(
            path,
            f"The data directory {path} is in use by process {pid}. "
            "Stop that process first, or choose another directory with --data.",
        )
        self.pid = pid


class NoLog(LogError):
    """There is no log in the directory: name the one that `rapport up` or `rapport demo` wrote to."""

    def __init__(self, path: Path) -> None:
        super().__init__(
            path,
            f"There is no log in the directory {path}. "
            "Name the directory of an earlier `rapport up` or `rapport demo` with --data.",
        )


class DiskFull(LogError):
    """Nothing more fits: free some space; what was acknowledged is safe and the process goes on by itself."""

    def __init__(self, path: Path) -> None:
        super().__init__(
            path,
            f"No space is left to write {path}. What was acknowledged is safe. Free some space on that "
            "disk (or raise the limit on the file's size); Rapport goes on by itself once it can write.",
        )


class DiskFailing(LogError):
    """The disk refuses to read or write: see the system's log, repair it, then start again."""

    def __init__(self, path: Path, detail: str) -> None:
        super().__init__(
            path,
            f"The disk failed while reading or writing {path} ({detail}). What was acknowledged is in "
            "the file. Look at the system's log, repair the disk or move the directory to a sound one, "
            "then start again.",
        )


class FileCorrupt(LogError):
    """The file is damaged, or is no log: keep a copy, restore a backup, or start with an empty directory."""

    def __init__(self, path: Path, detail: str) -> None:
        self.detail = detail
        super().__init__(
            path,
            f"The log {path} is damaged, or is not a log of Rapport ({detail}). "
            "Keep a copy of the directory, then restore a backup, or start with an empty directory and "
            "send the touchpoints again.",
        )


class NewerSchema(LogError):
    """A newer Rapport wrote the file: use that version, or a copy of the directory from before."""

    def __init__(self, path: Path, *, found: int, known: int, of: str = "schema") -> None:
        super().__init__(
            path,
            f"The log {path} was written by a newer Rapport (its {of} is {found}, this one knows up to "
            f"{known}). Run that newer version, or use a copy of the directory from before the upgrade.",
        )


class OlderSchema(LogError):
    """An older Rapport wrote the file, which lacks what was asked for: start `rapport up` on it once."""

    def __init__(self, path: Path, *, found: int, known: int) -> None:
        super().__init__(
            path,
            f"The log {path} was written by an older Rapport (its schema is {found}, this one's is {known}). "
            "Start `rapport up` once on that directory, or on a copy of it: it is brought up then.",
        )


class BackupImpossible(LogError):
    """A backup cannot be made or put back there: do what the message says. Nothing was changed."""


class RestoreUnfinished(LogError):
    """A restore was killed before the new directory had its name: give it that, or move it away."""

    def __init__(self, directory: Path, restored: Path) -> None:
        super().__init__(
            directory,
            f"There is no data directory {directory}, and beside it is {restored}: a restore was killed "
            f"before it was done. Finish it with `mv {shlex.quote(str(restored))} "
            f"{shlex.quote(str(directory))}`; or move that directory away to start with an empty one.",
        )


class Recovering(Exception):
    """The state is being read back from the log, or could not be: ask again in a moment."""

    def __init__(self) -> None:
        super().__init__("The state is being read back from the log. Ask again in a moment.")


def refusal(directory: Path, error: OSError) -> LogError:
    """Return what it means for the operator that the system refused to make something in `directory`."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
        return DiskFull(directory)
    return DirectoryUnwritable(directory, error.strerror or str(error))


_KINDS: Final = {
    "SQLITE_CORRUPT": FileCorrupt,
    "SQLITE_NOTADB": FileCorrupt,
    "SQLITE_FORMAT": FileCorrupt,
    "SQLITE_READONLY": DirectoryUnwritable,
    "SQLITE_CANTOPEN": DirectoryUnwritable,
    "SQLITE_PERM": DirectoryUnwritable,
    "SQLITE_IOERR": DiskFailing,
}


@contextmanager
def translated(path: Path) -> Iterator[None]:
    """Turn SQLite's errors about the file at `path` into this module's; any other is a bug and passes."""
    try:
        yield
    except sqlite3.DatabaseError as error:
        name = getattr(error, "sqlite_errorname", None) or ""
        if name == "SQLITE_FULL":
            raise DiskFull(path) from error
        for prefix, kind in _KINDS.items():
            if name.startswith(prefix):
                raise kind(path, f"{name}: {error}") from error
        raise
