"""A company on the real log and processor: what people do arrives, once, in time, and goes on later."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec
import pytest

from streams.cli.demo_company import (
    OPENING_MS,
    Company,
    ForeignDirectoryError,
    Origin,
    settled,
)
from streams.demo.life import DAY_MS
from streams.demo.population import touchpoints
from streams.model.load import load_model
from streams.runtime.embedded.log import EmbeddedLog

FEW = Origin(seed=5, customers=30)


@contextmanager
def opened(directory: Path, origin: Origin = FEW) -> Iterator[Company]:
    with EmbeddedLog(directory) as log:
        company = Company(log, load_model("starter"), origin)
        yield company
        company.close()


def due(days: int) -> int:
    """Count what people of `FEW` do up to the end of so many days."""
    end_ms = OPENING_MS + days * DAY_MS + 1
    stream = touchpoints(seed=FEW.seed, customers=FEW.customers, start_ms=OPENING_MS, end_ms=end_ms)
    return sum(1 for _ in stream)


def test_everything_that_people_do_is_applied_exactly_once(tmp_path: Path) -> None:
    """Nothing is late, refused or a duplicate, whatever the strides of time."""
    with opened(tmp_path) as company:
        for hours in (1, 30, 30, 300, 2, 1_077):
            company.play(company.now_ms + hours * DAY_MS // 24)

        outcomes = company.kpis().outcomes

    assert company.played == due(60) > 500
    assert outcomes["applied"] == company.played
    assert {outcomes[name] for name in ("duplicate", "late", "dead_letter", "suppressed")} == {0}


def test_stages_are_populated_and_what_was_told_is_counted(tmp_path: Path) -> None:
    """After two months people stand in several stages, and each of them has been placed at least once."""
    with opened(tmp_path) as company:
        company.play(OPENING_MS + 60 * DAY_MS)
        kpis = company.kpis()
    told = company.told()

    assert sum(kpis.stages["clm"].values()) == kpis.customers > 10
    assert sum(1 for customers in kpis.stages["clm"].values() if customers) >= 4
    assert told["transitions"]["clm"] >= kpis.customers
    assert set(told["alerts"]) == {alert.name for alert in company.model.alerts}


def test_time_alone_moves_customers(tmp_path: Path) -> None:
    """Silence is told while it lasts: also in hours in which nobody does anything, stages change."""
    moved_in_silence = 0
    with opened(tmp_path) as company:
        company.play(OPENING_MS + 60 * DAY_MS)
        before = company.kpis().stages
        for _ in range(240):
            played = company.play(company.now_ms + DAY_MS // 24)
            after = company.kpis().stages
            moved_in_silence += played == 0 and after != before
            before = after

    assert moved_in_silence > 0


def test_a_company_goes_on_where_it_ended(tmp_path: Path) -> None:
    """Two runs over one directory come to what one run comes to, with no touchpoint missing or repeated."""
    with opened(tmp_path / "two") as company:
        company.play(OPENING_MS + 20 * DAY_MS)
    with opened(tmp_path / "two") as company:
        resumed_ms = company.now_ms
        company.play(OPENING_MS + 40 * DAY_MS)
        two = company.kpis()
    with opened(tmp_path / "one") as company:
        company.play(OPENING_MS + 20 * DAY_MS)
        company.play(OPENING_MS + 40 * DAY_MS)
        one = company.kpis()

    assert resumed_ms == OPENING_MS + 20 * DAY_MS
    assert two.outcomes["applied"] == due(40)
    assert two.outcomes["duplicate"] == 0
    assert two.stages == one.stages
    assert two.scores == one.scores


def test_an_origin_is_kept_beside_the_data(tmp_path: Path) -> None:
    """Whoever comes back need not remember seed and number; saying them again is fine."""
    directory = tmp_path / "new"
    first = settled(directory, seed=3, customers=12)

    assert first == Origin(seed=3, customers=12)
    assert settled(directory, seed=None, customers=None) == first
    assert settled(directory, seed=3, customers=12) == first
    assert settled(tmp_path / "other", seed=None, customers=None) == Origin()


@pytest.mark.parametrize(("seed", "customers"), [(4, None), (None, 13), (0, None)])
def test_other_people_are_not_mixed_into_a_demo(
    tmp_path: Path, seed: int | None, customers: int | None
) -> None:
    """The message says with what the demo was made."""
    settled(tmp_path / "new", seed=3, customers=12)

    with pytest.raises(ForeignDirectoryError, match="--seed 3 --customers 12"):
        settled(tmp_path / "new", seed=seed, customers=customers)


def test_invented_customers_are_not_mixed_into_real_data(tmp_path: Path) -> None:
    """A directory that a demo did not make is left alone."""
    (tmp_path / "rapport.db").write_bytes(b"somebody's")

    with pytest.raises(ForeignDirectoryError, match="not from a demo"):
        settled(tmp_path, seed=None, customers=None)

    assert [path.name for path in tmp_path.iterdir()] == ["rapport.db"]


def test_a_damaged_origin_is_told(tmp_path: Path) -> None:
    """It is not guessed at."""
    (tmp_path / "demo.json").write_bytes(msgspec.json.encode({"seed": "three"}))

    with pytest.raises(ForeignDirectoryError, match="cannot be read"):
        settled(tmp_path, seed=None, customers=None)
