"""A model's parameters: two flat arrays and a record of named positions, all that a model compiles to.

The record has the same fields for every model, so the engine is compiled once. A field is either a size
(`signals`: how many) or where a section of `ints` or `nums` begins (`entry_credit`); the rest of a
section is found by index. Columns of a row are positions too (`count` is the first of the counts).
"""

from collections.abc import Mapping, Sequence
from types import SimpleNamespace
from typing import Protocol, cast

import numpy as np
from numpy.typing import NDArray

from streams.engine.compiled import INTERPRETED

Ints = NDArray[np.int64]
Nums = NDArray[np.float64]

SIZES = (
    "entries", "half_lives", "dimensions", "scores", "values", "types", "follows", "frameworks", "alerts",
    "traits", "rings", "amount_rings", "deepest", "midnight_rings", "active_days", "told_values",
    "cap_days", "most_told", "activity", "session", "purchase", "purchase_total", "backs",
    "longest_midnights", "rules", "first_rule", "cause_points", "cause_signals", "cause_trait",
    "cause_follow", "cause_framework", "values_look_back",
    # places in the work space
    "work_decay", "work_value", "work_low", "work_high", "work_until", "work_back", "work_back_until",
    "work_stack",
    # settings, in milliseconds
    "grace", "session_gap", "score_interval",
)  # fmt: skip

COLUMNS = (
    # at: 64-bit instants, bits and numbers of a row
    "first_at", "last_at", "answer_at", "answer_tie", "opened", "entered", "held", "alert_open",
    "alert_raised", "alert_sequence", "trait_at", "mark", "active_bits", "log_at",
    # small: 32-bit counts, days and codes
    "count", "days", "day_bits", "gap", "stage", "alert_day", "alert_today", "thinned", "follow",
    "seen_code", "seen_day", "channel_day", "trait_code", "capped", "log_code",
    # real: 64-bit floats
    "sum", "total", "answer", "sent", "trait",
)  # fmt: skip

INT_SECTIONS = (
    # touchpoint map
    "entry_credit", "credit_sum", "credit_half", "credit_input", "entry_signal", "entry_signal_id",
    "entry_signal_input", "entry_cap", "entry_cap_slot", "entry_answer", "answer_question",
    "answer_input", "entry_seen", "entry_seen_set", "entry_seen_input",
    # signals
    "signal_day_ring", "signal_hour_ring", "signal_day_amount", "signal_hour_amount", "signal_total",
    # rings
    "ring_column", "ring_length", "ring_hourly", "ring_signal", "amount_column", "amount_length",
    "amount_hourly", "midnight_column", "midnight_length", "midnight_value",
    # decayed sums
    "half_sum", "half_sum_id", "dimension_sum", "dimension_sum_id", "dimension_half", "dimension_program",
    "score_program", "score_part", "score_part_dimension", "type_sum", "type_sum_id",
    # terms, programs, rules
    "leaf_ring", "leaf_size", "leaf_ago", "leaf_weekly", "code", "arg", "program_first",
    "program_inexact", "rule_leaf", "rule_leaf_program", "rule_source", "rule_source_dimension",
    "program_reads", "back_ring", "back_days", "cause_rule", "cause_rule_id", "cause_lower",
    "cause_lower_id",
    # frameworks
    "framework_kind", "framework_dwell", "framework_stage", "framework_exit", "framework_hard",
    "framework_hard_signal", "stage_when", "stage_stay", "stage_latch", "stage_upon", "stage_for",
    "stage_from",
    # follows, alerts
    "follow_open", "follow_close", "follow_within", "follow_closed", "follow_expired", "alert_kind",
    "alert_when", "alert_clear", "alert_cooldown", "alert_cap", "alert_signal", "alert_question",
    "alert_framework", "alert_direction", "alert_to", "alert_from", "alert_every", "question_window",
    "half_life", "source_entry",
)  # fmt: skip

NUM_SECTIONS = (
    "num", "dimension_weight", "score_part_weight", "half_at", "rule_source_weight",
    "entry_signal_constant", "answer_low", "answer_high", "answer_invert", "p_alive", "min_change",
)  # fmt: skip

FIELDS = (*SIZES, *COLUMNS, *INT_SECTIONS, *NUM_SECTIONS)


class Positions(Protocol):
    """The record of named positions; every field is a whole number."""

    def __getattr__(self, name: str) -> int: ...


class Plan:
    """A compiled model as the engine reads it: `positions`, `ints`, `nums`."""

    def __init__(
        self,
        *,
        sizes: dict[str, int],
        columns: dict[str, int],
        ints: Mapping[str, Sequence[int]],
        nums: Mapping[str, Sequence[float]],
    ) -> None:
        named = {**sizes, **columns}
        named.update(_starts(INT_SECTIONS, ints))
        named.update(_starts(NUM_SECTIONS, nums))
        missing = set(FIELDS) ^ set(named)
        assert not missing, f"a plan needs exactly its fields; differing: {sorted(missing)}"
        self.named = named
        self.ints: Ints = np.array([value for name in INT_SECTIONS for value in ints[name]], dtype=np.int64)
        self.nums: Nums = np.array([value for name in NUM_SECTIONS for value in nums[name]], dtype=np.float64)
        self.positions: Positions = positions(named)


def _starts(
    names: Sequence[str], sections: Mapping[str, Sequence[int]] | Mapping[str, Sequence[float]]
) -> dict[str, int]:
    starts, at = {}, 0
    for name in names:
        starts[name] = at
        at += len(sections[name])
    return starts


def positions(named: dict[str, int]) -> Positions:
    """Return the record of named positions; interpreted, an object with the same attributes."""
    if not INTERPRETED:
        record = np.rec.array(np.zeros(1, dtype=[(name, np.int64) for name in FIELDS]))
        for name, value in named.items():
            record[name][0] = value
        return record[0]  # type: ignore[no-any-return]  # a numpy record has its fields as attributes
    return cast("Positions", SimpleNamespace(**named))
