"""What is asked of the tables of what was told, whoever keeps them; every question is one transaction."""

import sqlite3
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Final

import msgspec

from schemas.outputs import StageChanged
from schemas.pages import AlertBook, AlertEntry, ScoreHistory, ScorePoint
from schemas.population import Flow, KpiPoint
from schemas.views import PartitionKpis
from streams.archive import alert_book, figures, outputs
from streams.archive.alert_book import AlertQuery
from streams.archive.figures import Step
from streams.archive.outputs import Stored

Reading = Callable[[], AbstractContextManager[sqlite3.Connection]]

_transition: Final = msgspec.json.Decoder(StageChanged).decode
_point: Final = msgspec.json.Decoder(ScorePoint).decode


class Questions:
    """Answers from a connection that `reading` gives for the length of one question."""

    def __init__(self, reading: Reading) -> None:
        self._reading = reading

    def transitions(
        self, *, customer: str | None, framework: str | None, before: int | None, limit: int
    ) -> tuple[list[StageChanged], int | None]:
        """Return up to `limit` transitions, newest first, and the cursor of older ones."""
        key = None if customer is None else customer.encode()
        with self._reading() as connection:
            values, cursor = outputs.page(
                connection, "transitions", key=key, about=framework, before=before, limit=limit
            )
        return [_transition(value) for value in values], cursor

    def alerts(self, query: AlertQuery) -> AlertBook:
        """Return a page of alerts, the last raised first."""
        with self._reading() as connection:
            found, cursor = alert_book.find(connection, query)
        return AlertBook(alerts=found, next=None if cursor is None else str(cursor))

    def alert(self, alert_id: str, *, states: frozenset[str]) -> AlertEntry | None:
        """Return an alert by its id; `states` are the model's alerts that are resolved one day."""
        with self._reading() as connection:
            return alert_book.one(connection, alert_id, states)

    def score_points(self, customer: str, *, before: int | None, limit: int) -> ScoreHistory:
        """Return the scores that were sent of a customer, newest first."""
        with self._reading() as connection:
            values, cursor = outputs.page(
                connection, outputs.SCORE_POINTS, key=customer.encode(), before=before, limit=limit
            )
        points = [_point(value) for value in values]
        return ScoreHistory(points=points, next=None if cursor is None else str(cursor))

    def history(self, *, step: Step, limit: int) -> list[KpiPoint]:
        """Return figures by hour or day, oldest first."""
        with self._reading() as connection:
            return figures.history(connection, step=step, limit=limit)

    def latest_kpis(self) -> dict[int, PartitionKpis]:
        """Return the newest figures of each partition."""
        with self._reading() as connection:
            return figures.latest(connection)

    def moves(self, framework: str, *, first_day: int) -> list[Flow]:
        """Return the moves between stages since a UTC day."""
        with self._reading() as connection:
            return figures.moves(connection, framework, first_day=first_day)

    def counts_by_day(self, what: figures.What, *, first_day: int) -> dict[str, dict[int, int]]:
        """Return, by name and UTC day, how often something was told."""
        with self._reading() as connection:
            return figures.counts_by_day(connection, what, first_day=first_day)

    def told_after(self, table: str, sequence: int, *, limit: int) -> list[Stored]:
        """Return what was told after that number, in its order."""
        with self._reading() as connection:
            return outputs.after(connection, table, sequence, limit=limit)

    def newest(self, table: str) -> int:
        """Return the number of what was told last, 0 when there was nothing."""
        with self._reading() as connection:
            return outputs.newest(connection, table)
