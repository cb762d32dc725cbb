"""Emissions of scores as they are sent: rows of numbers into the JSON of `ScoreUpdated`. Pure.

Most of what is told are scores. All numbers of many rows are written by one call of the encoder, and the
names between them are written once per model: a third of the time that a struct for each row takes.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Final, NamedTuple

import msgspec
import numpy as np
from numpy.typing import NDArray

from streams.engine import ground
from streams.model.compiled import Compiled
from streams.runtime.identity import output_id

_MOST_STANDINGS: Final = 10_000  # of which the JSON is kept
_ABSENT: Final = b"null"

_encode: Final = msgspec.json.Encoder().encode


class Emission(msgspec.Struct, frozen=True, gc=False):
    """A customer's latest scores: what tells them from others, and all of it as JSON."""

    id: str
    customer_id: str
    at: bytes  # RFC 3339, as it stands in the value
    value: bytes


class Emitter:
    """Makes emissions for one compiled model."""

    def __init__(self, compiled: Compiled) -> None:
        names, model = compiled.names, compiled.model
        first = ground.SENT_FIXED
        self._of_scores = slice(first, first + len(names.scores))
        self._of_mix = slice(self._of_scores.stop, self._of_scores.stop + len(names.types))
        stages = self._of_mix.stop
        self._of_standing = slice(stages, stages + 2 * len(names.frameworks))
        self._frameworks = [
            (each.name, each.kind == "flags", each.levels, (None, *names.stages[each.name]))
            for each in model.frameworks
        ]
        self._scores, self._mix = _Object(names.scores), _Object(names.types)
        self._counts_purchases = compiled.plan.named["purchase"] >= 0
        self._sums_purchases = compiled.plan.named["purchase_total"] >= 0
        self._standing = lru_cache(_MOST_STANDINGS)(self._standing_json)
        about = _encode({"model": model.name, "model_version": model.version})[1:-1].replace(b"%", b"%%")
        self._whole = (
            b'{"type":"score_updated","id":"%b","customer_id":%b,"at":"%b",' + about + b","
            b'"scores":%b,"levels":%b,"mix":%b,"stages":%b,"rfm":%b}'
        )

    def emissions(self, subjects: Sequence[str], sent: NDArray[np.float64]) -> Iterator[Emission]:
        """Yield the emissions of rows of `sent`, whose subjects are given beside them."""
        at, sequences, incarnations, purchases, last = (
            sent[:, ground.SENT_TIME : ground.SENT_TOTAL].astype(np.int64).T
        )
        shares = sent[:, self._of_scores.start : self._of_mix.stop]
        has_absent = np.isnan(shares.sum(axis=1)).tolist()
        monetary = sent[:, ground.SENT_TOTAL if self._sums_purchases else ground.SENT_COUNT]
        numbers = _numbers(np.column_stack([shares, monetary]))
        standings = map(tuple, sent[:, self._of_standing].astype(np.int64).tolist())
        ids = [
            output_id(subject, "scores", sequence, incarnation)
            for subject, sequence, incarnation in zip(
                subjects, sequences.tolist(), incarnations.tolist(), strict=True
            )
        ]
        times = _times(at)
        rfm = [_ABSENT] * len(ids)
        if self._counts_purchases:
            recency = (at - last).tolist()
            rfm = list(map(_rfm, recency, purchases.tolist(), [row[-1] for row in numbers]))
        count, whole = len(self._scores.names), self._whole
        scores, mix = self._scores.json, self._mix.json
        values = [
            whole % (
                identity.encode(), _encode(subject), time, scores(row[:count], is_part),
                levels, mix(row[count:-1], is_part), stages, bought,
            )
            for identity, subject, time, row, is_part, (stages, levels), bought in zip(
                ids, subjects, times, numbers, has_absent, map(self._standing, standings), rfm,
                strict=True,
            )
        ]  # fmt: skip
        return map(Emission, ids, subjects, times, values)

    def _standing_json(self, standing: tuple[int, ...]) -> tuple[bytes, bytes]:
        """Return the stage or the flags of every framework, and the level of every section of levels."""
        stages: dict[str, str | list[str] | None] = {}
        levels: dict[str, str | None] = {}
        count = len(self._frameworks)
        for (name, is_flags, is_level, names), stage, held in zip(
            self._frameworks, standing[:count], standing[count:], strict=True
        ):
            if not is_flags:
                stages[name] = names[max(stage, 0)]
                continue
            flags = [str(each) for bit, each in enumerate(names[1:]) if held >> bit & 1]
            if is_level:
                levels[name] = flags[-1] if flags else None
            else:
                stages[name] = flags
        return _encode(stages), _encode(levels)


class _Object:
    """A JSON object of numbers with these names, whatever characters they have."""

    def __init__(self, names: Sequence[str]) -> None:
        self.names = names
        self._keys = [_encode(name) + b":" for name in names]
        self._whole = b"{" + b",".join(key.replace(b"%", b"%%") + b"%b" for key in self._keys) + b"}"

    def json(self, numbers: Sequence[bytes], has_absent: bool) -> bytes:
        """Return the object; a number that is absent is left out."""
        if not has_absent:
            return self._whole % tuple(numbers)
        known = [key + number for key, number in zip(self._keys, numbers, strict=True) if number != _ABSENT]
        return b"{" + b",".join(known) + b"}"


class Block(NamedTuple):
    """Emissions as the kernel left them: rows of numbers, and their subjects."""

    emitter: Emitter
    subjects: list[str]
    sent: NDArray[np.float64]

    def emissions(self, places: Sequence[int]) -> Iterator[Emission]:
        """Yield those at these places."""
        return self.emitter.emissions([self.subjects[place] for place in places], self.sent[places])


def latest(blocks: Iterable[Block], forgotten: Mapping[str, int]) -> Iterator[Emission]:
    """Yield the last emission of every subject that has one.

    forgotten: subjects of whom nothing holds that is in the first so many blocks.
    """
    found: dict[str, tuple[int, int]] = {}
    numbered = list(blocks)
    for number, block in enumerate(numbered):
        found.update((subject, (number, place)) for place, subject in enumerate(block.subjects))
    for subject, before in forgotten.items():
        if subject in found and found[subject][0] < before:
            del found[subject]
    places: list[list[int]] = [[] for _ in numbered]
    for number, place in found.values():
        places[number].append(place)
    for block, chosen in zip(numbered, places, strict=True):
        yield from block.emissions(chosen)


def _numbers(matrix: NDArray[np.float64]) -> list[list[bytes]]:
    """Return every number as JSON, `null` for one that is absent; a matrix has a column at least."""
    return [row.split(b",") for row in _encode(matrix.tolist())[2:-2].split(b"],[")] if len(matrix) else []


def _times(at: NDArray[np.int64]) -> list[bytes]:
    """Return instants (milliseconds since 1970) as JSON writes them, without quotes."""
    moments = at.astype("datetime64[ms]").tolist()  # without a zone, so that the encoder adds none
    return [time + b"Z" for time in _encode(moments)[2:-2].split(b'","')] if moments else []


def _rfm(recency_ms: int, frequency: int, monetary: bytes) -> bytes:
    """Return the JSON of `Rfm`; without a purchase there is no recency."""
    recency = b"%d" % recency_ms if frequency else _ABSENT
    return b'{"recency_ms":%b,"frequency":%d,"monetary":%b}' % (recency, frequency, monetary)
