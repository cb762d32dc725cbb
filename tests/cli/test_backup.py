"""`rapport backup` beside a process that is posted to, and `rapport restore` of what it wrote."""

import signal
import threading
from pathlib import Path
from typing import Any

import msgspec
import pytest
from click.testing import CliRunner

from streams.cli.main import main
from streams.model.load import load_model
from streams.runtime.embedded import recovery
from streams.runtime.embedded.log import EmbeddedLog
from streams.runtime.embedded.reader import LogReader
from streams.runtime.processor import Processor
from streams.testing import canonical_state
from tests.cli.process import StartUp, Up, run_command, touchpoint

CUSTOMERS = 40
ALL = 10**9


class Posting:
    """Posts touchpoints of some customers until it is stopped; `accepted` are those that were answered."""

    def __init__(self, up: Up) -> None:
        self.accepted: list[str] = []
        self._up = up
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run)

    def __enter__(self) -> "Posting":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join(30)

    def wait_for(self, count: int) -> None:
        """Return when so many are accepted."""
        for _ in range(3_000):
            if len(self.accepted) >= count or not self._thread.is_alive():
                break
            self._thread.join(0.01)
        assert len(self.accepted) >= count

    def _run(self) -> None:
        number = 0
        while not self._ended.is_set():
            ids = [f"m{number + each}" for each in range(5)]
            customers = [f"c{(number + each) % CUSTOMERS}" for each in range(5)]
            items = [
                touchpoint(*pair, properties={"path": "/pricing"})
                for pair in zip(ids, customers, strict=True)
            ]
            assert self._up.post(*items).json()["accepted"] == 5
            self.accepted += ids
            number += 5


def message_ids(reader: LogReader) -> list[str]:
    """Return those of all touchpoints in a log."""
    records = reader.read(0, ALL)
    return [msgspec.json.decode(each.value)["message_id"] for each in records if each.key is not None]


def states(processor: Processor) -> dict[str, dict[str, object]]:
    """Return what is known about everybody."""
    lane = processor.customer_lane
    return {name: canonical_state(lane, lane.table.index[name]) for name in processor.customers()}


@pytest.mark.slow
@pytest.mark.compiled_only
def test_what_was_accepted_before_a_backup_is_in_it_and_the_process_goes_on(
    start_up: StartUp, tmp_path: Path
) -> None:
    """A real process is posted to all the time.

    The restored directory has every touchpoint answered before the backup began. Its customers are those of
    a plain run over the same records from the beginning. A process started on it goes on from there.
    """
    up, target, new = start_up(), tmp_path / "backup.db", tmp_path / "new"
    model = load_model("starter")

    with Posting(up) as posting:
        posting.wait_for(200)
        before = list(posting.accepted)
        made = run_command("backup", "--data", str(up.data), str(target))
        posting.wait_for(len(posting.accepted) + 50)  # and it still answers
    assert up.end(signal.SIGTERM)[0] == 0
    restored = run_command("restore", str(target), "--data", str(new))

    assert (made.returncode, restored.returncode) == (0, 0), made.stderr + restored.stderr
    assert made.stdout.startswith(f"The backup is {target}.\n")
    original, reader = LogReader(up.data), LogReader(new)
    kept = message_ids(reader)
    assert set(before) <= set(kept) < set(posting.accepted), "it is of an instant in between"
    plain = Processor(model)
    plain.process(original.read(0, reader.next_offset()))
    found = recovery.caught_up(reader, lambda: Processor(model))
    assert states(found) == states(plain)
    assert len(states(found)) == CUSTOMERS
    original.close()
    reader.close()

    again = start_up(data=new)
    again.post(touchpoint(kept[0], "c0"), touchpoint("new", "c0"))
    count = again.client.get("/v1/customers/c0").json()["signals"]["activity"]["count"]
    assert count == sum(int(each[1:]) % CUSTOMERS == 0 for each in kept) + 1, (
        "the repeat is known, the new one is new"
    )


def test_both_commands_say_what_the_copy_holds(tmp_path: Path) -> None:
    """What, from when, of which versions; in a directory the file is named after the time."""
    with EmbeddedLog(tmp_path / "data") as log:
        log.append([(b"ada", b"{}"), (b"bob", b"{}")], 1_772_366_400_000)
    (tmp_path / "backups").mkdir()

    made = CliRunner().invoke(main, ["backup", "--data", str(tmp_path / "data"), str(tmp_path / "backups")])
    [file] = (tmp_path / "backups").iterdir()
    restored = CliRunner().invoke(main, ["restore", str(file), "--data", str(tmp_path / "new")])

    assert (made.exit_code, restored.exit_code) == (0, 0), made.output + restored.output
    assert file.match("rapport-????????T??????Z.db")
    for said, headline in (
        (made.output, f"The backup is {file}."),
        (restored.output, f"The data directory {tmp_path / 'new'} holds {file}."),
    ):
        first, *rows = said.splitlines()
        told: dict[str, Any] = dict(row.split(maxsplit=1) for row in rows if not row.startswith("  as of"))
        assert first == headline
        assert "  as of      2026-03-01 12:00:00 UTC" in said
        assert told["records"].strip() == "2 from 0 to before 2"
        assert told["versions"].startswith("schema ")


def test_a_refusal_is_one_line_and_ends_with_1(tmp_path: Path) -> None:
    """Nothing to back up, a target that exists, a directory that holds something; and the way out."""
    EmbeddedLog(tmp_path / "data").close()
    (tmp_path / "taken.db").write_text("mine")

    def rapport(*arguments: str) -> tuple[int, str]:
        ended = CliRunner().invoke(main, list(arguments))
        return ended.exit_code, ended.output

    data, target = str(tmp_path / "data"), str(tmp_path / "backup.db")
    code, said = rapport("backup", "--data", str(tmp_path / "none"), target)
    assert (code, "There is no log in the directory" in said) == (1, True)
    code, said = rapport("backup", "--data", data, str(tmp_path / "taken.db"))
    assert (code, "exists, and is left as it is" in said) == (1, True)
    assert rapport("backup", "--data", data, target)[0] == 0
    code, said = rapport("restore", target, "--data", data)
    assert (code, said.count("\n"), "--replace" in said) == (1, 1, True)

    code, said = rapport("restore", target, "--data", data, "--replace")

    assert code == 0
    [aside] = tmp_path.glob("data.before-*")
    assert f"What was there before is now {aside}.\n" in said
