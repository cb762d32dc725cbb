"""The touchpoint map to arrays: what each line gives to sums, signals, answers and sets."""

from typing import TYPE_CHECKING

from streams.engine.instants import NEVER
from streams.model.columns import Columns
from streams.model.definition import Entry, Model
from streams.model.survey import Credit, Survey

if TYPE_CHECKING:
    from streams.model.compile import Sections


def compile_map(model: Model, found: Survey, columns: Columns, sections: "Sections") -> None:
    """Write the sections of the touchpoint map, of signals, rings and decayed sums."""
    for number, entry in enumerate(model.touchpoints):
        _entry(number, entry, model, found, columns, sections)
    ints = sections.ints
    for name, follower in (
        ("entry_credit", "credit_sum"),
        ("entry_signal", "entry_signal_id"),
        ("entry_answer", "answer_question"),
        ("entry_seen", "entry_seen_set"),
    ):
        ints[name].append(len(ints[follower]))
    _signals(found, sections)
    _rings(found, columns, sections)
    _sums(model, found, sections)


def _entry(
    number: int, entry: Entry, model: Model, found: Survey, columns: Columns, sections: "Sections"
) -> None:
    ints, nums, inputs = sections.ints, sections.nums, found.inputs[number]
    ints["entry_credit"].append(len(ints["credit_sum"]))
    for s, credit in enumerate(found.credits):
        if credit.entry == number:
            ints["credit_sum"].append(s)
            ints["credit_half"].append(found.half_lives.index(credit.half_life_ms))
            ints["credit_input"].append(inputs.index(credit.paths) if credit.paths else -1)
    ints["entry_signal"].append(len(ints["entry_signal_id"]))
    for name, amount in entry.signals:
        ints["entry_signal_id"].append(found.signal(name))
        ints["entry_signal_input"].append(inputs.index(amount.paths) if amount.paths else -1)
        nums["entry_signal_constant"].append(1.0 if amount.constant is None else amount.constant)
    ints["entry_cap"].append(NEVER if entry.daily_cap is None else entry.daily_cap)
    ints["entry_cap_slot"].append(columns.capped.index(number) if number in columns.capped else -1)
    ints["entry_answer"].append(len(ints["answer_question"]))
    questions = {question.name: (i, question) for i, question in enumerate(model.questions)}
    for source in entry.answers:
        place, question = questions[source.question]
        ints["answer_question"].append(place)
        ints["answer_input"].append(inputs.index((source.path,)))
        nums["answer_low"].append(source.low)
        nums["answer_high"].append(source.high)
        nums["answer_invert"].append(float(question.invert))
    ints["entry_seen"].append(len(ints["entry_seen_set"]))
    for place, (name, _) in enumerate(entry.seen):
        ints["entry_seen_set"].append(found.seen_sets.index(name))
        ints["entry_seen_input"].append(place)


def _signals(found: Survey, sections: "Sections") -> None:
    for name in found.signals:
        sections.ints["signal_day_ring"].append(found.count_ring(name, hourly=False))
        sections.ints["signal_hour_ring"].append(found.count_ring(name, hourly=True))
        sections.ints["signal_day_amount"].append(found.amount_ring(name, hourly=False))
        sections.ints["signal_hour_amount"].append(found.amount_ring(name, hourly=True))
        sections.ints["signal_total"].append(found.totals.index(name) if name in found.totals else -1)


def _rings(found: Survey, columns: Columns, sections: "Sections") -> None:
    ints = sections.ints
    for ring, column in zip(found.count_rings, columns.counts, strict=True):
        ints["ring_column"].append(column)
        ints["ring_length"].append(ring.length)
        ints["ring_hourly"].append(int(ring.hourly))
        ints["ring_signal"].append(found.signal(ring.signal))
    for ring, column in zip(found.amount_rings, columns.amounts, strict=True):
        ints["amount_column"].append(column)
        ints["amount_length"].append(ring.length)
        ints["amount_hourly"].append(int(ring.hourly))
    for (score, length), column in zip(found.midnights, columns.midnights, strict=True):
        ints["midnight_column"].append(column)
        ints["midnight_length"].append(length)
        ints["midnight_value"].append(len(found.dimensions) + found.score(score))
    for score, days in found.backs:
        ints["back_ring"].append([name for name, _ in found.midnights].index(score))
        ints["back_days"].append(days)


def _sums(model: Model, found: Survey, sections: "Sections") -> None:
    ints, nums = sections.ints, sections.nums
    for half_life in found.half_lives:
        ints["half_sum"].append(len(ints["half_sum_id"]))
        ints["half_sum_id"].extend(
            s for s, credit in enumerate(found.credits) if credit.half_life_ms == half_life
        )
    ints["half_sum"].append(len(ints["half_sum_id"]))
    for dimension in found.dimensions:
        ints["dimension_sum"].append(len(ints["dimension_sum_id"]))
        ints["dimension_half"].append(
            found.half_lives.index(dimension.half_life_ms) if dimension.value is None else -1
        )
        nums["half_at"].append(dimension.half_at)
        for number, entry in enumerate(model.touchpoints):
            for name, amount in entry.dimensions:
                if name == dimension.name and dimension.value is None:
                    credit = Credit(number, dimension.half_life_ms, amount.paths)
                    ints["dimension_sum_id"].append(found.credits.index(credit))
                    nums["dimension_weight"].append(1.0 if amount.constant is None else amount.constant)
    ints["dimension_sum"].append(len(ints["dimension_sum_id"]))
    for kind in found.types:
        ints["type_sum"].append(len(ints["type_sum_id"]))
        ints["type_sum_id"].extend(
            found.credits.index(Credit(number, model.types_half_life_ms))
            for number, entry in enumerate(model.touchpoints)
            if entry.type == kind
        )
    ints["type_sum"].append(len(ints["type_sum_id"]))
    ints["source_entry"].extend(credit.entry for credit in found.credits)
