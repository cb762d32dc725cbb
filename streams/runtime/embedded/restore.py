"""A backup put back: into a data directory that holds nothing, or in the place of one that is moved aside.

Nothing is deleted, and no half of a log ever stands under a name that a start would take for one. Between
two renames there is no data directory; whoever finds that, with the restored one beside it, does not start
empty.
"""

import errno
from contextlib import suppress
from pathlib import Path
from typing import Final, NamedTuple

from streams.runtime.embedded import backup, database
from streams.runtime.embedded.backup import PARTIAL, Contents, OnStep
from streams.runtime.embedded.errors import BackupImpossible, RestoreUnfinished, refusal
from streams.runtime.embedded.lock import NAME as LOCK
from streams.runtime.embedded.lock import DirectoryLock

# What may be left of a start or of a copy that was killed, and is worth nothing.
_NOTHING: Final = {LOCK, database.NAME + PARTIAL}
_RESTORED: Final = ".restored-"


class Restored(NamedTuple):
    """What now is in the data directory, and where the one from before is (None when there was nothing)."""

    contents: Contents
    aside: Path | None


def restore(
    source: Path,
    directory: Path,
    *,
    replaced_at: str | None = None,
    on_step: OnStep = lambda done, pages: None,
) -> Restored:
    """Make `directory` hold the log in `source`, a backup or a copy of a data directory.

    A directory that holds something is refused, or, with `replaced_at` (a time, for names), moved aside.

    Raises:
        BackupImpossible: there is no such backup, or the directory holds something or cannot be moved.
        DirectoryInUse: a process works on the directory.
        FileCorrupt, NewerSchema, DirectoryUnwritable, DiskFull, DiskFailing: as for a copy.
    """
    file = source / database.NAME if source.is_dir() else source
    if not file.is_file():
        raise BackupImpossible(source, f"There is no backup {source}.")
    directory = directory.absolute()
    if not _holds_something(directory):
        return Restored(_place(file, directory, on_step), None)
    if replaced_at is None:
        raise BackupImpossible(
            directory,
            f"The data directory {directory} holds something. Name another one with --data, "
            "or move this one aside with --replace; it is not deleted.",
        )
    staging = directory.with_name(f"{directory.name}{_RESTORED}{replaced_at}")
    lock = DirectoryLock(directory)
    try:
        contents = _place(file, staging, on_step)
        aside = directory.with_name(f"{directory.name}.before-{replaced_at}")
        _exchange(directory, staging, aside)
    finally:
        lock.release()
    return Restored(contents, aside)


def see_that_none_is_unfinished(directory: Path) -> None:
    """See that a directory that is missing is not one that a restore has moved aside.

    Raises:
        RestoreUnfinished: it is.
    """
    directory = directory.absolute()
    if directory.exists():
        return
    with suppress(OSError):  # there is no directory around it, or it cannot be looked into
        for path in directory.parent.iterdir():
            if path.name.startswith(directory.name + _RESTORED) and (path / database.NAME).exists():
                raise RestoreUnfinished(directory, path)


def _holds_something(directory: Path) -> bool:
    try:
        return any(path.name not in _NOTHING for path in directory.iterdir())
    except FileNotFoundError:
        return False
    except OSError as error:
        raise refusal(directory, error) from error


def _place(file: Path, directory: Path, on_step: OnStep) -> Contents:
    """Copy the log into a directory that holds none, which no process may use meanwhile."""
    try:
        directory.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as error:
        raise refusal(directory, error) from error
    lock = DirectoryLock(directory)
    try:
        return backup.copy(file, directory / database.NAME, on_step=on_step)
    finally:
        lock.release()


def _exchange(directory: Path, staging: Path, aside: Path) -> None:
    try:
        if aside.exists():
            raise FileExistsError(errno.EEXIST, f"{aside} exists")
        directory.rename(aside)
        try:
            staging.rename(directory)
        except BaseException:
            aside.rename(directory)
            raise
        backup.sync_directory(directory.parent)
    except OSError as error:
        raise BackupImpossible(
            directory,
            f"Cannot move {directory} aside ({error.strerror}). The backup is put back in {staging}: "
            "move the two by hand, or start with that directory. A directory on which a disk is mounted "
            "cannot be moved: keep the data in a directory within it.",
        ) from error
