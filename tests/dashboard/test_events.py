"""The event stream: everything once and in order, from any place on; readers that are slow, many or late."""

import asyncio
import sqlite3
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from litestar import Litestar
from litestar.testing import TestClient
from prometheus_client import CollectorRegistry

from schemas.http import TokenScope
from streams.archive.outputs import insert, told_row
from streams.dashboard import events, feed
from streams.dashboard.app import create_app
from streams.dashboard.guard import Admission
from streams.dashboard.tokens import change
from streams.instrumentation import Instrumentation
from tests.dashboard.asking import Clock, admission, bearer, tokens
from tests.dashboard.conftest import NOON, FixedService, app_of, raised, resolved, stage_changed
from tests.dashboard.streaming import Event, Reader, reading

Serve = Callable[[Admission], TestClient[Litestar]]


@pytest.fixture
def app(client: TestClient[Litestar]) -> Litestar:
    return client.app


def about(told: list[Event]) -> list[str]:
    """Whom events are about, in their order."""
    return [each.data["customer_id"] for each in told]


def moves(*names: str) -> list[Any]:
    return [stage_changed(name) for name in names]


def test_what_happens_is_told_once_and_in_order(app: Litestar, service: FixedService) -> None:
    """From joining on: transitions, alerts raised and resolved, as they are on their topics."""
    service.tell(stage_changed("before"))

    async def run() -> Reader:
        async with reading(app) as (reader,):
            for number in range(3):
                service.tell(stage_changed(f"c{number}"), raised(number), resolved(number))
            await reader.until(lambda each: len(each.told("alert")) == 6)
        return reader

    reader = asyncio.run(run())

    assert (reader.status, reader.headers[b"content-type"]) == (200, b"text/event-stream")
    assert reader.headers[b"cache-control"] == b"no-store"
    assert reader.headers[b"x-content-type-options"] == b"nosniff"
    assert (reader.events[0].kind, reader.events[0].id) == ("beat", "1-0")
    assert about(reader.told("transition")) == ["c0", "c1", "c2"]
    assert [each.data["id"] for each in reader.told("alert")] == ["r0", "s0", "r1", "s1", "r2", "s2"]
    assert reader.told("transition", "alert")[-1].id == "4-6"


def test_many_who_join_while_things_happen_miss_nothing(app: Litestar, service: FixedService) -> None:
    """Each hears all that is behind the place it was told at first, whoever joined at the same time."""
    names = [f"c{number}" for number in range(600)]

    def happen() -> None:
        for name in names:
            service.tell(stage_changed(name))

    async def run() -> list[Reader]:
        happening = threading.Thread(target=happen)
        happening.start()
        async with reading(app, "kinds=transitions", count=60) as readers:
            await asyncio.to_thread(happening.join)
            for reader in readers:
                await reader.until(lambda each: any(event.id == "600-0" for event in each.events))
        return readers

    for reader in asyncio.run(run()):
        first = int((reader.events[0].id or "").partition("-")[0])
        assert about(reader.told("transition")) == names[first:]


def test_who_comes_back_is_told_what_was_missed_while_more_happens(
    app: Litestar, service: FixedService
) -> None:
    """Alerts too, though transitions go on while they are read."""
    for number in range(200):
        service.tell(stage_changed(f"c{number}"), raised(number))
    stopped = threading.Event()

    def happen() -> None:
        while not stopped.is_set():
            service.tell(stage_changed("later"))

    async def run() -> list[Reader]:
        happening = threading.Thread(target=happen)
        happening.start()
        async with reading(app, headers=[(b"last-event-id", b"50-20")], count=20) as readers:
            stopped.set()
            for reader in readers:
                await reader.until(lambda each: bool(each.told("beat")))
        happening.join()
        return readers

    for reader in asyncio.run(run()):
        assert [each.data["id"] for each in reader.told("alert")] == [f"r{n}" for n in range(20, 200)]
        assert about(reader.told("transition"))[:150] == [f"c{number}" for number in range(50, 200)]


STEPS = st.lists(st.sampled_from(["move", "raise"]), min_size=1, max_size=40)


@given(steps=STEPS, cut=st.integers(0, 40), portion=st.sampled_from([1, 2, 7, 1_000]))
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_from_any_event_on_exactly_the_rest_is_told(
    steps: list[str], cut: int, portion: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Cut anywhere, and whatever the portions in which the tables are read."""
    service = FixedService()
    monkeypatch.setattr(feed, "AT_ONCE", portion)
    app = app_of(service, Admission())
    told = [raised(n) if step == "raise" else stage_changed(f"c{n}") for n, step in enumerate(steps)]

    async def heard(since: str) -> list[Event]:
        async with reading(app, "kinds=transitions,alerts", [(b"last-event-id", since.encode())]) as (one,):
            await one.until(lambda each: bool(each.told("beat")))
        return one.told("transition", "alert")

    service.tell(*told)
    whole = asyncio.run(heard("0-0"))
    place = min(cut, len(whole))
    since = whole[place - 1].id if place else "0-0"

    rest = asyncio.run(heard(since or ""))

    assert len(whole) == len(told)
    assert rest == whole[place:]


@pytest.mark.parametrize(("since", "is_lost"), [("3-1", False), ("4-1", True), ("3-2", True), ("0-0", False)])
def test_a_place_that_is_none_of_ours_is_lost(
    app: Litestar, service: FixedService, since: str, is_lost: bool
) -> None:
    """From the future: another log's. The stream says so and ends; the newest place is fine."""
    service.tell(*moves("a", "b", "c"), raised(1))

    reader = asyncio.run(came_back(app, since))

    assert (reader.events[0].kind == "lost") == is_lost
    assert reader.is_complete == is_lost


@pytest.mark.parametrize("since", ["4-1", "9-9"])
def test_who_is_lost_is_told_where_to_go_on(app: Litestar, service: FixedService, since: str) -> None:
    """A browser comes back by itself, with the id that it heard last: behind `lost` it is lost no more."""
    service.tell(*moves("a", "b", "c"), raised(1))

    async def run() -> tuple[Reader, Reader]:
        first = await came_back(app, since)
        service.tell(stage_changed("d"))
        place = (first.events[-1].id or since).encode()
        async with reading(app, headers=[(b"last-event-id", place)]) as (second,):
            await second.until(lambda each: bool(each.told("transition", "lost")))
        return first, second

    first, second = asyncio.run(run())

    assert [(each.kind, each.id) for each in first.events] == [("lost", "3-1")]
    assert about(second.told("transition")) == ["d"]
    assert not second.told("lost")


def test_a_beat_is_a_place_to_go_on_from(
    app: Litestar, service: FixedService, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who listens to one that seldom moves comes back from now, not from long ago; and misses nothing."""
    monkeypatch.setattr(feed, "BEAT_S", 0.01)
    monkeypatch.setattr(feed, "LOOK_S", 0.001)
    monkeypatch.setattr(feed, "AT_ONCE", 3)

    async def run() -> tuple[Reader, Reader]:
        async with reading(app, "customer=nobody") as (nobody,), reading(app) as (all_,):
            for number in range(1, 11):
                service.tell(*moves("busy", "busy", "quiet"), raised(number, "busy"))
                here = f"{3 * number}-{number}"
                for reader in (nobody, all_):
                    await reader.until(lambda each, here=here: each.told("beat")[-1].id == here)
        return nobody, all_

    nobody, everything = asyncio.run(run())

    assert all(each.id is not None for each in nobody.told("beat"))
    heard = 0
    for each in everything.told("transition", "alert", "beat"):
        heard += each.kind != "beat"
        assert sum(map(int, (each.id or "").split("-"))) == heard


@pytest.mark.parametrize("more", [0, 1])
def test_who_was_away_for_too_long_is_lost(app: Litestar, service: FixedService, more: int) -> None:
    """20,000 are told again, one more is not."""
    change_ = stage_changed("c1")
    row = told_row(change_, msgspec.json.encode(change_))
    insert(service.tables, [row] * (feed.MOST_MISSED + more), written_ms=1)

    reader = asyncio.run(came_back(app, "0-0"))

    told = len(reader.told("transition"))
    assert (reader.events[0].kind, told) == (("lost", 0) if more else ("transition", feed.MOST_MISSED))


@pytest.mark.parametrize(("since", "is_lost"), [("1-0", True), ("2-0", False)])
def test_what_has_expired_is_not_left_out_in_silence(
    app: Litestar, service: FixedService, since: str, is_lost: bool
) -> None:
    """The second of three is gone: who heard it needs it not, who did not is lost."""
    service.tell(*moves("a", "b", "c"))
    service.tables.execute("DELETE FROM transitions WHERE sequence <= 2")

    reader = asyncio.run(came_back(app, since))

    assert (reader.events[0].kind == "lost") == is_lost


async def came_back(app: Litestar, since: str) -> Reader:
    """Read with Last-Event-ID until the place is reached, or given up."""
    async with reading(app, headers=[(b"last-event-id", since.encode())]) as (reader,):
        await reader.until(lambda each: bool(each.told("beat", "lost")))
        if reader.told("lost"):
            await reader.until(lambda each: each.task.done())
    return reader


def test_one_who_does_not_read_is_lost_and_holds_up_nobody(app: Litestar, service: FixedService) -> None:
    """Its queue is bounded; it is told that it lost its place, and the others hear everything."""
    many = feed.MOST_QUEUED + 1

    async def run() -> tuple[Reader, Reader]:
        async with reading(app, "kinds=transitions", count=2) as (slow, quick):
            slow.flowing.clear()
            service.tell(stage_changed("first"))
            await quick.until(lambda each: len(each.told("transition")) == 1)
            service.tell(*moves(*map(str, range(many))))
            await quick.until(lambda each: len(each.told("transition")) == many + 1)
            slow.flowing.set()
            await slow.until(lambda each: each.task.done())
        return slow, quick

    slow, quick = asyncio.run(run())

    assert slow.events[-1].kind == "lost"
    assert slow.events[-1].id is not None
    assert slow.is_complete
    assert len(slow.told("transition")) < many
    assert about(quick.told("transition")) == ["first", *map(str, range(many))]


def test_one_who_takes_nothing_is_cut_off(
    app: Litestar, service: FixedService, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After the patience is over; its place is free again, and nobody else notices."""
    monkeypatch.setattr(events, "PATIENCE_S", 0.2)

    async def run() -> tuple[Reader, Reader]:
        async with reading(app, count=2) as (stuck, quick):
            stuck.flowing.clear()
            service.tell(stage_changed("a"))
            await quick.until(lambda _: stuck.task.done())
            service.tell(stage_changed("b"))
            await quick.until(lambda each: len(each.told("transition")) == 2)
        return stuck, quick

    stuck, quick = asyncio.run(run())

    assert not stuck.is_complete
    assert not quick.told("lost")


def test_there_are_so_many_places_and_no_more(serve: Serve, service: FixedService) -> None:
    """The next is refused with 503 and when to come again; who leaves makes room."""
    app = serve(Admission(most_streams=2)).app

    async def run() -> tuple[Reader, Reader]:
        async with reading(app, count=2) as (first, _second):
            async with reading(app) as (refused,):
                pass
            await first.leave()
            async with reading(app) as (taken,):
                pass
        return refused, taken

    refused, taken = asyncio.run(run())

    assert (refused.status, refused.headers[b"retry-after"]) == (503, b"10")
    assert refused.headers[b"content-type"] == b"application/problem+json"
    assert taken.status == 200


@pytest.mark.parametrize(
    ("query", "kinds"),
    [
        ("", {"transition", "alert", "kpis", "beat"}),
        ("kinds=transitions", {"transition", "beat"}),
        ("kinds=alerts,%20kpis", {"alert", "kpis", "beat"}),
        ("customer=c1", {"transition", "kpis", "beat"}),
        ("customer=c2&kinds=alerts", {"alert", "beat"}),
    ],
)
def test_a_reader_hears_the_kinds_and_the_customer_it_asked_for(
    app: Litestar, service: FixedService, query: str, kinds: set[str]
) -> None:
    """Figures and signs of life are about everybody."""

    async def run() -> set[str]:
        async with reading(app, query) as (reader,), reading(app) as (other,):
            service.known = {"c1"}
            service.tell(stage_changed("c1"), raised(1, "c2"))
            await reader.until(lambda each: {event.kind for event in each.events} >= kinds)
            await other.until(lambda each: len(each.told("transition", "alert")) == 2)
        return {event.kind for event in reader.events}

    assert asyncio.run(run()) == kinds


def test_an_acknowledgement_is_told(client: TestClient[Litestar], service: FixedService) -> None:
    """To those who hear of alerts, with the whole entry; it has no place, as it is no output."""
    service.tell(raised(1))

    async def run() -> Event:
        async with reading(client.app) as (reader,):
            said = await asyncio.to_thread(
                client.post, "/v1/alerts/r1/acknowledgement", json={"note": "mine", "by": "ada"}
            )
            assert said.status_code == 200
            await reader.until(lambda each: bool(each.told("acknowledgement")))
        return reader.told("acknowledgement")[0]

    told = asyncio.run(run())

    assert (told.id, told.data["acknowledged"]["note"], told.data["raised"]["id"]) == (None, "mine", "r1")


@pytest.mark.parametrize("query", ["kinds=moves", "kinds=", "since=1", "since=1-", "since=-1", "x=1"])
def test_what_is_no_stream_is_a_problem(client: TestClient[Litestar], query: str) -> None:
    """Before anything is streamed."""
    answer = client.get(f"/v1/events?{query}")

    assert (answer.status_code, answer.headers["content-type"]) == (400, "application/problem+json")


def test_a_stream_ends_with_the_token_that_opened_it(serve: Serve, tmp_path: Path) -> None:
    """Revoked, it is over at the next event; the others' go on."""
    app = serve(admission(tmp_path, clock := Clock())).app

    async def run() -> tuple[Reader, Reader]:
        async with (
            reading(app, headers=[bearer(TokenScope.READ)]) as (revoked,),
            reading(app, headers=[bearer(TokenScope.ADMIN)]) as (kept,),
        ):
            change(tmp_path / "tokens.json", lambda _: [each for each in tokens() if each.name != "read"])
            clock.now += 60
            await revoked.until(lambda each: each.task.done())
            await kept.until(lambda each: len(each.told("beat")) >= 3)
        return revoked, kept

    revoked, kept = asyncio.run(run())

    assert revoked.is_complete
    assert not kept.told("lost")


def test_where_the_tables_cannot_be_read_nobody_waits_in_vain(
    app: Litestar, service: FixedService, caplog: pytest.LogCaptureFixture
) -> None:
    """Those who listen are told that they lost their place, and the log why; later ones hear what happens."""

    async def run() -> tuple[Reader, Reader]:
        async with reading(app) as (reader,):
            service.tables.execute("ALTER TABLE alerts RENAME TO gone")
            await reader.until(lambda each: each.task.done())
            service.tables.execute("ALTER TABLE gone RENAME TO alerts")
            async with reading(app) as (later,):
                service.tell(stage_changed("c1"))
                await later.until(lambda each: bool(each.told("transition")))
        return reader, later

    reader, later = asyncio.run(run())

    assert (reader.events[-1].kind, reader.events[-1].id) == ("lost", "0-0")
    assert about(later.told("transition")) == ["c1"]
    assert [each.getMessage() for each in caplog.records if each.exc_info] == ["feed_failed"]


def test_a_stream_that_cannot_begin_is_a_problem(service: FixedService) -> None:
    """Its status says so, rather than a stream that ends at once."""
    registry = CollectorRegistry()
    app = create_app(
        service, admission=Admission(), registry=registry, version="0", now=lambda: NOON,
        instrumentation=Instrumentation(service.model, build="0", registry=registry),
        unavailable=[sqlite3.ProgrammingError],
    )  # fmt: skip
    service.tables.close()

    async def run() -> Reader:
        async with reading(app) as (reader,):
            await reader.until(lambda each: each.task.done())
        return reader

    assert asyncio.run(run()).status == 503
