"""A customer as the topics tell of it: its last scores, its open alerts, its last moves and their reasons.

What no topic tells (signals, dimensions, answers, when it was first seen) is left empty.
"""

import sqlite3
from typing import Final

import msgspec

from schemas.outputs import AlertRaised, AlertResolved, ScoreUpdated, StageChanged
from schemas.views import CustomerView, OpenAlert, RecentChange, RuleReading, ScoreWhy, StageWhy, Why
from streams.archive import alert_book, outputs
from streams.archive.alert_book import AlertQuery
from streams.materialised.customers import Customers, decode

RECENT: Final = 8
_MOST_MOVES: Final = 1_000  # of one customer, among which the last of each framework are looked for
_MOST_ALERTS: Final = 1_000

_transition: Final = msgspec.json.Decoder(StageChanged).decode
_alert: Final = msgspec.json.Decoder(AlertRaised | AlertResolved).decode


def customer(
    connection: sqlite3.Connection, customer_id: str, customers: Customers, *, states: frozenset[str]
) -> CustomerView | None:
    """Return a customer as of its last scores, None if there are none; `states`: alerts that are resolved."""
    update = _latest(connection, customer_id)
    if update is None:
        return None
    return CustomerView(
        customer_id=customer_id,
        as_of=update.at,
        scores=customers.scores_of(update),
        dimensions={},
        mix=update.mix,
        levels=update.levels,
        stages=update.stages,
        signals={},
        answers={},
        open_alerts=[
            OpenAlert(alert=each.alert, since=each.at) for each in _open(connection, customer_id, states)
        ],
        recent=_recent(connection, customer_id),
        rfm=update.rfm,
        next_due=None,
    )


def why(
    connection: sqlite3.Connection, customer_id: str, customers: Customers, *, states: frozenset[str]
) -> Why | None:
    """Say why a customer is where it is: the rules of its last moves, with what they read at that time."""
    update = _latest(connection, customer_id)
    if update is None:
        return None
    return Why(
        customer_id=customer_id,
        as_of=update.at,
        scores={
            name: ScoreWhy(value=value, touchpoints=[]) for name, value in customers.scores_of(update).items()
        },
        dimensions={},
        stages={
            move.framework: StageWhy(
                stage=update.stages.get(move.framework, move.to_stage),
                since=move.at,
                rule=move.because.rule,
                values=move.because.values,
                others={},
            )
            for move in _last_moves(connection, customer_id)
        },
        alerts={
            each.alert: RuleReading(rule=each.because.rule, holds=True, values=each.because.values)
            for each in _open(connection, customer_id, states)
        },
    )


def _latest(connection: sqlite3.Connection, customer_id: str) -> ScoreUpdated | None:
    value = outputs.score(connection, customer_id.encode())
    return None if value is None else decode(value)


def _open(connection: sqlite3.Connection, customer_id: str, states: frozenset[str]) -> list[AlertRaised]:
    query = AlertQuery(states=states, state="open", customer=customer_id, limit=_MOST_ALERTS)
    return [entry.raised for entry in alert_book.find(connection, query)[0]]


def _last_moves(connection: sqlite3.Connection, customer_id: str) -> list[StageChanged]:
    values, _ = outputs.page(connection, "transitions", key=customer_id.encode(), limit=_MOST_MOVES)
    found: dict[str, StageChanged] = {}
    for value in values:
        move = _transition(value)
        found.setdefault(move.framework, move)
    return list(found.values())


def _recent(connection: sqlite3.Connection, customer_id: str) -> list[RecentChange]:
    """Return the last moves and alerts, newest first."""
    key = customer_id.encode()
    moves, _ = outputs.page(connection, "transitions", key=key, limit=RECENT)
    alerts, _ = outputs.page(connection, "alerts", key=key, limit=RECENT)
    found = [
        RecentChange(at=move.at, kind="stage", what=move.framework, to=move.to_stage)
        for move in map(_transition, moves)
    ]
    found += [
        RecentChange(
            at=told.at,
            kind="alert_raised" if isinstance(told, AlertRaised) else "alert_resolved",
            what=told.alert,
            to=None,
        )
        for told in map(_alert, alerts)
    ]
    return sorted(found, key=lambda each: each.at, reverse=True)[:RECENT]
