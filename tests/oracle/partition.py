"""A partition of customers: what becomes of each touchpoint, and how time reaches rows."""

from collections import Counter
from collections.abc import Callable
from typing import Any

import msgspec

from schemas.touchpoint import Kind, Touchpoint
from streams.model.definition import Model
from tests.oracle.application import apply
from tests.oracle.canonical import State, state_of
from tests.oracle.judgement import Evaluation, Happening, expire_follows
from tests.oracle.life import elapse, move_clock
from tests.oracle.mapping import timestamp_ms
from tests.oracle.row import Row, new_row

Elapse = Callable[[Row, int], list[Happening]]


class Oracle:
    """All customers of one partition under one model.

    happenings: everything told so far, in order. totals: touchpoints by what became of them; `unmapped` is a
    part of `applied`, `conflict` a part of `duplicate`. position: the offset of the next record.
    """

    def __init__(self, model: Model, *, elapse: Elapse = elapse) -> None:
        self.model = model
        self.elapse = elapse  # how a row goes on to an instant: by searching, or step by step in tests of it
        self.rows: dict[str, Row] = {}
        self.remembered: dict[str, dict[str, tuple[int, bytes]]] = {}
        self.first_seen_codes: dict[str, int] = {}
        self.happenings: list[Happening] = []
        self.totals: Counter[str] = Counter()
        self.position = 0

    def touch(self, record: dict[str, Any] | Touchpoint, offset: int) -> str:
        """Take in a touchpoint about a customer.

        Returns:
            applied, duplicate, late or suppressed.
        """
        touchpoint = record if isinstance(record, Touchpoint) else msgspec.convert(record, Touchpoint)
        self.position = offset + 1
        content = msgspec.json.encode(record)
        outcome = self.outcome(touchpoint, content)
        self.totals[outcome] += 1
        if outcome == "applied":
            self.remember(touchpoint, content)
            if touchpoint.kind == Kind.DELETE:
                self.delete(touchpoint)
            else:
                self.apply(touchpoint)
        return outcome

    def tick(self, instant_ms: int) -> None:
        """Let it be this instant: rows go on to `timer_grace` before it."""
        self.until(instant_ms - self.model.settings.timer_grace_ms)

    def until(self, instant_ms: int) -> None:
        """Let all rows go on to this instant, as at the end of a file."""
        for row in self.live_rows():
            self.happenings += self.elapse(row, instant_ms)

    def model_changed(self) -> None:
        """Evaluate each row once where its clock is: alerts raise nothing, true ones open silently."""
        for row in self.live_rows():
            self.happenings += Evaluation(row, row.clock, "model", clock_moved=False).run()
            row.silent_until = row.clock

    def state(self, customer_id: str) -> State | None:
        """Return the canonical state of a customer; None when no touchpoint of it was applied."""
        return state_of(self.rows[customer_id]) if customer_id in self.rows else None

    def outcome(self, touchpoint: Touchpoint, content: bytes) -> str:
        """Tell what becomes of a touchpoint: suppressed is decided first, then late, then duplicate.

        A duplicate is a conflict as well when its content, the record as the sender wrote it, is another one.
        """
        customer_id, e = str(touchpoint.customer_id), timestamp_ms(touchpoint)
        row = self.rows.get(customer_id)
        if row is None:
            return "applied"
        if row.deleted_at is not None and e <= row.deleted_at:
            return "suppressed"
        oldest = row.clock - self.model.settings.grace_ms
        if e < oldest:
            return "late"
        known = self.remembered[customer_id].get(touchpoint.message_id)
        if known is not None and known[0] >= oldest:
            self.totals["conflict"] += known[1] != content
            return "duplicate"
        return "applied"

    def remember(self, touchpoint: Touchpoint, content: bytes) -> None:
        """Keep the message id, its instant and its content."""
        ids = self.remembered.setdefault(str(touchpoint.customer_id), {})
        ids[touchpoint.message_id] = (timestamp_ms(touchpoint), content)

    def apply(self, touchpoint: Touchpoint) -> None:
        """Let the row go on to just before the touchpoint, store it, and evaluate once."""
        customer_id, e = str(touchpoint.customer_id), timestamp_ms(touchpoint)
        row = self.rows.get(customer_id)
        advances = row is not None and row.status == "live" and e > row.clock
        if row is None or row.status == "deleted":
            incarnation, deleted_at = (0, None) if row is None else (row.incarnation, row.deleted_at)
            row = new_row(self.model, customer_id, e, incarnation=incarnation, deleted_at=deleted_at)
            self.rows[customer_id] = row
        fed: list[str] = []
        if advances:
            self.happenings += self.elapse(row, e - 1)
            move_clock(row, e)
            fed = expire_follows(row, e)
        applied = apply(row, touchpoint, self.first_seen_codes)
        self.totals["unmapped"] += not applied.mapped
        self.happenings += Evaluation(
            row,
            row.clock,
            "touchpoint",
            message_id=touchpoint.message_id,
            carried=applied.carried | frozenset(fed),
            questions=applied.questions,
            clock_moved=advances,
        ).run()

    def delete(self, touchpoint: Touchpoint) -> None:
        """Wipe a row; nothing is told but what came before the deletion."""
        customer_id, e = str(touchpoint.customer_id), timestamp_ms(touchpoint)
        row = self.rows.get(customer_id)
        if row is not None and row.status == "live" and e > row.clock:
            self.happenings += self.elapse(row, e - 1)
        incarnation = 1 if row is None else row.incarnation + 1
        self.rows[customer_id] = new_row(self.model, customer_id, e, incarnation=incarnation, deleted_at=e)
        self.rows[customer_id].status = "deleted"

    def live_rows(self) -> list[Row]:
        """Return the rows that are not deleted."""
        return [row for row in self.rows.values() if row.status == "live"]
