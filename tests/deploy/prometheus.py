"""Prometheus' own tools, from the distribution, and what the files under deploy/prometheus say."""

import shutil
import subprocess
from pathlib import Path
from typing import Any, Final

import pytest
import yaml

ROOT: Final = Path(__file__).parents[2]
DIRECTORY: Final = ROOT / "deploy" / "prometheus"
_PACKAGES: Final = {
    "promtool": "prometheus",
    "prometheus": "prometheus",
    "amtool": "prometheus-alertmanager",
    "prometheus-alertmanager": "prometheus-alertmanager",
}


def tool(name: str) -> str:
    """Return the path of a tool; a missing one fails the test and says how to get it."""
    found = shutil.which(name) or shutil.which(name.removeprefix("prometheus-"))
    if found is None:
        pytest.fail(f"{name} is missing: apt-get install {_PACKAGES[name]}", pytrace=False)
    return found


def run(name: str, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
    """Run a tool to its end in deploy/prometheus."""
    return subprocess.run(
        [tool(name), *map(str, arguments)],
        cwd=DIRECTORY,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
        timeout=120,
    )


def read(path: Path) -> dict[str, Any]:
    """Return a file of YAML."""
    found: dict[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))
    return found


def rules(kind: str) -> dict[str, dict[str, Any]]:
    """Return all rules of a kind (`alert` or `record`), by name."""
    return {
        rule[kind]: rule
        for path in sorted((DIRECTORY / "rules").glob("*.yml"))
        for group in read(path)["groups"]
        for rule in group["rules"]
        if kind in rule
    }
