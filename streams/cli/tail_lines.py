"""What is told on Kafka, a line for each record: for people, or as JSON."""

from collections.abc import Callable
from datetime import timedelta
from typing import Final

import msgspec
from rich.text import Text

from schemas.instants import instant
from schemas.outputs import AlertRaised, AlertResolved, MoveDirection, ScoreUpdated, Severity, StageChanged
from streams import topics
from streams.cli.explanation import length, moment, plain
from streams.demo.snapshot import short_why
from streams.runtime.kafka.subscriber import Told, dead_letter_of, late_of

MOST_RAW: Final = 160  # characters of bytes that were not understood
SIGNS: Final = {
    MoveDirection.FORWARD: ("▲", "green"),
    MoveDirection.BACK: ("▼", "red"),
    MoveDirection.LATERAL: ("◆", "cyan"),
}
SEVERITIES: Final = {Severity.CRITICAL: "bold red", Severity.WARNING: "yellow", Severity.INFO: "cyan"}

_TRANSITION: Final = msgspec.json.Decoder(StageChanged)
_ALERT: Final = msgspec.json.Decoder(AlertRaised | AlertResolved)
_SCORES: Final = msgspec.json.Decoder(ScoreUpdated)


def line(topic: topics.Topic, told: Told) -> Text:
    """Return a record as people read it; one that is none of Rapport's is shown as it is."""
    try:
        return LINES[topic.name](told)
    except (msgspec.MsgspecError, ValueError) as problem:
        where = f"{told.topic}, partition {told.partition}, offset {told.offset}"
        return Text(f"{where} is none of Rapport's: {plain(str(problem))}: {_raw(told.value)}", style="red")


def json_line(topic: topics.Topic, told: Told) -> bytes:
    """Return a record as one line of JSON, with base64 for bytes; one that is none of Rapport's in base64."""
    try:
        if topic is topics.DEAD_LETTERS:
            return msgspec.json.encode(dead_letter_of(told))
        if topic is topics.LATE:
            return msgspec.json.encode(late_of(told))
        if topic is topics.SCORES and not told.value:
            return msgspec.json.encode({"type": "forgotten", "customer_id": (told.key or b"").decode()})
        return msgspec.json.format(told.value, indent=-1)
    except (msgspec.MsgspecError, ValueError) as problem:
        return msgspec.json.encode({"not_understood": str(problem), "key": told.key, "value": told.value})


def _transition(told: Told) -> Text:
    each = _TRANSITION.decode(told.value)
    sign, colour = SIGNS[each.direction]
    return Text.assemble(
        (f"{moment(each.at)}  ", "dim"),
        (sign, colour),
        f" {plain(each.customer_id)}  ",
        (f"{plain(each.framework)}  ", "dim"),
        f"{plain(each.from_stage or 'new')} → ",
        (plain(each.to_stage or "none"), "bold"),
        (f"  {plain(short_why(each.because))}", "dim"),
    )


def _alert(told: Told) -> Text:
    each = _ALERT.decode(told.value)
    at = (f"{moment(each.at)}  ", "dim")
    if isinstance(each, AlertResolved):
        return Text.assemble(
            at, ("resolved", "green"), f"  {plain(each.customer_id)}  ", (plain(each.alert), "dim")
        )
    message = each.message or f"{each.customer_id}: {each.alert}"
    return Text.assemble(
        at, (f"{each.severity.value:8}", SEVERITIES[each.severity]), f"  {plain(message)}  ",
        (plain(each.alert), "dim"),
    )  # fmt: skip


def _scores(told: Told) -> Text:
    if not told.value:
        return Text(f"{plain((told.key or b'').decode())} was deleted", style="dim")
    each = _SCORES.decode(told.value)
    scores = " · ".join(f"{plain(name)} {score:.1f}" for name, score in each.scores.items())
    stages = " · ".join(f"{plain(name)} {_stage(stage)}" for name, stage in each.stages.items())
    return Text.assemble(
        (f"{moment(each.at)}  ", "dim"), f"{plain(each.customer_id)}  {scores}", (f"  {stages}", "dim")
    )


def _late(told: Told) -> Text:
    each = late_of(told)
    late = length(timedelta(milliseconds=each.late_by_ms))
    return Text.assemble(
        (f"{moment(instant(told.appended_ms))}  ", "dim"),
        plain(each.customer_id),
        (f"  {late} late  ", "yellow"),
        (_raw(each.value), "dim"),
    )


def _dead_letter(told: Told) -> Text:
    each = dead_letter_of(told)
    place = f"{each.source_topic} {each.source_partition}/{each.source_offset}"
    return Text.assemble(
        (f"{moment(instant(told.appended_ms))}  ", "dim"),
        (each.reason.value, "red"),
        f"  {plain(each.message)}",
        (f"  {plain(place)}  {_raw(each.value)}", "dim"),
    )


def _stage(stage: str | list[str] | None) -> str:
    return ", ".join(map(plain, stage)) or "none" if isinstance(stage, list) else plain(stage or "none")


def _raw(value: bytes) -> str:
    text = plain(value[: MOST_RAW * 4].decode("utf-8", errors="replace"))
    return text if len(text) <= MOST_RAW else f"{text[: MOST_RAW - 1]}…"


LINES: Final[dict[str, Callable[[Told], Text]]] = {
    topics.TRANSITIONS.name: _transition,
    topics.ALERTS.name: _alert,
    topics.SCORES.name: _scores,
    topics.LATE.name: _late,
    topics.DEAD_LETTERS.name: _dead_letter,
}
