"""The laws of the layout, each held against the whole project and against a planted fault."""

import ast
import os
import re
import shutil
import subprocess
import sys
import tomllib
import zipfile
from collections.abc import Callable, Iterator
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest
from coverage.files import GlobMatcher

import streams
from tests import laws

ROOT = Path(__file__).parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
LAYERS = PROJECT["tool"]["importlinter"]["contracts"][0]["layers"]

SOURCES = sorted([*ROOT.glob("schemas/**/*.py"), *ROOT.glob("streams/**/*.py")])
TESTS = sorted(ROOT.glob("tests/**/*.py"))
TEXT_SUFFIXES = {"", ".json", ".lock", ".md", ".py", ".toml", ".yaml", ".yml"}
OURS = ("schemas", "streams", "tests", "bench", "deploy", ".ci")


def module_name(path: Path) -> str:
    """Return the dotted name of a source file: that of a package is its directory's."""
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def within(module: str, package: str) -> bool:
    """Return whether a module is this package or a part of it."""
    return module == package or module.startswith(f"{package}.")


def texts() -> Iterator[Path]:
    """Yield the files of the project that a person or a tool may have written a path into."""
    yield from (
        path
        for path in ROOT.iterdir()
        if path.is_file()
        and path.suffix in TEXT_SUFFIXES
        and not path.name.startswith(".coverage")
        and path.name != ".git"  # a file in a worktree of git, which says where the repository is
    )
    for name in OURS:
        yield from (
            path
            for path in (ROOT / name).rglob("*")
            if path.is_file() and path.suffix in TEXT_SUFFIXES and "__pycache__" not in path.parts
        )


def faults(paths: list[Path], law: Callable[[str], list[str]]) -> dict[str, list[str]]:
    """Return what a law finds, by file."""
    found = {str(path.relative_to(ROOT)): law(path.read_text(encoding="utf-8")) for path in paths}
    return {name: places for name, places in found.items() if places}


def copy_of_sources(directory: Path) -> None:
    """Copy what is installed, and what says how, to where it can be changed and built."""
    for name in ("schemas", "streams"):
        shutil.copytree(ROOT / name, directory / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, directory / name)


def lint_imports(directory: Path) -> subprocess.CompletedProcess[str]:
    """Run the linter of imports on the sources in a directory."""
    command = [Path(sys.executable).with_name("lint-imports"), "--no-cache"]
    environment = {**os.environ, "PYTHONPATH": str(directory), "COLUMNS": "200"}
    return subprocess.run(
        command, cwd=directory, env=environment, capture_output=True, text=True, check=False
    )


def test_every_module_has_its_layer() -> None:
    """A module outside the layers could import anything and be imported by anybody."""
    layers = [name.strip("() ") for row in LAYERS for name in row.replace(":", "|").split("|")]
    maps = {"streams", "streams.runtime"}  # a docstring each

    outside = {name for name in map(module_name, SOURCES) if not any(within(name, layer) for layer in layers)}

    assert outside == maps


@pytest.mark.slow
@pytest.mark.parametrize(
    ("file", "planted", "broken"),
    [
        ("schemas/views.py", "import time", "schemas.views -> time"),
        ("streams/engine/kinds/sums.py", "import random", "streams.engine.kinds.sums -> random"),
        ("streams/model/read.py", "import os", "streams.model.read -> os"),
        ("streams/runtime/record.py", "import logging", "streams.runtime.record -> logging"),
        ("streams/ingest/shape.py", "import socket", "streams.ingest.shape -> socket"),
        ("streams/engine/plan.py", "import streams.model.read", "streams.engine.plan -> streams.model.read"),
        ("streams/settings.py", "import streams.cli.main", "streams.settings -> streams.cli.main"),
        ("streams/runtime/embedded/log.py", "import time", ""),
        ("streams/ingest/http.py", "import asyncio", ""),
    ],
)
def test_an_import_against_the_layers_is_seen(tmp_path: Path, file: str, planted: str, broken: str) -> None:
    """Planted in each part of the pure half and against the direction; the shells may do it."""
    copy_of_sources(tmp_path)
    with (tmp_path / file).open("a", encoding="utf-8") as source:
        source.write(f"\n{planted}\n")

    ran = lint_imports(tmp_path)

    assert ran.returncode == (1 if broken else 0)
    assert broken in ran.stdout


def test_the_map_names_every_part_of_the_package() -> None:
    """Whoever opens `streams` sees what is where, modules beside the packages included."""
    parts = {
        f"{path.name}/" if path.is_dir() else path.name
        for path in (ROOT / "streams").iterdir()
        if (path / "__init__.py").exists() or path.suffix == ".py"
    }

    named = {line.split()[0] for line in (streams.__doc__ or "").splitlines()[2:] if line}

    assert named == parts - {"__init__.py"}


def test_the_pure_half_asks_no_date_what_time_it_is() -> None:
    """The import of `time` is forbidden by the linter; this is the other way to a clock."""
    pure = GlobMatcher(PROJECT["tool"]["coverage"]["report"]["include"])
    paths = [path for path in SOURCES if pure.match(path.relative_to(ROOT).as_posix())]

    assert {path.parent.name for path in paths} >= {"schemas", "engine", "kinds", "model", "runtime"}
    assert faults(paths, laws.clock_reads) == {}


def test_no_module_is_longer_than_a_reader_can_hold() -> None:
    """Past 300 lines a module is split by noun."""
    lengths = {
        str(path.relative_to(ROOT)): len(path.read_text(encoding="utf-8").splitlines()) for path in SOURCES
    }

    assert {name: length for name, length in lengths.items() if length > laws.MOST_LINES} == {}


def test_every_test_says_its_law() -> None:
    """The docstring of a test is what the project promises."""
    assert faults(TESTS, laws.undocumented_tests) == {}


def test_no_test_leaves_itself_out() -> None:
    """A missing part fails the run and says how to get it."""
    assert faults([path for path in TESTS if path.name != "laws.py"], laws.excuses) == {}


def test_no_file_names_a_place_on_one_machine() -> None:
    """What is committed works anywhere."""
    assert faults(list(texts()), laws.machine_paths) == {}


def imported(path: Path) -> set[str]:
    """Return the packages that a source file imports, wherever in it."""
    nodes = list(ast.walk(ast.parse(path.read_text(encoding="utf-8"))))
    plain = {alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names}
    named = {node.module for node in nodes if isinstance(node, ast.ImportFrom) and node.module}
    return {name.partition(".")[0] for name in plain | named}


def test_what_is_imported_is_declared() -> None:
    """A package that only another one brings along may be gone with the next version of that."""
    names = {re.split(r"[<>=\[ ]", line)[0].lower() for line in PROJECT["project"]["dependencies"]}
    ours = {"schemas", "streams"}

    needed = set().union(*map(imported, SOURCES)) - sys.stdlib_module_names - ours

    distributions = packages_distributions()
    found = {distributions[package][0].lower().replace("_", "-") for package in needed}
    # tzdata is data, which zoneinfo looks for; mode is Faust's other half, and pinned like it; with cramjam
    # aiokafka reads what others compressed; of plotly the page serves the JavaScript
    assert found | {"tzdata", "mode-streaming", "cramjam", "plotly"} == names


def test_the_locks_pin_with_hashes_and_name_no_host() -> None:
    """Every requirement is one version with its hashes, from whichever index the machine uses."""
    for name in ("requirements.lock", "requirements-dev.lock"):
        text = (ROOT / name).read_text(encoding="utf-8")
        pins = [line for line in text.splitlines() if line and line[0] not in " #"]

        assert "://" not in text
        assert all("==" in line and line.endswith("\\") for line in pins)
        assert text.count("\n    --hash=sha256:") >= len(pins)


def test_continuous_integration_runs_the_checks_and_then_the_tests() -> None:
    """The last line of its output is the closing line of pytest."""
    script = ROOT / ".ci" / "run"

    lines = script.read_text(encoding="utf-8").splitlines()

    assert os.access(script, os.X_OK)
    assert lines[-2:] == ["make check", "make test"]


def test_every_command_for_developers_is_a_make_target() -> None:
    """`make` by itself lists them."""
    listed = subprocess.run(["make", "help"], cwd=ROOT, capture_output=True, text=True, check=True).stdout

    targets = {line.split()[1] for line in listed.splitlines() if line.startswith("make ")}

    assert {"demo", "test", "check", "bench", "lock", "clean"} <= targets
    for target in targets:
        subprocess.run(["make", "--dry-run", target], cwd=ROOT, capture_output=True, check=True)


@pytest.mark.slow
def test_the_wheel_holds_both_packages_and_their_data(tmp_path: Path) -> None:
    """What a user installs has the schemas, the examples and the presets, and no tests."""
    copy_of_sources(tmp_path)
    build = "import setuptools.build_meta as backend; backend.build_wheel('dist')"

    subprocess.run([sys.executable, "-c", build], cwd=tmp_path, capture_output=True, check=True)

    (wheel,) = (tmp_path / "dist").glob("rapport-*.whl")
    held = {name for name in zipfile.ZipFile(wheel).namelist() if ".dist-info/" not in name}
    wanted = [
        path
        for path in (*ROOT.glob("schemas/**/*"), *ROOT.glob("streams/**/*"))
        if path.suffix in {".py", ".json", ".yaml", ".html", ".css", ".js", ".svg"}
    ]
    assert held == {path.relative_to(ROOT).as_posix() for path in wanted}
    assert "streams/model/presets/starter.yaml" in held


@pytest.mark.parametrize(
    ("law", "good", "bad", "found"),
    [
        (
            laws.undocumented_tests,
            'def test_a():\n    """A law."""',
            "def test_a():\n    assert True",
            "test_a",
        ),
        (
            laws.excuses,
            "@pytest.mark.slow\ndef test_a(): ...",
            "@pytest.mark.skip\ndef test_a(): ...",
            "mark.skip",
        ),
        (laws.excuses, "pytest.fail('no broker')", "pytest.skip('no broker')", "pytest.skip"),
        (laws.clock_reads, "datetime.fromisoformat(text)", "datetime.now(UTC)", "datetime.now"),
        (laws.clock_reads, "self.now", "datetime.date.today()", "date.today"),
        (laws.machine_paths, "framework/root/x", "see /" + "root/x", "/" + "root/x"),
    ],
)
def test_a_law_sees_its_fault(law: Callable[[str], list[str]], good: str, bad: str, found: str) -> None:
    """Planted, each beside its nearest neighbour that is allowed."""
    assert law(good) == []
    assert law(bad) == [found]
