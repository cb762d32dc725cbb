"""A stored touchpoint as it is shown, however wrong the rest of it is."""

from datetime import datetime
from typing import Final

import msgspec

from schemas.instants import EPOCH
from schemas.pages import TouchpointLine


class Sent(msgspec.Struct):
    """What is shown of a touchpoint, and whom it is about."""

    message_id: str = ""
    event: str = ""
    timestamp: datetime = EPOCH
    kind: str = "track"
    subject: str = "customer"
    direction: str = "in"
    channel: str = "other"
    source: object = None
    properties: dict[str, object] | None = None

    def line(self) -> TouchpointLine:
        """Return it as pages show it."""
        return TouchpointLine(
            message_id=self.message_id,
            event=self.event,
            at=self.timestamp,
            kind=self.kind,
            direction=self.direction,
            channel=self.channel,
            source=self.source if isinstance(self.source, str) else None,
            properties=self.properties or {},
        )


_decode: Final = msgspec.json.Decoder(Sent).decode


def sent(value: bytes) -> Sent | None:
    """Return what a stored value says; None for what cannot be read, which is a dead letter."""
    try:
        return _decode(value)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
