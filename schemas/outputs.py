"""What Rapport tells the world: score updates, stage changes and alerts, each with its reason."""

from enum import StrEnum
from typing import Literal

import msgspec

from schemas.touchpoint import AwareDatetime


class Severity(StrEnum):
    """How much an alert matters."""

    INFO = "info"
    WARNING = "warning"
    CRITICAL = "critical"


class MoveDirection(StrEnum):
    """Which way a transition went."""

    FORWARD = "forward"
    BACK = "back"
    LATERAL = "lateral"


class Contribution(msgspec.Struct, frozen=True, kw_only=True):
    """How much touchpoints of one event contributed: points, and their share (0 to 1) of all points."""

    event: str
    points: float
    share: float


class Trigger(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What made the rule fire: a touchpoint (with its message id), time itself, or a changed model."""

    kind: Literal["touchpoint", "time", "model"]
    message_id: str | None = None


class Because(msgspec.Struct, frozen=True, kw_only=True):
    """Why something changed: the rule, the values that it saw, the largest contributions, the trigger.

    A term that was absent (never happened, not answered) has the value null.
    """

    rule: str
    values: dict[str, float | str | None]
    touchpoints: list[Contribution]
    trigger: Trigger


class StageChanged(msgspec.Struct, frozen=True, kw_only=True, tag_field="type", tag="stage_changed"):
    """A subject moved between two stages of a framework; `from_stage` is null at the first placement.

    In a framework of kind `flags` one of the two is null: the flag went on or off.
    """

    id: str
    customer_id: str
    at: AwareDatetime
    model: str
    model_version: int
    framework: str
    from_stage: str | None
    to_stage: str | None
    direction: MoveDirection
    dwell_ms: int
    because: Because


class AlertRaised(msgspec.Struct, frozen=True, kw_only=True, tag_field="type", tag="alert_raised"):
    """A business statement about a subject became true, or happened."""

    id: str
    customer_id: str
    at: AwareDatetime
    model: str
    model_version: int
    alert: str
    severity: Severity
    message: str
    because: Because


class AlertResolved(msgspec.Struct, frozen=True, kw_only=True, tag_field="type", tag="alert_resolved"):
    """A state alert is no longer true; `raised_id` names the alert that it ends."""

    id: str
    customer_id: str
    at: AwareDatetime
    model: str
    model_version: int
    alert: str
    raised_id: str
    because: Because


class Rfm(msgspec.Struct, frozen=True, kw_only=True):
    """Recency, frequency and monetary value of the signal `purchase`.

    `recency_ms` is the time from the last purchase to `at`, null before the first.
    """

    recency_ms: int | None
    frequency: int
    monetary: float


class ScoreUpdated(msgspec.Struct, frozen=True, kw_only=True, tag_field="type", tag="score_updated"):
    """The latest scores (0 to 100), levels, type mix (shares that sum to 1) and stages of a customer."""

    id: str
    customer_id: str
    at: AwareDatetime
    model: str
    model_version: int
    scores: dict[str, float]
    levels: dict[str, str | None]
    mix: dict[str, float]
    stages: dict[str, str | list[str] | None]
    rfm: Rfm | None = None
