"""`rapport explain`: the running process is asked, the directory is read where none runs."""

import json
import os
import signal
from pathlib import Path

import msgspec
import pytest
from click.testing import CliRunner
from prometheus_client import CollectorRegistry

from streams.cli import explain, running
from streams.instrumentation import Instrumentation
from streams.model.load import load_model
from streams.runtime.embedded.log import EmbeddedLog
from streams.runtime.embedded.run import EmbeddedRun
from streams.runtime.processor import Processor
from tests.cli.process import StartUp, Up, run_command, touchpoint

pytestmark = pytest.mark.slow

TOKEN = "a token of enough characters"
NOON_MS = 1_772_366_400_000  # 2026-03-01T12:00:00Z


def test_a_running_process_is_asked(up: Up) -> None:
    """The page tells stage, rule, values and contributions; the id may hold slashes."""
    up.post(touchpoint("asked", "a/b", properties={"path": "/pricing"}))

    ended = run_command("explain", "a/b", "--data", str(up.data))

    assert ended.returncode == 0
    assert ended.stdout.startswith("a/b\n")
    assert "clm  evaluation  since" in ended.stdout
    assert "because count(pricing, 30d)" in ended.stdout
    assert "Page Viewed 100%" in ended.stdout


def test_json_is_what_the_api_answers(up: Up) -> None:
    """View and reasons as they are over HTTP, for programs."""
    up.post(touchpoint("json", "json"))

    ended = run_command("explain", "json", "--data", str(up.data), "--json")

    found = json.loads(ended.stdout)
    assert found["customer"]["signals"] == up.client.get("/v1/customers/json").json()["signals"]
    assert set(found["why"]["stages"]) == {"clm"}


def test_a_proxy_of_the_environment_is_not_used(up: Up) -> None:
    """The process is on this machine: variables for the way out of it do not matter."""
    up.post(touchpoint("proxy", "proxy"))

    ended = run_command("explain", "proxy", "--data", str(up.data), http_proxy="http://192.0.2.1:9")

    assert ended.returncode == 0


def test_an_unknown_customer_is_said(up: Up) -> None:
    """Exit 1, with the id and the directory."""
    ended = run_command("explain", "nobody", "--data", str(up.data))

    assert ended.returncode == 1
    assert "nobody" in ended.stderr
    assert str(up.data) in ended.stderr
    assert ended.stdout == ""


def test_without_a_process_the_directory_is_read_and_not_changed(start_up: StartUp) -> None:
    """After a crash, records that no flush includes are taken into account, and nothing is written."""
    up = start_up()
    up.post(touchpoint("m1", properties={"path": "/pricing"}))
    asked = json.loads(run_command("explain", "ada", "--data", str(up.data), "--json").stdout)
    up.kill()
    log = (up.data / "rapport.db-wal").read_bytes()

    ended = run_command("explain", "ada", "--data", str(up.data), "--json")

    assert ended.returncode == 0
    read = json.loads(ended.stdout)
    assert read["customer"]["signals"] == asked["customer"]["signals"]
    assert read["customer"]["stages"] == {"clm": "evaluation"}
    assert (up.data / "rapport.db-wal").read_bytes() == log


def test_after_a_tidy_end_the_directory_is_read(start_up: StartUp) -> None:
    """The flushes alone say everything."""
    up = start_up()
    up.post(touchpoint("m1", properties={"path": "/pricing"}))
    up.end(signal.SIGTERM)

    ended = run_command("explain", "ada", "--data", str(up.data))

    assert ended.returncode == 0
    assert "clm  evaluation" in ended.stdout


def test_a_directory_tells_when_time_can_next_change_something(tmp_path: Path) -> None:
    """Rows on the disk know only a bound of it, here the millisecond after the touchpoint: it is solved."""
    model = load_model("starter")
    posted = msgspec.json.encode(touchpoint("m1", timestamp="2026-03-01T12:00:00Z"))
    with EmbeddedLog(tmp_path) as log:
        run = EmbeddedRun(
            log,
            model,
            lambda: Processor(model),
            clock=lambda: NOON_MS + 120_000,
            instrumentation=Instrumentation(model, build="0", registry=CollectorRegistry()),
        )
        log.append([(b"ada", posted)], NOON_MS)
        run.step()  # writes the row with that bound
        run.step()  # the tick, which solves it and changes nothing else
        run.flush()

    shown = CliRunner().invoke(explain.command, ["ada", "--data", str(tmp_path)]).stdout

    assert shown.rstrip().splitlines()[-1] == "Next change by itself not before 2026-03-15 00:00:00 UTC."


def test_a_directory_without_a_log_is_said(tmp_path: Path) -> None:
    """Exit 1, and nothing is made there."""
    ended = run_command("explain", "ada", "--data", str(tmp_path / "none"))

    assert ended.returncode == 1
    assert "--data" in ended.stderr
    assert not (tmp_path / "none").exists()


def test_the_token_is_asked_for_and_used(start_up: StartUp) -> None:
    """Without it, exit 1 and how to give it; with it, the page."""
    up = start_up(env={"RAPPORT_TOKEN": TOKEN})
    bearer = {"authorization": f"Bearer {TOKEN}"}
    up.client.post("/v1/touchpoints", json=touchpoint("m1"), headers=bearer)

    without = run_command("explain", "ada", "--data", str(up.data))
    given = run_command("explain", "ada", "--data", str(up.data), RAPPORT_TOKEN=TOKEN)

    assert without.returncode == 1
    assert "RAPPORT_TOKEN" in without.stderr
    assert given.returncode == 0


def test_who_announced_itself_is_found_as_long_as_it_lives(tmp_path: Path) -> None:
    """The block's process, inside the block; not after it."""
    with running.announced(tmp_path, "http://127.0.0.1:1"):
        inside = running.find(tmp_path)

    assert inside == running.Running(pid=os.getpid(), url="http://127.0.0.1:1")
    assert running.find(tmp_path) is None


@pytest.mark.parametrize(
    "content",
    [
        msgspec.json.encode(running.Running(pid=2**22 + 1, url="http://127.0.0.1:1")),  # above every pid
        b"rubbish",
        b'{"pid": "x", "url": ""}',
        b'{"pid": 99999999999999999999, "url": ""}',
    ],
)
def test_what_a_crash_left_behind_is_nobody(tmp_path: Path, content: bytes) -> None:
    """A file without its process, or one that cannot be read, is as good as none."""
    (tmp_path / running.NAME).write_bytes(content)

    assert running.find(tmp_path) is None


def test_a_directory_that_cannot_be_written_stops_nobody(tmp_path: Path) -> None:
    """Announcing is a convenience: without it the log is read."""
    with running.announced(tmp_path / "none", "http://127.0.0.1:1"):
        assert running.find(tmp_path / "none") is None
