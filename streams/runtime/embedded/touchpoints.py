"""A customer's touchpoints, looked for from the end of the log back.

The log is not indexed by customer, since that would cost each touchpoint more than it is worth. A row of it
whose bytes do not contain the id is passed over, and a page gives up after so many rows; the cursor it
returns goes on from there.
"""

import sqlite3
from typing import Final

from schemas.pages import TouchpointLine, TouchpointPage
from streams.archive.touchpoint_line import sent
from streams.runtime.embedded.inputs import decoded

ROWS_LOOKED_AT: Final = 20_000  # a tick is a row, and there may be one each second
BYTES_LOOKED_AT: Final = 8 << 20


def find(connection: sqlite3.Connection, key: bytes, *, before: int | None, limit: int) -> TouchpointPage:
    """Return a page of what was stored for `key`; offsets below `before` only.

    Raises:
        Damaged: a row's bytes changed.
    """
    found: list[TouchpointLine] = []
    bytes_seen = 0
    cursor = connection.execute(
        "SELECT first, count, digest, body FROM input WHERE first < ? ORDER BY first DESC LIMIT ?",
        (before if before is not None else 1 << 62, ROWS_LOOKED_AT),
    )
    first = 0
    try:
        for first, _count, written, body in cursor:
            bytes_seen += len(body)
            if key in body:
                items = decoded(body, written)
                for place in range(len(items) - 1, -1, -1):
                    offset = first + place
                    if items[place][0] != key or (before is not None and offset >= before):
                        continue
                    if len(found) == limit:
                        return TouchpointPage(touchpoints=found, next=str(offset + 1))
                    said = sent(items[place][1])
                    if said is None or said.subject != "customer":
                        continue
                    found.append(said.line())
                    if said.kind == "delete":  # what was before is forgotten
                        return TouchpointPage(touchpoints=found, next=None)
            if bytes_seen > BYTES_LOOKED_AT:
                break
    finally:
        cursor.close()
    older = connection.execute("SELECT 1 FROM input WHERE first < ? LIMIT 1", (first,)).fetchone()
    return TouchpointPage(touchpoints=found, next=str(first) if older else None)
