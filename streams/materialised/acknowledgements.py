"""Who looks after which alert: in no topic, so it is kept beside the alerts, which may be read again."""

import sqlite3
from collections.abc import Iterable

import msgspec

from schemas.pages import Acknowledgement
from streams.archive import alert_book


class Acknowledgements:
    """The table `acknowledgements`, and what of it stands in the book of alerts."""

    def note(
        self, connection: sqlite3.Connection, alert_id: str, said: Acknowledgement | None, *, now_ms: int
    ) -> bool:
        """Note what was said, None for nobody; return whether there is such an alert."""
        if not alert_book.acknowledge(connection, alert_id, said):
            return False
        if said is None:
            connection.execute("DELETE FROM acknowledgements WHERE id = ?", (alert_id,))
        else:
            connection.execute(
                "INSERT OR REPLACE INTO acknowledgements (id, at_ms, value) VALUES (?, ?, ?)",
                (alert_id, now_ms, msgspec.json.encode(said)),
            )
        return True

    def restore(self, connection: sqlite3.Connection, raised: Iterable[str]) -> None:
        """Say of alerts that were just entered who looks after them."""
        connection.executemany(
            "UPDATE alert_book SET acknowledged = (SELECT value FROM acknowledgements WHERE id = ?1) "
            "WHERE id = ?1 AND acknowledged IS NULL",
            [(each,) for each in raised],
        )

    def expire(self, connection: sqlite3.Connection, *, before_ms: int) -> None:
        """Forget what was said before that instant: the alerts are gone."""
        connection.execute("DELETE FROM acknowledgements WHERE at_ms < ?", (before_ms,))
