"""Rapport's own records in a partition of its log: what time it is, and that the model changed."""

from typing import NamedTuple

import msgspec
from faust.types import TP

from schemas.instants import instant
from schemas.touchpoint import InternalRecord
from streams.runtime.kafka.services import Services


class InternalRecords(NamedTuple):
    """Appends to partition `tp`."""

    tp: TP
    services: Services

    async def tick(self, at_ms: int) -> int:
        """Say that it is this instant; return the offset of that."""
        return await self._append(InternalRecord(kind="tick", timestamp=instant(at_ms)))

    async def announce_model(self) -> int:
        """Say that from here on another model holds than the one that the state was made by."""
        model, now = self.services.model, instant(self.services.clock_ms())
        return await self._append(
            InternalRecord(
                kind="model", timestamp=now, model=model.name, version=model.version, digest=model.digest
            )
        )

    async def _append(self, record: InternalRecord) -> int:
        return await self.services.append(self.tp, msgspec.json.encode(record))
