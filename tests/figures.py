"""The figures of a population in which nobody is: tests replace what they are about."""

from datetime import UTC, datetime

from schemas.views import PartitionKpis

NOBODY = PartitionKpis(
    as_of=datetime(2026, 1, 1, tzinfo=UTC),
    customers=0,
    new_today=0,
    active={},
    stages={},
    scores={},
    answers={},
    transitions={},
    alerts_open={},
    alerts_raised={},
    signals={},
    segments={},
    outcomes={},
)
