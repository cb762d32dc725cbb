"""The units for systemd, verified by systemd itself; what they run is held against what there is."""

import configparser
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from streams.cli.main import COMMANDS
from streams.dashboard import tokens
from streams.settings import load
from tests.deploy.dockerfile import ROOT

HERE = ROOT / "deploy/systemd"
UNITS = ("rapport.service", "rapport-backup.service", "rapport-backup.timer")
PLACES = {"%S": "/var/lib", "%C": "/var/cache", "%d": "/run/credentials/rapport.service"}


class Unit(configparser.RawConfigParser):
    """A unit; a key that stands several times holds all its values, a line each."""

    def __init__(self, text: str) -> None:
        super().__init__(strict=False, comment_prefixes=("#",), delimiters=("=",), interpolation=None)
        self.optionxform = str  # type: ignore[assignment, method-assign]
        seen: dict[tuple[str, str], list[str]] = {}
        section = ""
        for line in text.splitlines():
            if line.startswith("["):
                section = line.strip("[]")
            elif line and not line.startswith("#"):
                key, _, value = line.partition("=")
                seen.setdefault((section, key), []).append(value)
        for (of, key), values in seen.items():
            if not self.has_section(of):
                self.add_section(of)
            self.set(of, key, "\n".join(values))

    def environment(self) -> dict[str, str]:
        """Return the variables, with systemd's places filled in."""
        text = self["Service"]["Environment"]
        for place, path in PLACES.items():
            text = text.replace(place, path)
        return dict(pair.split("=", 1) for pair in text.split())  # type: ignore[misc]


def unit(name: str) -> Unit:
    """Return a unit of ours."""
    return Unit((HERE / name).read_text(encoding="utf-8"))


def analyze(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    """Run systemd-analyze, which needs no running systemd to read units."""
    if shutil.which("systemd-analyze") is None:
        pytest.fail("systemd-analyze is missing: apt-get install systemd")
    return subprocess.run(["systemd-analyze", *arguments], capture_output=True, text=True, check=False)


def installed(directory: Path, old: str = "", new: str = "") -> list[Path]:
    """Write the units with a program that is there, since systemd asks for it."""
    for name in UNITS:
        text = (HERE / name).read_text(encoding="utf-8").replace("/opt/rapport/bin/rapport", sys.executable)
        (directory / name).write_text(text.replace(old, new) if old else text, encoding="utf-8")
    return [directory / name for name in UNITS]


def test_systemd_finds_nothing_wrong_with_the_units(tmp_path: Path) -> None:
    """Not even a warning."""
    verified = analyze("verify", "--man=no", *installed(tmp_path))

    assert (verified.returncode, verified.stderr) == (0, "")


def test_a_misspelt_key_would_be_seen(tmp_path: Path) -> None:
    """The fault planted: systemd ignores it with a warning, and the protection is gone."""
    verified = analyze("verify", "--man=no", *installed(tmp_path, "ProtectClock=", "ProtectClok="))

    assert "Unknown key" in verified.stderr


@pytest.mark.parametrize("name", ["rapport.service", "rapport-backup.service"])
def test_systemd_itself_calls_the_services_well_protected(tmp_path: Path, name: str) -> None:
    """An exposure of at most 2.0 of 10; what is left is the network, and machine code made at the start."""
    installed(tmp_path)

    judged = analyze("security", "--offline=yes", "--threshold=20", "--no-pager", tmp_path / name)

    assert judged.returncode == 0, judged.stdout[-2_000:]
    assert "MemoryDenyWriteExecute" not in unit(name)["Service"]


@pytest.mark.parametrize("name", ["rapport.service", "rapport-backup.service"])
def test_variables_are_settings_and_data_lie_where_they_may_be_written(name: str) -> None:
    """In a directory that systemd makes for the user, and within it, so that it can be moved aside."""
    service = unit(name)["Service"]
    environment = unit(name).environment()
    ours = {key: value for key, value in environment.items() if key.startswith("RAPPORT_")}

    settings = load(ours, file=ROOT / "there-is-none.toml")

    assert settings.data == "/var/lib/rapport/data"
    assert service["StateDirectory"].split()[0] == "rapport"
    assert environment["NUMBA_CACHE_DIR"] == f"/var/cache/{service['CacheDirectory']}"
    assert service["ProtectSystem"] == "strict"
    assert service["ExecStart"].split()[1] in COMMANDS


def test_the_tokens_come_as_a_credential_and_without_one_nobody_is_let_in(tmp_path: Path) -> None:
    """The file is readable to root alone; the one in its place is read, and holds no token."""
    service = unit("rapport.service")["Service"]
    name, _, path = service["LoadCredential"].partition(":")
    other, _, instead = service["SetCredential"].partition(":")
    (tmp_path / name).write_text(instead)

    assert name == other
    assert Path(path).name == name
    assert unit("rapport.service").environment()["RAPPORT_TOKENS_FILE"] == f"{PLACES['%d']}/{name}"
    assert list(tokens.read(tmp_path / name)[0]) == []


def test_what_a_start_would_not_mend_is_not_started_again() -> None:
    """Exit code 2 is a bad setting. 70 is a defect, 71 and 75 are a worker's: those are tried again."""
    service = unit("rapport.service")["Service"]

    assert service["Restart"] == "on-failure"
    assert service["RestartPreventExitStatus"] == "2"
    assert service["RestartForceExitStatus"] == "71 75"


def test_a_backup_goes_where_old_ones_are_removed_and_only_after_it_was_made() -> None:
    """By the names that `rapport backup` gives in a directory."""
    service = unit("rapport-backup.service")["Service"]
    program, command, target = service["ExecStart"].split()
    after = service["ExecStartPost"]

    assert (program, command) == ("/opt/rapport/bin/rapport", "backup")
    assert Path(target).name in service["StateDirectory"].split()
    assert after.startswith(f"/usr/bin/find {target}/ ")
    assert '-name "rapport-*.db"' in after
    assert unit("rapport-backup.timer")["Timer"]["Persistent"] == "yes"
