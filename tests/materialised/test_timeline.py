"""Recent touchpoints of customers, as many as are kept of each."""

import msgspec
import pytest

from streams.materialised import timeline
from streams.materialised.arrival import Touch
from tests.materialised.building import Bench


def touch(number: int, key: bytes = b"ada") -> Touch:
    value = {"message_id": f"m{number}", "event": "Page Viewed", "timestamp": "2026-03-01T12:00:00Z"}
    return Touch(key, 1_772_366_400_000 + number, msgspec.json.encode(value))


def test_the_last_stored_come_first_a_page_at_a_time(bench: Bench) -> None:
    """Of one customer; what cannot be read is passed over."""
    bench.take(*[touch(n) for n in range(5)], Touch(b"ada", 1_772_366_400_009, b"{"), touch(7, b"bob"))

    with bench.file.reading() as connection:
        first = timeline.page(connection, "ada", before=None, limit=3)
        second = timeline.page(connection, "ada", before=int(first.next or ""), limit=3)

    assert [each.message_id for each in first.touchpoints] == ["m4", "m3"]
    assert [each.message_id for each in second.touchpoints] == ["m2", "m1", "m0"]
    assert second.next is None


def test_so_many_of_each_customer_are_kept(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """The oldest go first; those of others are none of theirs."""
    monkeypatch.setattr(timeline, "KEPT_OF_EACH", 3)

    bench.take(*[touch(n) for n in range(5)], touch(1, b"bob"))
    bench.take(touch(9))

    with bench.file.reading() as connection:
        kept = timeline.page(connection, "ada", before=None, limit=9).touchpoints
        others = timeline.page(connection, "bob", before=None, limit=9).touchpoints
    assert [each.message_id for each in kept] == ["m9", "m4", "m3"]
    assert len(others) == 1


@pytest.mark.parametrize(
    ("value", "is_one"),
    [
        (b'{"kind": "delete", "customer_id": "ada"}', True),
        (b'{"kind": "delete", "subject": "account"}', False),
        (b'{"kind": "track", "event": "delete"}', False),
        (b'{"event": "Page Viewed"}', False),
        (b"delete", False),
    ],
)
def test_a_deletion_is_known_by_its_kind(value: bytes, is_one: bool) -> None:
    """An event that is called so deletes nothing, and another kind of subject is nobody's timeline."""
    assert timeline.is_deletion(value) is is_one


@pytest.mark.parametrize("name", ['"subject"', '"\\u0073ubject"'])
def test_an_account_of_the_same_id_is_another_subject(bench: Bench, name: str) -> None:
    """Its touchpoints are not shown at the customer, nor do they push the customer's out."""
    of_account = b'{"message_id": "m9", "event": "Paid", %b: "account"}' % name.encode()
    bench.take(touch(1), Touch(b"ada", 1_772_366_400_009, of_account))

    with bench.file.reading() as connection:
        found = timeline.page(connection, "ada", before=None, limit=9).touchpoints

    assert [each.message_id for each in found] == ["m1"]
    assert len(bench.rows("SELECT 1 FROM timeline")) == (1 if "sub" in name else 2)
