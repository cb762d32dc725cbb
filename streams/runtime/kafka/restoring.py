"""A partition's state as its changelog and its input say, once its producer has fenced whoever had it."""

from collections.abc import Callable
from typing import NamedTuple

from faust.types import TP

from streams.runtime.kafka import takeover
from streams.runtime.kafka.inspection import inspect
from streams.runtime.kafka.outputs import Renderer
from streams.runtime.kafka.services import Services
from streams.runtime.kafka.state import PartitionState
from streams.runtime.kafka.takeover import Place


class Restored(NamedTuple):
    """The state, how many flushes it was made of, and the end of the input at that instant."""

    state: PartitionState
    flushes: int
    end: int


async def restored(place: Place, services: Services, *, progress: Callable[[int, int], None]) -> Restored:
    """Read the changelog to its end, and see that it belongs to the input; see `read_changelog`.

    Raises:
        StateError: it does not belong, or is not whole.
    """
    async with takeover.reader(services.client) as consumer:
        stored = await takeover.read_changelog(consumer, place, progress=progress)
        committed = await services.committed(TP(place.topic, place.partition))
        found = await takeover.look_at_input(consumer, place, stored.head, committed)
    position = inspect(stored.head, found)
    processor = services.new_processor()
    processor.restore(stored.bodies)
    processor.position = position
    state = PartitionState(
        place, processor, chain=stored.chain, head=stored.head, committed=committed or 0,
        renderer=Renderer(app=services.app, prefix=services.prefix, partition=place.partition),
        part_bytes=services.part_bytes,
    )  # fmt: skip
    return Restored(state, len(stored.chain.links), found.end)
