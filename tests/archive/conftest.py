"""Tables of what was told, and things to tell."""

import sqlite3
from collections.abc import Iterator

import msgspec
import pytest
from msgspec.structs import replace

from schemas.instants import instant
from schemas.outputs import AlertRaised, AlertResolved, StageChanged
from streams.archive import outputs
from streams.archive.tables import INDEXES, TABLES
from tests.dashboard.conftest import raised, resolved, stage_changed

HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS

Told = StageChanged | AlertRaised | AlertResolved


@pytest.fixture
def tables() -> Iterator[sqlite3.Connection]:
    connection = made()
    yield connection
    connection.close()


def made() -> sqlite3.Connection:
    """Return tables in memory."""
    connection = sqlite3.connect(":memory:", isolation_level=None)
    for statement in (*TABLES.values(), *INDEXES):
        connection.execute(statement)
    return connection


def write(tables: sqlite3.Connection, *told: Told, written_ms: int = 1) -> None:
    """Write what was told."""
    outputs.insert(
        tables, [outputs.told_row(each, msgspec.json.encode(each)) for each in told], written_ms=written_ms
    )


def moved(
    at_ms: int, before: str | None, to: str | None, *, customer: str = "c1", framework: str = "clm"
) -> Told:
    """A transition at an instant."""
    move = stage_changed(customer, from_stage=before)
    return replace(move, at=instant(at_ms), to_stage=to, framework=framework)


def alert(number: int, at_ms: int = 0, *, customer: str = "c1", name: str = "drop") -> Told:
    """An alert that is raised at an instant."""
    return replace(raised(number, customer, alert=name), at=instant(at_ms))


def end(number: int, at_ms: int = 0, *, name: str = "drop") -> Told:
    """The end of an alert."""
    return replace(resolved(number, alert=name), at=instant(at_ms))
