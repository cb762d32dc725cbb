"""The columns of a model's rows: which fields there are, what they are called, and where they stand.

A name says what is in the column (`count:purchase`, `sum:<entry>:<half-life>`), so that after an edit of
the model every field whose name and kind did not change is found again.
"""

import msgspec
import xxhash

from streams.engine.ground import LOG_KEPT, LOG_WIDTH
from streams.engine.instants import NO_DAY, NONE
from streams.engine.kinds.flags import BITS
from streams.engine.kinds.rhythm import GAPS_KEPT
from streams.engine.kinds.seen import CAPACITY, CHANNELS
from streams.engine.layout import Layout, LayoutBuilder
from streams.model.definition import Entry, Model
from streams.model.survey import Credit, Survey

NAN = float("nan")


class Columns:
    """Positions of all columns under the plan's names, and of every ring."""

    def __init__(self, model: Model, found: Survey) -> None:
        self.model = model
        self.found = found
        self.builder = LayoutBuilder()
        self.positions: dict[str, int] = {}
        self.keys = entry_keys(model.touchpoints)
        self.capped = tuple(
            number for number, entry in enumerate(model.touchpoints) if entry.daily_cap is not None
        )
        self._signals()
        self._kinds()
        self._decisions()
        self._points()
        self._rings()

    def layout(self, stages: dict[str, tuple[str, ...]]) -> Layout:
        """Return the finished layout."""
        definitions = {name: _definition(self.model, name) for name, _ in self.found.midnights}
        alerts = tuple(alert.name for alert in self.model.alerts)
        return self.builder.build(stages=stages, alerts=alerts, definitions=definitions)

    def _signals(self) -> None:
        add, signals = self.builder.add_each, self.found.signals
        self.positions["first_at"] = add("first", "at", signals)
        self.positions["last_at"] = add("last", "at", signals)
        self.positions["count"] = add("count", "small", signals)
        self.positions["days"] = add("days", "small", signals)
        self.positions["day_bits"] = add("day_bits", "small", signals)
        self.positions["total"] = add("total", "real", self.found.totals)

    def _kinds(self) -> None:
        add, found = self.builder.add_each, self.found
        questions = tuple(question.name for question in self.model.questions)
        follows = tuple(follow.name for follow in self.model.follows)
        self.positions["answer_at"] = add("answer_at", "at", questions, blank=NONE)
        self.positions["answer_tie"] = add("answer_tie", "at", questions)
        self.positions["answer"] = add("answer", "real", questions, blank=NAN)
        self.positions["opened"] = add("opened", "at", follows)
        self.positions["follow"] = add("follow", "small", follows)
        traits = tuple(f"{each.name}:date" if each.date else each.name for each in found.traits)
        self.positions["trait_at"] = add("trait_at", "at", traits, blank=NONE)
        self.positions["trait_code"] = add("trait_code", "small", traits)
        self.positions["trait"] = add("trait", "real", traits, blank=NAN)
        self.positions["seen_code"] = add("seen_code", "small", found.seen_sets, width=CAPACITY)
        self.positions["seen_day"] = add("seen_day", "small", found.seen_sets, width=CAPACITY, blank=NO_DAY)
        self.positions["channel_day"] = self.builder.add("channel_day", "small", width=CHANNELS, blank=NO_DAY)
        self.positions["gap"] = self.builder.add("gap", "small", width=GAPS_KEPT)
        self.positions["active_bits"] = self.builder.add("active_bits", "at", width=found.active_days // BITS)

    def _decisions(self) -> None:
        add = self.builder.add_each
        frameworks = tuple(framework.name for framework in self.model.frameworks)
        alerts = tuple(alert.name for alert in self.model.alerts)
        self.positions["stage"] = add("stage", "small", frameworks)
        self.positions["entered"] = add("entered", "at", frameworks)
        self.positions["held"] = add("held", "at", frameworks)
        self.positions["alert_open"] = add("alert_open", "at", alerts, blank=NONE)
        self.positions["alert_raised"] = add("alert_raised", "at", alerts, blank=NONE)
        self.positions["alert_sequence"] = add("alert_sequence", "at", alerts)
        self.positions["alert_day"] = add("alert_day", "small", alerts)
        self.positions["alert_today"] = add("alert_today", "small", alerts)
        self.positions["thinned"] = add("thinned", "small", alerts)
        self.positions["sent"] = add("sent", "real", self.found.scores, blank=NAN)
        self.positions["log_at"] = self.builder.add("log_at", "at", width=LOG_KEPT)
        self.positions["log_code"] = self.builder.add("log_code", "small", width=LOG_KEPT * LOG_WIDTH)

    def _points(self) -> None:
        half_lives = tuple(str(half_life) for half_life in self.found.half_lives)
        capped = tuple(self.keys[number] for number in self.capped)
        self.positions["mark"] = self.builder.add_each("mark", "at", half_lives, blank=NONE)
        self.positions["sum"] = self.builder.add_each(
            "sum", "real", tuple(map(self._sum_name, self.found.credits))
        )
        self.positions["capped"] = self.builder.add_each("capped", "small", capped, width=self.found.cap_days)

    def _sum_name(self, credit: Credit) -> str:
        source = f":{'|'.join(credit.paths)}" if credit.paths else ""
        return f"{self.keys[credit.entry]}:{credit.half_life_ms}{source}"

    def _rings(self) -> None:
        add, found = self.builder.add, self.found
        self.counts = [
            add(f"ring:{'hour' if ring.hourly else 'day'}:{ring.signal}", "pane", width=ring.length,
                ring="hour" if ring.hourly else "day")
            for ring in found.count_rings
        ]  # fmt: skip
        self.amounts = [
            add(f"amounts:{'hour' if ring.hourly else 'day'}:{ring.signal}", "real", width=ring.length,
                ring="hour" if ring.hourly else "day")
            for ring in found.amount_rings
        ]  # fmt: skip
        self.midnights = [
            add(f"midnight:{name}", "real", width=length, blank=NAN, ring="day")
            for name, length in found.midnights
        ]


def entry_keys(entries: tuple[Entry, ...]) -> tuple[str, ...]:
    """Return a name for each line of the map that survives edits of its weights: its event and conditions."""
    keys: list[str] = []
    for entry in entries:
        conditions = xxhash.xxh3_64_hexdigest(msgspec.json.encode(entry.where))[:8] if entry.where else "any"
        key = f"{entry.event}#{conditions}"
        keys.append(key if key not in keys else f"{key}#{len(keys)}")
    return tuple(keys)


def _definition(model: Model, score: str) -> str:
    """Return a digest of all that a score's value depends on."""
    parts = [msgspec.json.encode(each) for each in model.scores if each.name == score]
    parts += [msgspec.json.encode(dimension) for dimension in model.dimensions]
    return xxhash.xxh3_64_hexdigest(b"".join(parts))
