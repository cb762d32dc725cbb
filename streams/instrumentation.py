"""What happens, told once: each happening has one function that writes its log line and moves its metric.

Labels come from closed sets (the model's names, the reasons, the outcomes) and are touched at the
start, so every series exists at zero. No label and no log line carries a customer id.
"""

import logging
from collections import Counter as Tally
from collections.abc import Iterable, Mapping, Sequence
from enum import StrEnum
from itertools import product
from types import MappingProxyType
from typing import Final

from prometheus_client import CollectorRegistry, Counter, Info, disable_created_metrics

from schemas.dead_letter import DeadLetter, DeadLetterReason, LateTouchpoint
from schemas.outputs import AlertRaised, AlertResolved, StageChanged
from streams.durations import Durations
from streams.ledger import Ledger
from streams.model.definition import Framework, Model
from streams.runtime.outbox import Outbox
from streams.runtime.suspects import ProcessingFailed

log = logging.getLogger("rapport")

# In place of a name that the model does not have: no stage (before the first placement, a flag that
# is off), and a stage or alert of an earlier model.
NONE: Final = "none"
FORMER: Final = "former"

NOTHING: Final[Mapping[str, float]] = MappingProxyType({})


class Source(StrEnum):
    """Where a dead letter was found: at an edge, before the log, or by the processor that reads the log."""

    EDGE = "edge"
    LOG = "log"


class Refusal(StrEnum):
    """Why a whole request was refused. Also a metric label: a closed set."""

    HOST = "host"
    ORIGIN = "origin"
    TOKEN = "token"
    SCOPE = "scope"
    RATE = "rate"
    MEDIA_TYPE = "media_type"
    TOO_LARGE = "too_large"
    NOT_JSON = "not_json"
    UNAVAILABLE = "unavailable"


class Instrumentation:
    """The happenings of one process, counted in `registry`."""

    def __init__(self, model: Model, *, build: str, registry: CollectorRegistry) -> None:
        disable_created_metrics()  # type: ignore[no-untyped-call]  # a series beside each that nobody reads
        self._stages = {each.name: _stage_names(each) for each in model.frameworks}
        self._severities = {alert.name: alert.severity for alert in model.alerts}

        Info("engagement_build", "The running version.", registry=registry).info({"version": build})
        Info("engagement_model", "The model in use.", registry=registry).info(
            {"name": model.name, "version": str(model.version), "digest": model.digest}
        )

        def counter(name: str, what: str, labels: Sequence[str] = ()) -> Counter:
            return Counter(f"engagement_{name}", what, labels, registry=registry)

        self._ledger = Ledger()
        registry.register(self._ledger)
        self._durations = Durations(registry)
        self._unmapped = counter("touchpoints_unmapped", "Applied, and no entry of the map matches.")
        self._conflicts = counter("touchpoints_conflicting", "Duplicates with other content.")
        self._missing = counter("amounts_missing", "Signals counted without an amount.")
        self._refused = counter("answers_refused", "Answers that were no number within their scale.")
        self._thinned = counter("alerts_thinned", "Alerts held back by a cooldown or a daily cap.")
        self._dead = counter("dead_letters", "Records that cannot be read.", ["source", "reason"])
        self._transitions = counter("transitions", "Moves.", ["framework", "from_stage", "to_stage"])
        self._raised = counter("alerts_raised", "Alerts raised.", ["alert", "severity"])
        self._resolved = counter("alerts_resolved", "Alerts resolved.", ["alert", "severity"])
        self._emitted = counter("scores_emitted", "Score updates sent.")
        self._defects = counter("processing_failures", "Defects met while records were processed.")
        self._flushed = counter("flush_bytes", "Bytes of state written by flushes.")
        self._append_failures = counter("log_append_failures", "Appends that could not be made durable.")
        self._items = counter("ingest_items", "Items posted over HTTP, by result.", ["result"])
        self._requests = counter("requests_refused", "HTTP requests refused as a whole.", ["reason"])
        self._tokens_unread = counter("tokens_unreadable", "Changed files of tokens that cannot be used.")
        self._touch()

    def _touch(self) -> None:
        """Make every series of a closed set exist at zero."""
        for source, reason in product(Source, DeadLetterReason):
            self._dead.labels(source, reason)
        for framework, names in self._stages.items():
            for before, after in product(sorted(names | {NONE, FORMER}), sorted(names | {NONE})):
                if before != after:
                    self._transitions.labels(framework, before, after)
        for alert, severity in self._severities.items():
            self._raised.labels(alert, severity)
            self._resolved.labels(alert, severity)
        for result in ("accepted", *DeadLetterReason):
            self._items.labels(result)
        for refusal in Refusal:
            self._requests.labels(refusal)

    # The life of the process

    def recovered(self, *, customers: int, position: int, seconds: float) -> None:
        """The table was read back from the log, up to `position`."""
        tell(logging.INFO, "recovered", customers=customers, position=position, seconds=round(seconds, 3))

    def serving(self, *, url: str) -> None:
        """The port is open."""
        tell(logging.INFO, "serving", url=url)

    def stopped(self, *, reason: str) -> None:
        """The process ended tidily: everything accepted is flushed."""
        tell(logging.INFO, "stopped", reason=reason)

    def failed(self, *, error: BaseException) -> None:
        """The process cannot go on; what was accepted is in the log."""
        tell(logging.ERROR, "failed", error=f"{type(error).__name__}: {error}")

    def request_failed(self, *, error: Exception) -> None:
        """A defect kept one request from being answered."""
        log.error("request_failed", exc_info=error)

    def feed_failed(self, *, error: Exception) -> None:
        """What is new could not be read; whoever listened is told so, and comes back."""
        log.error("feed_failed", exc_info=error)

    # The log

    def appended(self, *, seconds: float) -> None:
        """A group of records became durable."""
        self._durations.append(seconds)

    def append_failed(self, *, records: int, error: BaseException) -> None:
        """Records could not be made durable; whoever sent them was told to try again."""
        self._append_failures.inc()
        tell(logging.ERROR, "append_failed", records=records, error=str(error))

    def flushed(
        self,
        *,
        number: int,
        position: int,
        size: int,
        seconds: float,
        encode_s: float = 0.0,
        delay_ms: int | None = None,
    ) -> None:
        """Outputs, changed rows and position were written as one (`size` in bytes).

        encode_s: how much of the time went into making the bytes. delay_ms: since its first record was
        appended, None for a flush without records.
        """
        self._durations.flush(seconds, encode_s=encode_s, delay_ms=delay_ms)
        self._flushed.inc(size)
        tell(logging.DEBUG, "flushed", number=number, position=position, size=size)

    # The processor

    def processed(
        self,
        *,
        records: int,
        before: Mapping[str, int],
        after: Mapping[str, int],
        seconds: float,
        spent: Mapping[str, float] = NOTHING,
        delay_ms: int | None = None,
    ) -> None:
        """A chunk of `records` went through; `before` and `after` are the processor's totals around it.

        spent: seconds that it took, by step. delay_ms: since its first record was appended.
        """
        gained = {name: count - before.get(name, 0) for name, count in after.items()}
        self._ledger.add(records, gained)
        self._durations.chunk(seconds, spent=spent, delay_ms=delay_ms)
        self._unmapped.inc(gained.get("unmapped", 0))
        self._conflicts.inc(gained.get("conflict", 0))
        self._missing.inc(gained.get("amount_missing", 0))
        self._refused.inc(gained.get("answer_refused", 0))
        self._thinned.inc(gained.get("alert_thinned", 0))

    def processing_failed(self, *, partition: int, failed: ProcessingFailed) -> None:
        """A defect met some records; the state is dropped, and each of them is tried again alone."""
        self._defects.inc()
        fields = {
            "partition": partition, "first": failed.first, "last": failed.last, "failures": failed.failures,
        }  # fmt: skip
        log.error("processing_failed", exc_info=failed.__cause__, extra={"fields": fields})

    def dead_lettered(self, letters: Iterable[DeadLetter], *, source: Source = Source.LOG) -> None:
        """Records could not be read; they are kept. One line per reason, with the first record of it."""
        first: dict[DeadLetterReason, DeadLetter] = {}
        tally: Tally[DeadLetterReason] = Tally()
        for letter in letters:
            tally[letter.reason] += 1
            first.setdefault(letter.reason, letter)
        for reason, count in tally.items():
            self._dead.labels(source, reason).inc(count)
            tell(
                logging.ERROR,
                "dead_lettered",
                source=source,
                reason=reason,
                records=count,
                topic=first[reason].source_topic,
                partition=first[reason].source_partition,
                offset=first[reason].source_offset,
            )

    def arrived_late(self, late: Sequence[LateTouchpoint]) -> None:
        """Touchpoints came after their customer's grace; counted as outcome `late`, and kept."""
        if late:
            worst = max(each.late_by_ms for each in late)
            tell(logging.INFO, "arrived_late", records=len(late), late_by_ms=worst)

    def moved(self, transitions: Iterable[StageChanged]) -> None:
        """Customers changed stage."""
        moves = Tally((each.framework, each.from_stage, each.to_stage) for each in transitions)
        for (framework, before, after), count in moves.items():
            known = self._stages.get(framework)
            names = (framework if known is not None else FORMER, _stage(before, known), _stage(after, known))
            self._transitions.labels(*names).inc(count)
            tell(
                logging.DEBUG,
                "stages_changed",
                framework=names[0],
                from_stage=names[1],
                to_stage=names[2],
                customers=count,
            )

    def alerted(self, alerts: Iterable[AlertRaised | AlertResolved]) -> None:
        """Alerts were raised or resolved."""
        for (name, is_raised), count in Tally(
            (each.alert, isinstance(each, AlertRaised)) for each in alerts
        ).items():
            severity = self._severities.get(name, FORMER)
            alert = name if name in self._severities else FORMER
            (self._raised if is_raised else self._resolved).labels(alert, severity).inc(count)
            happening = "alerts_raised" if is_raised else "alerts_resolved"
            tell(logging.DEBUG, happening, alert=alert, severity=severity, alerts=count)

    def told(self, outbox: Outbox) -> None:
        """What the processor had to tell is written."""
        self.dead_lettered(outbox.dead_letters)
        self.arrived_late(outbox.late)
        self.moved(outbox.transitions)
        self.alerted(outbox.alerts)
        self.emitted(scores=outbox.emissions)

    def emitted(self, *, scores: int) -> None:
        """Score updates were sent."""
        self._emitted.inc(scores)

    # The port

    def received(self, *, accepted: int, refused: Sequence[DeadLetterReason]) -> None:
        """A request's items were stored, or refused and kept."""
        self._items.labels("accepted").inc(accepted)
        for reason in refused:
            self._items.labels(reason).inc()

    def refused(self, reason: Refusal, *, detail: str) -> None:
        """A whole request was turned away; the sender was told why."""
        self._requests.labels(reason).inc()
        tell(logging.INFO, "request_refused", reason=reason, detail=detail)

    def tokens_read(self, *, tokens: int) -> None:
        """The file of access tokens had changed and was read again."""
        tell(logging.INFO, "tokens_read", tokens=tokens)

    def tokens_unreadable(self, *, problem: str) -> None:
        """The file of access tokens has changed and cannot be used; the last good tokens stay."""
        self._tokens_unread.inc()
        tell(logging.ERROR, "tokens_unreadable", problem=problem)


def _stage_names(framework: Framework) -> frozenset[str]:
    return frozenset(stage.name for stage in (*framework.stages, *framework.exits))


def _stage(name: str | None, known: frozenset[str] | None) -> str:
    if name is None:
        return NONE
    return name if known is not None and name in known else FORMER


def tell(level: int, happening: str, **fields: object) -> None:
    """Write one line of the log."""
    log.log(level, happening, extra={"fields": fields})
