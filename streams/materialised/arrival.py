"""What comes in from the topics: an output, a partition's figures, a subject forgotten, a touchpoint."""

import msgspec

from schemas.outputs import ScoreUpdated
from schemas.views import PartitionKpis
from streams.archive.outputs import OutputRow

# A topic by its public name, whatever stands before it on this Kafka, and a partition of it.
Place = tuple[str, int]


class Output(msgspec.Struct, frozen=True, gc=False):
    """An output as the tables keep it, when it was written, and what tells it from others.

    scores: of a score update, what it says.
    """

    row: OutputRow
    written_ms: int
    identity: bytes
    scores: ScoreUpdated | None = None


class Figures(msgspec.Struct, frozen=True, gc=False):
    """The figures of an input partition."""

    partition: int
    kpis: PartitionKpis


class Gone(msgspec.Struct, frozen=True, gc=False):
    """A subject of whom a topic holds nothing any more."""

    topic: str
    key: bytes


class Heard(msgspec.Struct, frozen=True, gc=False):
    """A customer of whom there are scores that the file has already."""

    key: bytes


class Touch(msgspec.Struct, frozen=True, gc=False):
    """A touchpoint as it was sent."""

    key: bytes
    written_ms: int
    value: bytes


Arrival = Output | Figures | Gone | Heard | Touch
