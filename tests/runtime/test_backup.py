import errno
import fcntl
import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec
import pytest

from streams.runtime.embedded import backup, database
from streams.runtime.embedded.errors import (
    BackupImpossible,
    DirectoryInUse,
    FileCorrupt,
    LogError,
    NewerSchema,
    RestoreUnfinished,
)
from streams.runtime.embedded.log import EmbeddedLog
from streams.runtime.embedded.reader import LogReader
from streams.runtime.embedded.restore import restore
from streams.runtime.flush import VERSION, Body
from streams.runtime.record import Flush

LARGE = b'{"n":"%s"}' % (b"x" * 200_000)
RECORDS = 60  # of 200 kB: three steps of a copy


def body(number: int, position: int, *, version: int = VERSION) -> bytes:
    """Return the body of a flush in which nobody is."""
    return msgspec.msgpack.encode(
        Body(
            version=version,
            number=number,
            position=position,
            ticked_ms=0,
            model="shop",
            model_digest="d1",
            totals={},
            dead_reasons={},
            lanes=[],
        )
    )


def flush(log: EmbeddedLog, number: int, position: int, *, version: int = VERSION) -> None:
    """Write a flush that includes the records before `position`."""
    written = Flush(
        number=number, position=position, body=body(number, position, version=version), live_bytes=0
    )
    log.write_flush(written, [], drop_before=0, written_ms=1_000 + number)


@pytest.fixture
def log(tmp_path: Path) -> Iterator[EmbeddedLog]:
    """A log of 60 large records, of which 50 are in the state."""
    with EmbeddedLog(tmp_path / "data") as opened:
        for number in range(RECORDS):
            opened.append([(b"c%d" % number, LARGE)], 1_000)
        flush(opened, 1, 40)
        flush(opened, 2, 50)
        yield opened


@pytest.fixture
def file(log: EmbeddedLog, tmp_path: Path) -> Path:
    """A backup of that log."""
    target = tmp_path / "backup.db"
    backup.copy(log.path, target)
    return target


def change(file: Path, statement: str) -> None:
    """Change a file behind the back of its checks."""
    connection = sqlite3.connect(file)
    connection.execute(statement)
    connection.commit()
    connection.close()


def test_a_copy_says_what_it_holds(log: EmbeddedLog, tmp_path: Path) -> None:
    """Records, state, model, versions and time are read from the copy itself."""
    target = tmp_path / "backup.db"

    contents = backup.copy(log.path, target)

    assert contents == backup.Contents(
        schema=database.SCHEMA_VERSION,
        state_version=VERSION,
        records=60,
        first_offset=0,
        next_offset=60,
        position=50,
        flushes=2,
        model="shop",
        model_digest="d1",
        scored_customers=0,
        as_of_ms=1_002,
        bytes=target.stat().st_size,
    )
    assert backup.examine(target) == contents
    assert target.stat().st_mode & 0o777 == 0o600, "customers are in it"
    assert sorted(tmp_path.iterdir()) == [target, log.directory], "nothing else is left"


def test_an_empty_log_can_be_copied(tmp_path: Path) -> None:
    """Nothing is in it, and that is what it says."""
    with EmbeddedLog(tmp_path / "data") as log:
        contents = backup.copy(log.path, tmp_path / "backup.db")

    assert (contents.records, contents.position, contents.flushes, contents.model) == (0, 0, 0, "")


def test_a_copy_is_of_one_instant_and_does_not_wait_for_the_writer(log: EmbeddedLog, tmp_path: Path) -> None:
    """Between its steps records and flushes are written: they take no part, and nothing begins again."""
    done: list[int] = []

    def write(copied: int, pages: int) -> None:
        done.append(copied)
        log.append([(b"later", LARGE)], 2_000)
        flush(log, 2 + len(done), 60)

    contents = backup.copy(log.path, tmp_path / "backup.db", on_step=write)

    assert len(done) >= 3
    assert done == sorted(set(done)), "it began again"
    assert (contents.next_offset, contents.position) == (60, 50)
    assert log.next_offset == 60 + len(done)


def test_an_existing_target_is_left_as_it_is(log: EmbeddedLog, tmp_path: Path) -> None:
    """Neither a backup from before nor any other file is overwritten."""
    target = tmp_path / "backup.db"
    target.write_text("mine")

    with pytest.raises(BackupImpossible, match="exists, and is left as it is"):
        backup.copy(log.path, target)

    assert target.read_text() == "mine"


def test_a_target_that_cannot_be_written_is_said(log: EmbeddedLog, tmp_path: Path) -> None:
    """With its name."""
    with pytest.raises(BackupImpossible, match=r"Cannot write .*/nowhere/b\.db\.partial: No such file"):
        backup.copy(log.path, tmp_path / "nowhere" / "b.db")


def test_what_another_process_writes_is_not_touched(log: EmbeddedLog, tmp_path: Path) -> None:
    """The lock of the file says so; it is let go of when its holder dies."""
    partial = tmp_path / "backup.db.partial"
    with partial.open("wb") as theirs:
        theirs.write(b"theirs")
        theirs.flush()
        fcntl.flock(theirs, fcntl.LOCK_EX)

        with pytest.raises(BackupImpossible, match="Another process is writing"):
            backup.copy(log.path, tmp_path / "backup.db")

        assert partial.read_bytes() == b"theirs"
    backup.copy(log.path, tmp_path / "backup.db")
    assert not partial.exists()


def test_a_full_disk_leaves_no_file(log: EmbeddedLog, tmp_path: Path) -> None:
    """The largest file that the process may write stands for the disk."""
    command = (
        "import resource, signal, sys; from pathlib import Path\n"
        "from streams.runtime.embedded import backup\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 20, 1 << 20))\n"
        "try: backup.copy(Path(sys.argv[1]), Path(sys.argv[2]))\n"
        "except backup.BackupImpossible as error: print(error)\n"
    )

    ran = subprocess.run(
        [sys.executable, "-c", command, log.path, tmp_path / "backup.db"],
        capture_output=True,
        text=True,
        check=True,
    )

    assert ran.stdout.startswith(f"Copying to {tmp_path / 'backup.db.partial'} failed: ")
    assert list(tmp_path.iterdir()) == [log.directory]


def test_killed_while_it_copies_it_leaves_nothing_that_looks_complete(
    log: EmbeddedLog, tmp_path: Path
) -> None:
    """Only a file that is called partial, refused under any name, and taken over by the next copy."""
    target, partial = tmp_path / "backup.db", tmp_path / "backup.db.partial"
    command = (
        "import os, signal, sys; from pathlib import Path; from streams.runtime.embedded import backup\n"
        "kill = lambda done, pages: os.kill(os.getpid(), signal.SIGKILL) if done > pages / 2 else None\n"
        "backup.copy(Path(sys.argv[1]), Path(sys.argv[2]), on_step=kill)\n"
    )

    ran = subprocess.run([sys.executable, "-c", command, log.path, target], check=False)

    assert ran.returncode == -signal.SIGKILL
    assert partial.exists()
    assert not target.exists()
    renamed = tmp_path / "renamed.db"
    renamed.write_bytes(partial.read_bytes())
    with pytest.raises(LogError):
        restore(renamed, tmp_path / "new")
    assert not (tmp_path / "new" / database.NAME).exists()
    assert backup.copy(log.path, target).records == RECORDS
    assert not partial.exists()


DAMAGES: dict[str, tuple[Callable[[Path], object], str]] = {
    "a record changed": (
        lambda file: change(file, "UPDATE input SET body = zeroblob(length(body)) WHERE first = 30"),
        "stored bytes do not have their digest",
    ),
    "a record lost": (
        lambda file: change(file, "DELETE FROM input WHERE first = 30"),
        "record 30 is missing",
    ),
    "the end lost": (lambda file: change(file, "DELETE FROM input WHERE first >= 45"), "ends at 50"),
    "a flush changed": (
        lambda file: change(file, "UPDATE flushes SET body = x'00' WHERE number = 1"),
        "stored bytes do not have their digest",
    ),
    "torn": (lambda file: os.truncate(file, file.stat().st_size // 2), "malformed"),
    "empty": (lambda file: os.truncate(file, 0), "it belongs to another program"),
    "text": (lambda file: file.write_text("once upon a time\n" * 1_000), "not a database"),
    "another program's": (
        lambda file: change(file, "PRAGMA application_id = 7"),
        "it belongs to another program",
    ),
}


@pytest.mark.parametrize("name", DAMAGES)
def test_a_damaged_backup_is_refused(file: Path, tmp_path: Path, name: str) -> None:
    """Whatever the damage, no data directory comes of it."""
    damage, said = DAMAGES[name]
    damage(file)

    with pytest.raises(LogError, match=said):
        restore(file, tmp_path / "new")

    assert not (tmp_path / "new" / database.NAME).exists()


def test_a_damaged_log_gives_no_backup(log: EmbeddedLog, tmp_path: Path) -> None:
    """The copy is checked, and the log is named as what is damaged."""
    change(log.path, "UPDATE input SET body = zeroblob(length(body)) WHERE first = 30")

    with pytest.raises(FileCorrupt, match=r"The log .*/data/rapport.db is damaged") as refused:
        backup.copy(log.path, tmp_path / "backup.db")

    assert refused.value.path == log.path
    assert list(tmp_path.iterdir()) == [log.directory]


def test_a_newer_rapports_backup_is_refused_with_the_numbers(file: Path, tmp_path: Path) -> None:
    """Of the schema, and of the state."""
    with EmbeddedLog(tmp_path / "newer") as newer:
        flush(newer, 1, 0, version=VERSION + 1)
    change(file, f"PRAGMA user_version = {database.SCHEMA_VERSION + 1}")
    known = database.SCHEMA_VERSION

    with pytest.raises(NewerSchema, match=f"schema is {known + 1}, this one knows up to {known}"):
        restore(file, tmp_path / "new")
    with pytest.raises(NewerSchema, match=f"state version is {VERSION + 1}, this one knows up to {VERSION}"):
        restore(tmp_path / "newer", tmp_path / "new")


def test_a_restored_directory_is_the_log_of_the_backup(file: Path, tmp_path: Path) -> None:
    """Records and flushes are the same, and appends go on at the next offset."""
    restored = restore(file, tmp_path / "deep" / "new")

    assert restored.aside is None
    assert restored.contents == backup.examine(file)
    assert (tmp_path / "deep" / "new").stat().st_mode & 0o777 == 0o700
    with EmbeddedLog(tmp_path / "deep" / "new") as log:
        assert list(log.flushes()) == [body(1, 40), body(2, 50)]
        assert [record.value for record in log.read(0, 100)] == [LARGE] * RECORDS
        assert log.append([(b"next", b"{}")], 1) == RECORDS


def test_a_directory_that_holds_something_is_refused(file: Path, tmp_path: Path) -> None:
    """A log, or anything else: the way out is said, and nothing is changed."""
    other = tmp_path / "other"
    other.mkdir()
    (other / "notes").write_text("mine")

    with pytest.raises(BackupImpossible, match=r"holds something.*--replace; it is not deleted"):
        restore(file, other)

    assert [path.name for path in other.iterdir()] == ["notes"]


def test_what_a_killed_restore_left_is_no_hindrance(file: Path, tmp_path: Path) -> None:
    """A lock that nobody holds and a partial copy are nothing."""
    new = tmp_path / "new"
    new.mkdir()
    for name in ("rapport.lock", "rapport.db.partial"):
        (new / name).write_text("left")

    restore(file, new)

    assert sorted(path.name for path in new.iterdir()) == ["rapport.db", "rapport.lock"]


def test_the_old_directory_is_moved_aside_and_not_deleted(file: Path, tmp_path: Path) -> None:
    """It is a data directory as before, under another name."""
    with EmbeddedLog(tmp_path / "old") as old:
        old.append([(b"mine", b"{}")], 1)

    restored = restore(file, tmp_path / "old", replaced_at="noon")

    assert restored.aside == tmp_path / "old.before-noon"
    with EmbeddedLog(tmp_path / "old.before-noon") as old, EmbeddedLog(tmp_path / "old") as new:
        assert [record.key for record in old.read(0, 10)] == [b"mine"]
        assert new.next_offset == RECORDS
    assert not (tmp_path / "old.restored-noon").exists()


def test_a_damaged_backup_replaces_nothing(file: Path, tmp_path: Path) -> None:
    """The copy is checked before anything is moved."""
    with EmbeddedLog(tmp_path / "old") as old:
        old.append([(b"mine", b"{}")], 1)
    change(file, "DELETE FROM input WHERE first = 30")

    with pytest.raises(FileCorrupt):
        restore(file, tmp_path / "old", replaced_at="noon")

    reader = LogReader(tmp_path / "old")
    assert [record.key for record in reader.read(0, 10)] == [b"mine"]
    reader.close()
    assert not (tmp_path / "old.before-noon").exists()


def test_a_directory_in_use_is_not_replaced(log: EmbeddedLog, file: Path) -> None:
    """The process that works there would go on writing into what was moved aside."""
    with pytest.raises(DirectoryInUse, match=f"in use by process {os.getpid()}"):
        restore(file, log.directory, replaced_at="noon")


def test_a_directory_that_cannot_be_moved_aside_stays(file: Path, tmp_path: Path) -> None:
    """Where the name is taken, the old directory stays, and the message says where the new one is."""
    EmbeddedLog(tmp_path / "old").close()
    (tmp_path / "old.before-noon").mkdir()

    with pytest.raises(BackupImpossible, match=r"Cannot move .*old aside.*put back in .*old\.restored-noon"):
        restore(file, tmp_path / "old", replaced_at="noon")

    assert backup.examine(tmp_path / "old.restored-noon" / database.NAME).records == RECORDS
    restore(file, tmp_path / "old", replaced_at="one")
    assert backup.examine(tmp_path / "old" / database.NAME).records == RECORDS


def test_a_restore_that_was_killed_between_its_renames_is_no_empty_start(file: Path, tmp_path: Path) -> None:
    """The next start says how to finish it; then it is the log of the backup."""
    old, restored = tmp_path / "old", tmp_path / "old.restored-noon"
    EmbeddedLog(tmp_path / "old.before-noon").close()
    restore(file, restored)  # this is how it is after the first of the two renames

    with pytest.raises(RestoreUnfinished, match=f"mv {restored} {old}`") as refused:
        EmbeddedLog(old)
    made = old.exists()
    restored.rename(old)

    assert (made, refused.value.path) == (False, old)
    with EmbeddedLog(old) as log:
        assert log.next_offset == RECORDS


def test_where_the_second_rename_fails_the_old_directory_is_back(
    file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Under its name, with what it held; the message says where the new one is."""
    with EmbeddedLog(tmp_path / "old") as old:
        old.append([(b"mine", b"{}")], 1)
    renamed = Path.rename

    def fail(path: Path, target: Path) -> Path:
        if ".restored-" in path.name:
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        return renamed(path, target)

    monkeypatch.setattr(Path, "rename", fail)

    with pytest.raises(BackupImpossible, match=r"put back in .*old\.restored-noon"):
        restore(file, tmp_path / "old", replaced_at="noon")

    assert sorted(path.name for path in tmp_path.iterdir() if "old" in path.name) == [
        "old",
        "old.restored-noon",
    ]
    with EmbeddedLog(tmp_path / "old") as old:
        assert [record.key for record in old.read(0, 10)] == [b"mine"]


def test_a_copy_of_a_data_directory_is_a_backup_too(log: EmbeddedLog, tmp_path: Path) -> None:
    """With its write-ahead log, as a process that was killed left it."""
    copied = tmp_path / "copied"
    copied.mkdir()
    for name in ("rapport.db", "rapport.db-wal"):
        (copied / name).write_bytes((log.directory / name).read_bytes())

    assert restore(copied, tmp_path / "new").contents.records == RECORDS


def test_a_backup_that_is_not_there_is_said(tmp_path: Path) -> None:
    """And no directory is made."""
    with pytest.raises(BackupImpossible, match="There is no backup"):
        restore(tmp_path / "none.db", tmp_path / "new")

    assert not (tmp_path / "new").exists()
