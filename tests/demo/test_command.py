"""The command as a user runs it: headless, and in a terminal with keys."""

import fcntl
import os
import pty
import re
import select
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
from click.testing import CliRunner

from streams.cli.main import main

ROOT = Path(__file__).parents[2]
RAPPORT = (sys.executable, "-c", "from streams.cli.main import main; main()")
OWN_TERMINAL = "import fcntl, termios; fcntl.ioctl(0, termios.TIOCSCTTY, 0); "  # so that Ctrl-C arrives
PATIENCE_S = 600  # the engine may have to be compiled first


def rapport(*arguments: str | Path, cwd: Path = ROOT) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*RAPPORT, *map(str, arguments)],
        cwd=cwd,
        env=os.environ | {"PYTHONPATH": str(ROOT), "COLUMNS": "100"},
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
        check=False,
    )


def figure(text: str, name: str) -> int:
    """Read the number that follows `name` in a summary."""
    found = re.search(rf"{name}\s+([\d,]+)", text)
    assert found is not None, text
    return int(found[1].replace(",", ""))


def test_a_headless_demo_prints_a_summary_and_goes_on_next_time(tmp_path: Path) -> None:
    """Figures and stages; the command that it suggests works; the second run adds to the first."""
    first = rapport("demo", "--headless", "0.5", "--customers", "60", "--data", tmp_path / "d")
    suggested = first.stdout.split("rapport explain ")[-1].split()
    explained = rapport("explain", *suggested)
    second = rapport("demo", "--headless", "1", "--speed", "604800", "--data", tmp_path / "d")

    assert [(each.returncode, each.stderr) for each in (first, explained, second)] == [(0, "")] * 3
    assert "of 60 (seed 7)" in first.stdout
    for name in ("history", "live", "clm", "stage_back", "advocacy", str(tmp_path / "d")):
        assert name in first.stdout
    assert suggested[0] in explained.stdout
    assert "Going on from" in second.stdout
    assert figure(second.stdout, "touchpoints") > figure(first.stdout, "touchpoints") > 1_000
    assert "history" not in second.stdout


def test_temporary_data_is_gone_afterwards(tmp_path: Path) -> None:
    """Without --data nothing stays behind, and the summary says how to keep it."""
    done = subprocess.run(
        [*RAPPORT, "demo", "--headless", "0", "--customers", "20"],
        env=os.environ | {"PYTHONPATH": str(ROOT), "TMPDIR": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
        check=True,
    )

    assert "The data was temporary and is gone." in done.stdout
    assert list(tmp_path.glob("rapport-demo-*")) == []


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--customers", "0"), "--customers"),
        (("--speed", "0"), "--speed"),
        (("--headless", "-1"), "--headless"),
        (("--seed", "-1"), "--seed"),
    ],
)
def test_an_impossible_option_is_refused(arguments: tuple[str, str], said: str) -> None:
    """With exit code 2 and the name of the option."""
    done = CliRunner().invoke(main, ["demo", *arguments])

    assert done.exit_code == 2
    assert said in done.stderr


def test_a_directory_with_other_data_is_refused_and_left_alone(tmp_path: Path) -> None:
    """The message says what to do instead."""
    (tmp_path / "accounts.txt").write_text("important")

    done = CliRunner().invoke(main, ["demo", "--headless", "0", "--data", str(tmp_path)])

    assert done.exit_code == 1
    assert "choose another directory with --data" in done.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["accounts.txt"]


@contextmanager
def terminal(temporary: Path, *arguments: str, rows: int = 24, columns: int = 80) -> Iterator["Terminal"]:
    screen, keyboard = pty.openpty()
    fcntl.ioctl(keyboard, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
    size = {"LINES": str(rows), "COLUMNS": str(columns), "TMPDIR": str(temporary)}
    process = subprocess.Popen(
        [sys.executable, "-c", OWN_TERMINAL + RAPPORT[-1], *arguments],
        env=os.environ | {"PYTHONPATH": str(ROOT), "TERM": "xterm-256color"} | size,
        stdin=keyboard,
        stdout=keyboard,
        stderr=keyboard,
        start_new_session=True,
    )
    os.close(keyboard)
    try:
        yield Terminal(screen, process)
    finally:
        process.kill()
        process.wait()
        os.close(screen)


class Terminal:
    """A terminal in which the command runs: what it shows, and what is typed."""

    def __init__(self, screen: int, process: subprocess.Popen[bytes]) -> None:
        self.shown = ""
        self._screen = screen
        self._process = process

    def type(self, keys: str) -> None:
        """Press keys."""
        os.write(self._screen, keys.encode())

    def wait_for(self, text: str) -> None:
        """Read what is shown from here on until it holds `text`."""
        self.shown, end = "", time.monotonic() + PATIENCE_S
        while text not in self.shown and self._read(end):
            pass
        assert text in self.shown, self.shown[-2_000:]

    def exit_code(self) -> int:
        """Read to the end and return how the command ended."""
        end = time.monotonic() + PATIENCE_S
        while self._read(end):
            pass
        return self._process.wait(PATIENCE_S)

    def _read(self, end: float) -> bool:
        ready, _, _ = select.select([self._screen], [], [], max(end - time.monotonic(), 0))
        try:
            read = os.read(self._screen, 65_536) if ready else b""
        except OSError:  # the other side is closed
            return False
        self.shown += read.decode(errors="replace")
        return bool(read)


@pytest.mark.parametrize("key", ["q", "\x03"], ids=["q", "Ctrl-C"])
def test_the_live_view_shows_stages_and_ends_tidily(key: str, tmp_path: Path) -> None:
    """Stages, movements and alerts on the screen; then the screen is given back, with a summary."""
    with terminal(tmp_path, "demo", "--customers", "40", "--port", "0") as screen:
        screen.wait_for("movements ·")
        screen.wait_for("127.0.0.1:")
        screen.wait_for("speed")
        (url,) = set(re.findall(r"http://127\.0\.0\.1:\d+", screen.shown))
        page, kpis = httpx.get(url), httpx.get(f"{url}/v1/kpis")
        screen.type(key)
        screen.wait_for("\x1b[?1049l")
        code = screen.exit_code()

        assert code == 0
        assert page.headers["content-type"].startswith("text/html")
        assert kpis.json()["customers"] > 0
        assert "customers by stage of clm" in screen.shown
        assert list(tmp_path.glob("rapport-demo-*")) == []


def test_space_stops_the_clock(tmp_path: Path) -> None:
    """And space lets it go on."""
    with terminal(tmp_path, "demo", "--customers", "40") as screen:
        screen.wait_for("6 h/s")
        screen.type(" ")
        screen.wait_for("paused")
        screen.type(" +")
        screen.wait_for("9 h/s")
