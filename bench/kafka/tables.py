"""What a run has left in its changelog, for the gate: Rapport's tables, and those of its peers."""

import asyncio
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Final

import msgspec

from bench import reference
from bench.kafka.cluster import PARTITIONS, source
from bench.kafka.loading import lines
from bench.reference import Totals, WrongTableError
from streams import topics
from streams.model.load import load_model
from streams.runtime.kafka.takeover import Place, read_changelog, reader
from streams.runtime.processor import Processor
from tests.kafka.broker import Broker
from tests.kafka.conftest import Fresh
from tests.kafka.reading import read_topics

Counts = dict[str, dict[str, int]]  # customer -> event -> number


class Counted(msgspec.Struct):
    """What the fold of the small model reads."""

    customer_id: str
    event: str


_counted: Final = msgspec.json.Decoder(Counted).decode


def signal(event: str) -> str:
    """Return the signal that `small.yaml` gives an event."""
    return event.lower().replace(" ", "_")


def fold(path: Path, most: int | None = None) -> Counts:
    """Count the events of each customer, in the plainest way."""
    counts: dict[str, Counter[str]] = {}
    for line in lines(path, most):
        touchpoint = _counted(line)
        counts.setdefault(touchpoint.customer_id, Counter())[touchpoint.event] += 1
    return {customer: dict(found) for customer, found in counts.items()}


def insist(expected: Counts, found: Counts, *, system: str) -> None:
    """See that a system has the right counts for every customer, and nobody else.

    Raises:
        WrongTableError: it does not; how fast it was means nothing.
    """
    for customer in expected.keys() | found.keys():
        right, held = expected.get(customer), found.get(customer)
        if right != held:
            raise WrongTableError(f"{system}: {customer} should have {right}, and has {held}")


def restored(broker: Broker, names: Fresh, model: str) -> list[Processor]:
    """Return the state of each partition, as the next owner would take it over."""
    return asyncio.run(_restored(broker, names, model))


async def _restored(broker: Broker, names: Fresh, model: str) -> list[Processor]:
    found, loaded = list[Processor](), load_model(model)
    async with reader({"bootstrap_servers": broker.bootstrap}) as consumer:
        for partition in range(PARTITIONS):
            place = Place(source(names), partition, PARTITIONS, topics.changelog(names.app))
            state = await read_changelog(consumer, place)
            processor = Processor(loaded, storing=False)
            processor.restore(state.bodies)
            found.append(processor)
    return found


def starter_is_right(processors: Iterable[Processor], expected: Totals, *, touchpoints: int) -> None:
    """See that the partitions of a run with `starter` are right together.

    Raises:
        WrongTableError: they are not.
    """
    found, outcomes = Totals(), Counter[str]()
    for processor in processors:
        held = reference.held(processor)
        both = found.keys() & held.keys()
        if both:
            raise WrongTableError(f"{next(iter(both))} is in two partitions")
        found |= held
        outcomes.update(processor.totals)
    reference.insist(expected, found, outcomes, touchpoints=touchpoints)


def small_counts(processors: Iterable[Processor], events: Iterable[str]) -> Counts:
    """Return what the partitions of a run with the small model hold."""
    named = {signal(event): event for event in events}
    return {
        customer: {named[name]: int(number) for name, number in totals.items() if name in named}
        for processor in processors
        for customer, totals in reference.counts(processor).items()
    }


def kept_counts(broker: Broker, changelog: str, counts_of: Callable[[bytes], Mapping[str, int]]) -> Counts:
    """Return what a peer has written last of each customer; `counts_of` reads its records."""
    newest = {read.key or b"": read.value for read in read_topics(broker.bootstrap, changelog)[changelog]}
    return {key.decode(): dict(counts_of(value)) for key, value in newest.items()}
