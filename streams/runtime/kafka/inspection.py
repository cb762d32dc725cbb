"""Whether state and input belong together, decided before anything is processed. Pure.

A topic that was recreated, a changed number of partitions, offsets that somebody has set, records that
expired unread: each would mix or lose without a word. Each is refused, with what happened and the ways out.
"""

from typing import Final, NamedTuple

from streams.runtime.kafka.changelog import Head, LastRead
from streams.runtime.kafka.errors import StateError

ANEW: Final = "or build the state anew, under another `app`"


class Found(NamedTuple):
    """What the broker says of an input partition: its records' offsets, and what the group has committed."""

    topic: str
    partition: int
    partitions: int
    begin: int
    end: int
    committed: int | None = None
    last_read: LastRead | None = (
        None  # what stands where the state read its last record, if it is still there
    )


def inspect(head: Head | None, found: Found) -> int:
    """Return the offset from which to read on.

    Raises:
        StateError: state and input do not belong together.
    """
    problem = _without_state(found) if head is None else _with_state(head, found)
    if problem is not None:
        raise StateError(f"{found.topic}, partition {found.partition}: {problem}")
    return found.begin if head is None else head.position


def _without_state(found: Found) -> str | None:
    if found.committed:
        return (
            f"the group has read up to offset {found.committed}, and the changelog is empty: it was deleted "
            f"and made anew. Either restore it, {ANEW}"
        )
    return None


def _with_state(head: Head, found: Found) -> str | None:
    if (head.topic, head.partition) != (found.topic, found.partition):
        return (
            f"its changelog holds the state of {head.topic}, partition {head.partition}: another application "
            "wrote it. Give this one an `app` of its own"
        )
    if head.partitions != found.partitions:
        return (
            f"the topic has {found.partitions} partitions, and the state was built with {head.partitions}; "
            "customers would be looked for in the wrong one. Either go back to a topic with "
            f"{head.partitions} partitions, {ANEW}"
        )
    other = found.last_read is not None and head.last_read is not None and found.last_read != head.last_read
    if found.end < head.position or other:
        what = (
            f"the record at offset {found.last_read.offset} is not the one that the state has read there"
            if other and found.last_read is not None
            else f"it ends at offset {found.end}, and the state has read up to {head.position}"
        )
        return f"{what}: the topic was deleted and made anew. Either restore it, {ANEW}"
    if found.begin > head.position:
        return (
            f"it begins at offset {found.begin}, and the state has read up to {head.position}: "
            f"{found.begin - head.position} records expired unread. Either restore them, {ANEW}; and keep "
            "touchpoints longer (retention.ms)"
        )
    if found.committed is not None and not head.committed <= found.committed <= head.position:
        return (
            f"the group's offset is {found.committed}, and the state has read up to {head.position}: "
            "somebody has set it. The state alone decides where to read on. Either set the offset to "
            f"{head.position}, or, to process everything again, use another `app`"
        )
    return None
