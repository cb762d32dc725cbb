"""The HTTP collector over a real log: answered after it is durable, and nothing that was sent is lost."""

import gzip
import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import msgspec
import pytest
from litestar import Litestar
from litestar.testing import TestClient
from prometheus_client import CollectorRegistry

from schemas.dead_letter import KEPT_BYTES, DeadLetter
from streams import topics
from streams.ingest.http import StoreUnavailableError, touchpoints_route
from streams.instrumentation import Instrumentation
from streams.model.definition import Model
from streams.runtime.embedded.log import EmbeddedLog

LIMIT_BYTES = 64 * 1024 + 1024
PATH = "/v1/touchpoints"


class LogStore:
    """Appends to a real embedded log; as full as the test says."""

    def __init__(self, log: EmbeddedLog) -> None:
        self.log = log
        self.trouble: str | None = None

    async def store(self, records: Sequence[tuple[bytes, bytes]], letters: Sequence[DeadLetter]) -> None:
        """Append, or refuse."""
        if self.trouble:
            raise StoreUnavailableError(self.trouble)
        self.log.append(records, 0, refused=letters)

    def values(self) -> list[bytes]:
        """Everything in the log."""
        return [record.value for record in self.log.read(0, 100_000)]

    def letters(self) -> list[DeadLetter]:
        """All dead letters, oldest first."""
        values, _ = self.log.queries.outputs(topics.DEAD_LETTERS.name, limit=1000)
        return [msgspec.json.decode(value, type=DeadLetter) for value in reversed(values)]


@pytest.fixture
def store(tmp_path: Path) -> Iterator[LogStore]:
    with EmbeddedLog(tmp_path) as log:
        yield LogStore(log)


@pytest.fixture
def registry() -> CollectorRegistry:
    return CollectorRegistry()


@pytest.fixture
def client(store: LogStore, registry: CollectorRegistry) -> Iterator[TestClient[Litestar]]:
    instrumentation = Instrumentation(Model(name="m", version=1, digest=""), build="0", registry=registry)
    route = touchpoints_route(store, instrumentation, body_limit_bytes=LIMIT_BYTES)
    with TestClient(Litestar([route], logging_config=None)) as client:
        yield client


def touchpoint(number: int = 1, **fields: Any) -> dict[str, Any]:
    return {
        "message_id": f"m{number}",
        "customer_id": f"c{number}",
        "event": "Page Viewed",
        "timestamp": "2026-03-01T12:00:00Z",
    } | fields


def encoded(*items: Any) -> list[bytes]:
    return [json.dumps(item).encode() for item in items]


@pytest.mark.parametrize(
    "media_type", ["application/json", "application/json; charset=utf-8", "text/plain", None]
)
def test_one_touchpoint_is_stored_as_it_was_sent(
    client: Any, store: LogStore, media_type: str | None
) -> None:
    """The log holds the sender's bytes, keyed by the customer, before the answer is given."""
    [body] = encoded(touchpoint())

    answer = client.post(PATH, content=body, headers={"content-type": media_type} if media_type else {})

    assert answer.status_code == 200
    assert answer.json() == {"accepted": 1, "refused": []}
    [record] = store.log.read(0, 10)
    assert (record.key, record.value) == (b"c1", body)


def test_an_array_is_answered_item_by_item(client: Any, store: LogStore) -> None:
    """Good items are stored in order; each bad one is named by its place and kept with its bytes."""
    items = encoded(
        touchpoint(1),
        {"event": "x"},
        touchpoint(2),
        touchpoint(3, kind="tick"),
        touchpoint(4, customer_id=None),
    )

    answer = client.post(PATH, content=b"[" + b",".join(items) + b"]")

    assert answer.status_code == 200
    assert answer.json()["accepted"] == 2
    assert [(each["index"], each["reason"]) for each in answer.json()["refused"]] == [
        (1, "invalid"),
        (3, "internal_kind"),
        (4, "no_subject"),
    ]
    assert all(each["message"] for each in answer.json()["refused"])
    assert store.values() == [items[0], items[2]]
    assert [letter.value for letter in store.letters()] == [items[1], items[3], items[4]]
    assert {letter.source_topic for letter in store.letters()} == {"http"}


@pytest.mark.parametrize("media_type", ["application/x-ndjson", "application/json"])
def test_json_lines_are_answered_line_by_line(client: Any, store: LogStore, media_type: str) -> None:
    """A broken line spoils nothing but itself, and empty lines are nothing."""
    first, second = encoded(touchpoint(1), touchpoint(2))

    answer = client.post(
        PATH, content=first + b"\n\n{broken\n" + second, headers={"content-type": media_type}
    )

    assert (answer.status_code, answer.json()["accepted"]) == (200, 2)
    assert [(each["index"], each["reason"]) for each in answer.json()["refused"]] == [(1, "not_json")]
    assert store.values() == [first, second]
    assert [letter.value for letter in store.letters()] == [b"{broken"]


@pytest.mark.parametrize("body", [b"not json", b"[1, 2", b"\xff\xfe", b'{"event": "\xff"}', b"{", b"\x00"])
def test_what_is_no_json_at_all_is_a_bad_request_and_kept(client: Any, store: LogStore, body: bytes) -> None:
    """400, and the bytes are among the dead letters: a tracker drops what is answered with 400."""
    answer = client.post(PATH, content=body)

    assert answer.status_code == 400
    assert store.values() == []
    assert [(letter.value, letter.reason) for letter in store.letters()] == [(body, "not_json")]


def test_an_empty_body_is_a_bad_request_with_nothing_to_keep(client: Any, store: LogStore) -> None:
    """There are no bytes that could be lost."""
    assert client.post(PATH, content=b" \n").status_code == 400
    assert store.letters() == []


def test_an_empty_array_is_fine(client: Any) -> None:
    """A tracker with nothing to say makes no mistake."""
    assert client.post(PATH, content=b"[]").json() == {"accepted": 0, "refused": []}


@pytest.mark.parametrize(
    "bad",
    [
        {"timestamp": "2026-03-01T12:00:00"},
        {"timestamp": 1},
        {"customer_id": ""},
        {"customer_id": "c" * 257},
        {"message_id": "m" * 129},
        {"event": 5},
        {"properties": []},
        {"kind": "link"},
        {"kind": "unheard of"},
        {"properties": {"a": json.loads("[" * 200 + "]" * 200)}},
    ],
    ids=str,
)
def test_a_bad_touchpoint_is_refused_and_its_neighbours_are_stored(
    client: Any, store: LogStore, bad: dict[str, Any]
) -> None:
    """Whatever one item looks like, the answer is 200, and both sides of it are in the log."""
    before, item, after = encoded(touchpoint(1), touchpoint(2, **bad), touchpoint(3))

    answer = client.post(PATH, content=b"[" + b",".join([before, item, after]) + b"]")

    assert (answer.status_code, answer.json()["accepted"]) == (200, 2)
    assert [each["index"] for each in answer.json()["refused"]] == [1]
    assert store.values() == [before, after]
    assert [letter.value for letter in store.letters()] == [item]


@pytest.mark.parametrize("number", [b"NaN", b"Infinity", b"-Infinity", b"1e999"])
def test_numbers_that_json_does_not_have_never_reach_the_log(
    client: Any, store: LogStore, number: bytes
) -> None:
    """NaN and infinities are refused, as a line of their own or anywhere else."""
    good, bad = encoded(touchpoint(1), touchpoint(2, properties={"x": 7}))
    bad = bad.replace(b"7", number)

    answer = client.post(PATH, content=good + b"\n" + bad)

    assert (answer.status_code, answer.json()["accepted"]) == (200, 1)
    assert store.values() == [good]
    assert [letter.value for letter in store.letters()] == [bad]


def test_gzip_is_read_also_in_several_members(client: Any, store: LogStore) -> None:
    """What is stored is the plain text."""
    first, second = encoded(touchpoint(1), touchpoint(2))
    body = gzip.compress(first + b"\n") + gzip.compress(second)

    answer = client.post(PATH, content=body, headers={"content-encoding": "gzip"})

    assert answer.json() == {"accepted": 2, "refused": []}
    assert store.values() == [first, second]


@pytest.mark.parametrize(
    "damage", [lambda body: body[:-9], lambda body: b"no gzip", lambda body: body + b"rest"]
)
def test_broken_gzip_is_a_bad_request(client: Any, store: LogStore, damage: Any) -> None:
    """Cut short, none at all, or followed by rubbish: nothing of it is stored."""
    body = damage(gzip.compress(encoded(touchpoint())[0]))

    answer = client.post(PATH, content=body, headers={"content-encoding": "gzip"})

    assert answer.status_code == 400
    assert store.values() == []


@pytest.mark.parametrize(("extra", "status"), [(0, 200), (1, 413)])
@pytest.mark.parametrize("packed", [False, True])
def test_a_body_over_the_limit_is_too_large(client: Any, extra: int, status: int, packed: bool) -> None:
    """The limit itself is read (and its one item refused); one byte more is not, packed or plain."""
    body = b"x" * (LIMIT_BYTES + extra)
    headers = {"content-encoding": "gzip"} if packed else {}

    answer = client.post(PATH, content=gzip.compress(body) if packed else body, headers=headers)

    assert answer.status_code == status


def test_a_gzip_bomb_is_not_unpacked(client: Any) -> None:
    """A hundred megabytes of zeros in a hundred kilobytes stop at the limit."""
    small = gzip.compress(b"\0" * 50_000_000)
    assert len(small) < LIMIT_BYTES

    assert client.post(PATH, content=small, headers={"content-encoding": "gzip"}).status_code == 413


def test_a_large_dead_letter_keeps_its_beginning(client: Any, store: LogStore) -> None:
    """The first 64 KiB of the original are kept."""
    body = b"x" * (KEPT_BYTES + 1)

    client.post(PATH, content=body)

    assert [letter.value for letter in store.letters()] == [b"x" * KEPT_BYTES]


@pytest.mark.parametrize(
    "headers",
    [{"content-type": "image/png"}, {"content-type": "multipart/form-data"}, {"content-encoding": "br"}],
    ids=str,
)
def test_a_body_in_another_form_is_an_unsupported_media_type(client: Any, headers: dict[str, str]) -> None:
    """415 names what could be sent instead."""
    answer = client.post(PATH, content=encoded(touchpoint())[0], headers=headers)

    assert answer.status_code == 415
    assert "send" in answer.json()["detail"]


def test_what_cannot_be_stored_is_never_acknowledged(client: Any, store: LogStore) -> None:
    """While the log cannot be written the answer is 503 with Retry-After; the retry is stored."""
    [body] = encoded(touchpoint())
    store.trouble = "the disk is full"

    refused = client.post(PATH, content=body)
    store.trouble = None
    retried = client.post(PATH, content=body)

    assert (refused.status_code, refused.headers["retry-after"]) == (503, "1")
    assert "the disk is full" in refused.json()["detail"]
    assert retried.status_code == 200
    assert store.values() == [body]


def test_every_item_posted_is_counted_once(client: Any, store: LogStore, registry: CollectorRegistry) -> None:
    """Items by result sum to what was sent, and the refused are the edge's dead letters."""
    client.post(PATH, content=b"[" + b",".join(encoded(touchpoint(1), {}, touchpoint(2))) + b"]")
    client.post(PATH, content=b"rubbish")

    def count(metric: str, **labels: str) -> float | None:
        return registry.get_sample_value(f"engagement_{metric}_total", labels)

    assert count("ingest_items", result="accepted") == 2
    assert count("ingest_items", result="invalid") == 1
    assert count("ingest_items", result="not_json") == 1
    assert count("dead_letters", source="edge", reason="invalid") == 1
    assert count("dead_letters", source="edge", reason="not_json") == 1
    assert count("dead_letters", source="log", reason="not_json") == 0
    assert count("requests_refused", reason="not_json") == 1
