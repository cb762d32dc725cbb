"""The image, as far as it can be held without a container engine: its recipe, its start, its health."""

import http.server
import json
import os
import re
import runpy
import shutil
import signal
import stat
import subprocess
import sys
import threading
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest

from streams.engine import compiled
from streams.settings import Settings, load, variable
from tests.cli.process import environment as clean_environment
from tests.cli.process import touchpoint
from tests.deploy.dockerfile import PATH, ROOT, environment, faults, stages, values

TEXT = PATH.read_text(encoding="utf-8")
BUILD, LAST = stages(TEXT)
ALLOWED = [line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
START = ROOT / "deploy/docker/start"
HEALTH = ROOT / "deploy/docker/health.py"


def test_the_recipe_keeps_the_rules_of_recipes() -> None:
    """Pinned bases, lists in their own layer, no secrets, a numbered user, signals that arrive."""
    assert faults(TEXT) == []


@pytest.mark.parametrize(
    ("old", "new", "found"),
    [
        ("python:3.11.13-slim-bookworm AS", "python:latest AS", "pin the base image"),
        ("COPY requirements.lock /src/", "ADD requirements.lock /src/", "use COPY"),
        ("COPY schemas schemas", "COPY . .", "name what is copied"),
        ("--no-install-recommends ", "", "--yes and --no-install-recommends"),
        ("&& rm -rf /var/lib/apt/lists/*", "", "remove the lists"),
        ("--require-hashes ", "", "by hashes"),
        ("USER 10001:10001", "USER rapport", "a number that is not root's"),
        ("USER 10001:10001", "USER 0:0", "a number that is not root's"),
        ("RAPPORT_DATA=", "RAPPORT_TOKEN=", "no secrets"),
        ("HEALTHCHECK ", "LABEL ", "HEALTHCHECK: one"),
        ('ENTRYPOINT ["start"]', "ENTRYPOINT start", "as a list"),
        ("python -m venv /opt/rapport", "curl https://example.org | sh", "nothing is fetched"),
    ],
)
def test_a_fault_in_the_recipe_is_seen(old: str, new: str, found: str) -> None:
    """Each rule, with its fault planted."""
    assert TEXT.count(old) >= 1

    assert any(found in fault for fault in faults(TEXT.replace(old, new)))


def test_the_compiler_stays_behind_and_the_version_is_the_projects() -> None:
    """Two stages on one base; the last has what runs, and nothing that builds."""
    base = LAST[0].rest

    assert BUILD[0].rest == f"{base} AS build"
    assert base.startswith(f"python:{PROJECT['requires-python'].removeprefix('>=')}.")
    assert not any("gcc" in each.rest or "pip" in each.rest for each in LAST)
    [label] = values(LAST, "LABEL")
    assert f'org.opencontainers.image.version="{PROJECT["version"]}"' in label
    assert f'org.opencontainers.image.licenses="{PROJECT["license"]}"' in label


def test_requirements_are_installed_by_their_hashes() -> None:
    """All that comes from an index is in the lock; the project itself brings nothing along."""
    assert [line for line in values(BUILD, "RUN") if line.startswith("pip install")] == [
        "pip install --require-hashes --requirement /src/requirements.lock",
        "pip install --no-deps .",
    ]


def test_the_engine_is_compiled_for_any_cpu_and_its_copy_is_used() -> None:
    """Both stages say the same of the CPU, or a start would compile for a minute what is there already."""
    build, last = environment(BUILD), environment(LAST)

    for name in ("NUMBA_CPU_NAME", "NUMBA_CPU_FEATURES"):
        assert build[name] == last[name]
    assert build["NUMBA_CACHE_DIR"] == last["COMPILED_ENGINE"]
    assert last["NUMBA_CACHE_DIR"].startswith("/tmp/")
    assert any("prepare()" in line for line in values(BUILD, "RUN"))
    assert f"--from=build {last['COMPILED_ENGINE']} {last['COMPILED_ENGINE']}" in values(LAST, "COPY")


def test_variables_of_the_image_are_settings() -> None:
    """The data are on the volume, in a directory that can be moved aside."""
    ours = {name: value for name, value in environment(LAST).items() if name.startswith("RAPPORT_")}

    settings = load(ours, file=ROOT / "there-is-none.toml")

    [volume] = values(LAST, "VOLUME")
    assert Path(settings.data).parent == Path(volume)
    assert any(f"--owner=10001 --group=10001 --mode=0700 {volume}" in line for line in values(LAST, "RUN"))


def test_what_is_copied_is_there_and_let_through() -> None:
    """The build context is closed but for what the image needs: no data, no keys, no history."""
    copies = [line for line in values(BUILD, "COPY") + values(LAST, "COPY") if not line.startswith("--from")]
    copied = [word for line in copies for word in line.split()[:-1]]

    assert set(copied) == set(ALLOWED)
    assert all((ROOT / name).exists() for name in copied)
    assert (ROOT / ".dockerignore").read_text().splitlines()[1] == "*"
    assert START.stat().st_mode & stat.S_IXUSR
    assert json.loads(values(LAST, "ENTRYPOINT")[0]) == [START.name]


# How it starts


# Everything becomes read-only, but for two directories in the working directory. Needs no privileges.
READ_ONLY = """
for each in volume tmp; do mkdir $each && mount --bind $each $each; done
mount -o remount,ro,bind / && ! touch new 2>/dev/null && exec "$@"
"""
NAMESPACE = [
    "unshare",
    "--map-root-user",
    "--mount",
    "--propagation",
    "private",
    "sh",
    "-euc",
    READ_ONLY,
    "sh",
]


@pytest.fixture
def running(tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    """`rapport up` as the image starts it, its root read-only, with this machine's engine."""
    compiled.prepare()  # on a new machine
    image = tmp_path / "image"
    written = shutil.ignore_patterns("*.tmp.*")  # by another process, at this moment
    shutil.copytree(compiled.CACHE, image / compiled.CACHE.name, ignore=written)
    env = clean_environment(
        PATH=f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        COMPILED_ENGINE=str(image),
        NUMBA_CACHE_DIR=str(tmp_path / "tmp" / "engine"),
        TMPDIR=str(tmp_path / "tmp"),
        RAPPORT_DATA=str(tmp_path / "volume" / "data"),
        RAPPORT_PORT="0",
    )
    process = subprocess.Popen(
        [*NAMESPACE, START, "up"],
        cwd=tmp_path,
        env=env,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    yield process
    if process.poll() is None:
        process.kill()
    process.wait(30)
    assert process.stderr is not None
    process.stderr.close()


@pytest.mark.slow
@pytest.mark.compiled_only
def test_on_a_read_only_root_it_starts_with_the_compiled_engine_and_ends_when_told(
    running: subprocess.Popen[str], tmp_path: Path
) -> None:
    """Nothing is compiled, a touchpoint is stored, health is told from outside, and the signal arrives."""
    assert running.stderr is not None
    lines = iter(running.stderr.readline, "")
    said = list(_through_serving(lines))
    assert '"serving"' in said[-1], f"it did not start (may this user make namespaces?): {said}"
    url = json.loads(said[-1])["url"]
    port = url.rpartition(":")[2]

    posted = httpx.post(f"{url}/v1/touchpoints", json=[touchpoint("m1")], trust_env=False)
    healthy = subprocess.run(
        [sys.executable, "-S", HEALTH],
        env=clean_environment(RAPPORT_PORT=port, RAPPORT_METRICS_PORT=port),
        check=False,
    )
    running.send_signal(signal.SIGTERM)

    assert posted.json()["accepted"] == 1
    assert healthy.returncode == 0
    assert running.wait(30) == 0
    held, used = (
        {path.relative_to(tmp_path / name) for path in (tmp_path / name).rglob("*")}
        for name in ("image", "tmp/engine")
    )
    assert used == held, "something was compiled"


def _through_serving(lines: Iterator[str]) -> Iterator[str]:
    for line in lines:
        yield line
        if '"serving"' in line:
            return


# Its health


class Answering(http.server.BaseHTTPRequestHandler):
    """Answers /healthz with the status of the server."""

    def do_GET(self) -> None:
        """Answer."""
        self.send_response(self.server.status if self.path == "/healthz" else 404)  # type: ignore[attr-defined]
        self.end_headers()

    def log_message(self, format: str, *arguments: object) -> None:
        """Say nothing."""


@pytest.fixture
def answering() -> Iterator[Callable[[int], int]]:
    """Start servers that answer with a status; give their ports."""
    servers = []

    def start(status: int) -> int:
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Answering)
        server.status = status  # type: ignore[attr-defined]
        threading.Thread(target=server.serve_forever, daemon=True).start()
        servers.append(server)
        return server.server_port

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


@pytest.mark.parametrize(
    ("statuses", "code"), [((200, 503), 0), ((503, 200), 0), ((503, 503), 1), ((404, 500), 1)]
)
def test_health_is_that_of_the_one_port_or_the_other(
    answering: Callable[[int], int], statuses: tuple[int, int], code: int
) -> None:
    """`up` and `dashboard` answer on one port, a worker on another; anything but 200 is ill."""
    ports = dict(
        zip(("RAPPORT_PORT", "RAPPORT_METRICS_PORT"), map(str, map(answering, statuses)), strict=True)
    )

    asked = subprocess.run([sys.executable, "-S", HEALTH], env=clean_environment(**ports), check=False)

    assert asked.returncode == code


def test_health_is_asked_of_the_ports_that_the_settings_say() -> None:
    """The variables are those of the settings, and so are the ports without them."""
    ports = runpy.run_path(str(HEALTH))["PORTS"]

    assert ports == {variable(name): str(getattr(Settings(), name)) for name in ("port", "metrics_port")}
    [check] = values(LAST, "HEALTHCHECK")
    command = json.loads(check[check.index("[") :])
    copied = [word for line in values(LAST, "COPY") for word in line.split()]
    assert command[-1] == f"{copied[-1]}{HEALTH.name}"
    assert {str(getattr(Settings(), name)) for name in ("port", "metrics_port")} == set(
        values(LAST, "EXPOSE")[0].split()
    )
    assert re.search(r"--timeout=(\d+)s", check)
