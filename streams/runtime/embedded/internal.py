"""Rapport's own records in the embedded log: what time it is, and that the model changed."""

from collections.abc import Callable
from typing import Final, NamedTuple

import msgspec

from schemas.instants import instant
from schemas.touchpoint import InternalRecord
from streams.model.definition import Model
from streams.runtime.embedded.log import EmbeddedLog

_encode: Final = msgspec.json.Encoder().encode


class InternalRecords(NamedTuple):
    """Appends to `log` at the time of `clock` (epoch milliseconds)."""

    log: EmbeddedLog
    model: Model
    clock: Callable[[], int]

    def tick(self, at_ms: int) -> None:
        """Say that it is this instant, so that time itself can change the rows that are due.

        Raises:
            LogError: it cannot be written.
        """
        self._append(InternalRecord(kind="tick", timestamp=instant(at_ms)))

    def announce_model(self) -> None:
        """Say that from here on another model holds than the one that the state was made by.

        Raises:
            LogError: it cannot be written.
        """
        model, now = self.model, instant(self.clock())
        self._append(
            InternalRecord(
                kind="model", timestamp=now, model=model.name, version=model.version, digest=model.digest
            )
        )

    def _append(self, record: InternalRecord) -> None:
        self.log.append([(None, _encode(record))], self.clock())
