"""A small hand for tests that tell the oracle a life: events by name, what was told, what a term reads."""

from typing import Any

from streams.model.definition import (
    Amount,
    AnswerSource,
    Dimension,
    Entry,
    Framework,
    Model,
    Score,
    Settings,
    Stage,
)
from streams.model.expression import Node, Term
from tests.nodes import DAY, HOUR, rule, term
from tests.oracle import Oracle
from tests.oracle.evaluation import evaluate
from tests.oracle.row import Value
from tests.random_histories import at, written

NOON = at(2024, 3, 13, 12)  # a Wednesday
MIDNIGHT = at(2024, 3, 14)
ONE = Amount(constant=1.0)
REVENUE = Amount(paths=("properties.revenue", "properties.total"))
QUIET = Settings(min_change=1000.0)
ENTRIES = (
    Entry("buy", type="transactional", signals=(("buy", REVENUE),)),
    Entry("visit", type="cognitive", signals=(("visit", ONE),), dimensions=(("attention", ONE),)),
    Entry("push", signals=(("push", ONE),), dimensions=(("attention", Amount(constant=-1.0)),)),
    Entry(
        "capped", type="cognitive", signals=(("capped", ONE),), dimensions=(("attention", ONE),), daily_cap=2
    ),
    Entry("answer", signals=(("survey", ONE),), answers=(AnswerSource("nps", "properties.score", 0, 10),)),
    Entry("use", signals=(("use", ONE),), seen=(("features", "properties.feature"),)),
    Entry("mail *", signals=(("mail", ONE),), activity=False),
)
ATTENTION = Dimension("attention", half_life_ms=DAY, half_at=1.0)
ENGAGEMENT = Score("engagement", rule(term("dimension", "attention")))


def small_model(**fields: Any) -> Model:
    """Return a model of one dimension and one score that says nothing unless told otherwise."""
    standard: dict[str, Any] = {
        "touchpoints": ENTRIES,
        "dimensions": (ATTENTION,),
        "scores": (ENGAGEMENT,),
        "settings": QUIET,
    }
    return Model(name="small", version=1, digest="0" * 32, **(standard | fields))


def ladder(*stages: Stage, **fields: Any) -> Framework:
    """Return a ladder named `way`."""
    return Framework(name="way", kind="ladder", stages=stages, **fields)


def stage(name: str, when: Node | None = None, **fields: Any) -> Stage:
    """Return a stage; `when` and `stay` are given as nodes."""
    stay = fields.pop("stay", None)
    return Stage(
        name, when=None if when is None else rule(when), stay=None if stay is None else rule(stay), **fields
    )


class Life:
    """One oracle, and an ever growing log."""

    def __init__(self, model: Model, oracle: Oracle | None = None) -> None:
        self.oracle = oracle or Oracle(model)
        self.offset = 0

    def event(self, name: str, when: int, *, customer: str = "c1", message: str = "", **fields: Any) -> str:
        """Tell a touchpoint; fields are the record's own, as `properties={…}`."""
        record = {
            "message_id": message or f"m{self.offset}",
            "customer_id": customer,
            "event": name,
            "timestamp": written(when),
        }
        self.offset += 1
        return self.oracle.touch(record | fields, self.offset - 1)

    def told(self, kind: str = "", what: str = "") -> list[dict[str, object]]:
        """Return what was told, perhaps of one kind, perhaps about one thing."""
        return [
            each
            for each in self.oracle.happenings
            if kind in ("", each["kind"]) and what in ("", each["what"])
        ]

    def moves(self) -> list[tuple[object, ...]]:
        """Return (from, to, at) of each transition."""
        return [(each["from"], each["to"], each["at"]) for each in self.told("stage")]

    def alerts(self) -> list[tuple[object, ...]]:
        """Return (raised or resolved, alert, at)."""
        return [
            (each["kind"], each["what"], each["at"])
            for each in self.oracle.happenings
            if each["kind"] in ("raised", "resolved")
        ]

    def reads(self, node: Node | Term, t: int, customer: str = "c1") -> Value:
        """Return what an expression is at t."""
        return evaluate(self.oracle.rows[customer], node, t)

    def state(self, customer: str = "c1") -> dict[str, Any]:
        """Return the canonical state."""
        state = self.oracle.state(customer)
        assert state is not None
        return state


def hours(count: float) -> int:
    """Return so many hours in ms."""
    return round(count * HOUR)
