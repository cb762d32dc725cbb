import errno
import os
import resource
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from streams.runtime.embedded import database, lock
from streams.runtime.embedded.errors import (
    DirectoryInUse,
    DirectoryUnwritable,
    DiskFailing,
    DiskFull,
    FileCorrupt,
    LogError,
    NewerSchema,
    NoLog,
    Recovering,
    refusal,
    translated,
)
from streams.runtime.embedded.log import EmbeddedLog
from streams.runtime.record import Flush


def filled(directory: Path, *, records: int = 3000) -> Path:
    """Make a log of many pages and return its file."""
    with EmbeddedLog(directory) as log:
        for _ in range(records // 100):
            log.append([(b"c", os.urandom(100))] * 100, 1)
        for number in range(1, 20):
            body = os.urandom(5_000)
            log.write_flush(
                Flush(number=number, position=9, body=body, live_bytes=1), [], drop_before=0, written_ms=1
            )
    return directory / database.NAME


def read_all(directory: Path) -> int:
    with EmbeddedLog(directory) as log:
        list(log.flushes())
        position = 0
        while records := log.read(position, 500):
            position = records[-1].offset + 1
        return position


def test_a_second_log_on_a_directory_is_refused_and_the_holder_named(tmp_path: Path) -> None:
    """The message says which process to stop; when the first is closed the second gets in."""
    with EmbeddedLog(tmp_path), pytest.raises(DirectoryInUse, match=f"process {os.getpid()}") as caught:
        EmbeddedLog(tmp_path)

    assert str(tmp_path) in str(caught.value)
    EmbeddedLog(tmp_path).close()


def test_another_process_is_refused_until_the_holder_dies(tmp_path: Path) -> None:
    """The operating system lets go of the lock when its holder is killed: nothing has to be cleaned up."""
    code = "import sys, pathlib; from streams.runtime.embedded.log import EmbeddedLog as L; "
    code += "log = L(pathlib.Path(sys.argv[1])); print('held', flush=True); sys.stdin.read()"
    holder = subprocess.Popen(
        [sys.executable, "-c", code, str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    with holder:
        assert holder.stdout.readline() == b"held\n"
        with pytest.raises(DirectoryInUse, match=f"process {holder.pid}\\b"):
            EmbeddedLog(tmp_path)
        holder.kill()
        holder.wait(timeout=30)

    EmbeddedLog(tmp_path).close()


@pytest.mark.parametrize(("code", "kind"), [(errno.ENOSPC, DiskFull), (errno.EACCES, DirectoryUnwritable)])
def test_a_refusal_of_the_system_says_whether_space_or_permission_is_missing(
    tmp_path: Path, code: int, kind: type[Exception]
) -> None:
    """Both name the directory; only one of them is mended by deleting files."""
    error = refusal(tmp_path, OSError(code, os.strerror(code)))

    assert type(error) is kind
    assert str(tmp_path) in str(error)


def test_a_full_disk_is_told_from_the_first_file_on(tmp_path: Path) -> None:
    """Where not even the lock's pid can be written, the message asks for space, and nothing stays locked."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, before[1]))
    try:
        with pytest.raises(DiskFull):
            EmbeddedLog(tmp_path)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)

    EmbeddedLog(tmp_path).close()


def test_a_lock_file_without_a_pid_is_still_a_lock(tmp_path: Path) -> None:
    """Between taking the lock and writing the pid the holder is unknown, and says so."""
    with EmbeddedLog(tmp_path):
        os.truncate(tmp_path / lock.NAME, 0)
        with pytest.raises(DirectoryInUse, match="process unknown"):
            EmbeddedLog(tmp_path)


def test_a_directory_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    """A path below a plain file can be nobody's directory."""
    (tmp_path / "file").write_text("")

    with pytest.raises(DirectoryUnwritable, match=r"file/data.*--data"):
        EmbeddedLog(tmp_path / "file" / "data")


def test_a_directory_in_which_nothing_can_be_made_is_named(tmp_path: Path) -> None:
    """The lock file is the first thing that is made; where it cannot be, the directory is unwritable."""
    (tmp_path / lock.NAME).mkdir()

    with pytest.raises(DirectoryUnwritable, match=str(tmp_path)):
        EmbeddedLog(tmp_path)


def test_a_file_that_cannot_be_opened_is_unwritable_and_the_lock_let_go(tmp_path: Path) -> None:
    """SQLite's refusal becomes ours, and the next attempt is not refused by a lock of the failed one."""
    (tmp_path / database.NAME).mkdir()

    for _ in range(2):
        with pytest.raises(DirectoryUnwritable, match="SQLITE_CANTOPEN"):
            EmbeddedLog(tmp_path)


@pytest.mark.parametrize("text", [b"not a database, but long enough to have a header" * 40, b"short"])
def test_a_file_that_is_no_database_is_refused(tmp_path: Path, text: bytes) -> None:
    """Nothing is written into a file that is not ours."""
    (tmp_path / database.NAME).write_bytes(text)

    with pytest.raises(FileCorrupt, match="damaged, or is not a log"):
        EmbeddedLog(tmp_path)

    assert (tmp_path / database.NAME).read_bytes() == text


def test_the_database_of_another_program_is_refused(tmp_path: Path) -> None:
    """A sound SQLite file with other tables stays as it is."""
    with closing(sqlite3.connect(tmp_path / database.NAME)) as other:
        other.execute("CREATE TABLE input (x)")

    with pytest.raises(FileCorrupt, match="another program"):
        EmbeddedLog(tmp_path)


def test_a_log_with_other_tables_is_refused(tmp_path: Path) -> None:
    """A table that is missing is damage, not something to make anew."""
    with closing(sqlite3.connect(filled(tmp_path))) as other:
        other.execute("DROP TABLE scores")

    with pytest.raises(FileCorrupt, match="tables"):
        EmbeddedLog(tmp_path)


@pytest.mark.parametrize(
    ("version", "accepted"), [(database.SCHEMA_VERSION, True), (database.SCHEMA_VERSION + 1, False)]
)
def test_a_newer_schema_is_refused(tmp_path: Path, version: int, accepted: bool) -> None:
    """The known version opens; one more says which program to use."""
    with closing(sqlite3.connect(filled(tmp_path))) as other:
        other.execute(f"PRAGMA user_version = {version}")

    if accepted:
        EmbeddedLog(tmp_path).close()
    else:
        with pytest.raises(NewerSchema, match=rf"schema is {version}.*newer version"):
            EmbeddedLog(tmp_path)


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9])
def test_a_truncated_file_is_found_out(tmp_path: Path, share: float) -> None:
    """Wherever the file ends early, opening or reading it says that it is damaged."""
    file = filled(tmp_path)
    os.truncate(file, int(file.stat().st_size * share))

    with pytest.raises(FileCorrupt):
        read_all(tmp_path)


def test_no_overwritten_page_gives_other_records(tmp_path: Path) -> None:
    """Every page that is overwritten is either found out, or held nothing that is read."""
    file = filled(tmp_path, records=1_500)
    sound = file.read_bytes()
    assert read_all(tmp_path) == 1_500
    found_out = 0

    for start in range(0, len(sound), 4096):
        file.write_bytes(sound[:start] + b"\xa5" * 4096 + sound[start + 4096 :])
        try:
            assert read_all(tmp_path) == 1_500
        except FileCorrupt:
            found_out += 1

    assert found_out > len(sound) / 4096 * 0.8


def test_a_flipped_bit_in_a_record_is_found_out(tmp_path: Path) -> None:
    """SQLite keeps no checksums; the log's own digest finds what the disk changed."""
    with EmbeddedLog(tmp_path) as log:
        log.append([(b"c", b"a thousand euros")], 1)
    file = tmp_path / database.NAME
    content = file.read_bytes()
    assert content.count(b"a thousand euros") == 1
    file.write_bytes(content.replace(b"a thousand euros", b"a thousane euros"))

    with pytest.raises(FileCorrupt, match="digest"):
        read_all(tmp_path)


def test_a_missing_row_is_found_out(tmp_path: Path) -> None:
    """A gap between records is damage; it is not skipped."""
    file = filled(tmp_path, records=300)
    with closing(sqlite3.connect(file)) as other:
        other.execute("DELETE FROM input WHERE first = 100")
        other.commit()

    with pytest.raises(FileCorrupt, match="record 100 is missing"):
        read_all(tmp_path)


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("SQLITE_FULL", DiskFull),
        ("SQLITE_IOERR_FSYNC", DiskFailing),
        ("SQLITE_CORRUPT_INDEX", FileCorrupt),
        ("SQLITE_NOTADB", FileCorrupt),
        ("SQLITE_READONLY_DIRECTORY", DirectoryUnwritable),
        ("SQLITE_CANTOPEN", DirectoryUnwritable),
        ("SQLITE_CONSTRAINT", sqlite3.DatabaseError),
        (None, sqlite3.DatabaseError),
    ],
)
def test_errors_of_the_file_become_ours_and_bugs_pass(
    tmp_path: Path, code: str | None, kind: type[Exception]
) -> None:
    """What the operator can mend has a message of ours; anything else is a bug and stays as it is."""
    error = sqlite3.DatabaseError("text")
    if code is not None:
        error.sqlite_errorname = code

    with pytest.raises(kind) as caught, translated(tmp_path):
        raise error

    assert type(caught.value) is kind


def test_every_error_says_what_to_do() -> None:
    """The docstring of an error is for the operator: what happened, a colon, what to do."""
    kinds = [*LogError.__subclasses__(), Recovering]

    assert len(kinds) == 11
    assert [kind for kind in kinds if ": " not in (kind.__doc__ or "")] == []
    assert NoLog in kinds
