"""The dashboard about Rapport itself: is it right, does it keep up, what does it take."""

from typing import Final

from deploy.grafana.dashboard import dashboard
from deploy.grafana.machinery import counted, kafka, port, state
from deploy.grafana.panels import (
    BAD,
    BLUE,
    GOOD,
    GREY,
    PURPLE,
    SKY,
    WARN,
    YELLOW,
    Json,
    Panel,
    Query,
    lines,
    row,
    stat,
)
from deploy.grafana.queries import OF_JOB, by_partition, increase, increase_shown, p99, rate, recorded
from deploy.grafana.taking_over import taking_over

OUTCOMES: Final = {
    "applied": BLUE,
    "duplicate": SKY,
    "late": WARN,
    "suppressed": YELLOW,
    "dead_letter": BAD,
    "internal": GREY,
    "already_applied": PURPLE,
}
STEPS: Final = {"decode": SKY, "apply": BLUE, "render": PURPLE, "encode": YELLOW, "write": GOOD}


def operations() -> Json:
    """Whoever runs Rapport."""
    panels = [
        row("Is it right"), *_right(),
        row("What it reads"), *_reading(),
        row("Does it keep up"), *_keeping_up(),
        row("What the state takes"), *state(),
        row("The port"), *port(),
        row("Kafka"), *kafka(),
        row("The dashboard of a fleet"), *taking_over(),
    ]  # fmt: skip
    return dashboard(
        "rapport-operations",
        "Rapport: operations",
        "Whether Rapport is right, keeps up, and what it takes.",
        panels,
        since="now-3h",
    )


def _right() -> list[Panel]:
    return [
        stat(
            "Ready",
            f"min(engagement_ready{{{OF_JOB}}})",
            "Whether every process is ready to serve.",
            levels=(1, 0.5),
            width=3,
            trend=False,
            words={"0": "no", "1": "yes"},
        ),
        stat(
            "Partitions unowned",
            recorded("job:engagement_partitions:unowned"),
            "Partitions that run nowhere; for seconds while they move.",
            levels=(1, 1.5),
            width=3,
        ),
        stat(
            "Records lost count of",
            recorded("job:engagement_records:conservation_difference"),
            "Records read less those that ended in an outcome: always 0.",
            levels=(0.5, 1),
            width=3,
        ),
        stat(
            "Oldest unprocessed",
            recorded("job:engagement_lag_seconds:max", how="max"),
            "Age of the oldest record that is not processed.",
            unit="s",
            levels=(10, 60),
            width=3,
        ),
        stat(
            "Late",
            f'max(job_outcome:engagement_touchpoints:ratio5m{{{OF_JOB}, outcome="late"}})',
            "Share of records that came after their customer's grace.",
            unit="percentunit",
            levels=(0.01, 0.05),
            width=3,
        ),
        stat(
            "Dead letters",
            increase_shown("engagement_dead_letters_total"),
            "Records that could not be read, within the time shown.",
            levels=(1, 100),
            width=3,
        ),
        stat(
            "Unmapped",
            recorded("job:engagement_touchpoints_unmapped:ratio5m", how="max"),
            "Share of applied touchpoints that no line of the map knows.",
            unit="percentunit",
            levels=(0.2, 0.5),
            width=3,
        ),
        stat(
            "Defects",
            increase_shown("engagement_processing_failures_total"),
            "Failures of Rapport's own code at records, within the time shown.",
            levels=(1, 1.5),
            width=3,
        ),
    ]


def _reading() -> list[Panel]:
    return [
        lines(
            "Records a second, by outcome",
            [Query(recorded("job_outcome:engagement_touchpoints:rate5m", "outcome"), "{{outcome}}")],
            "Each record read ends in exactly one of these.",
            stacked=True,
            colours=OUTCOMES,
        ),
        lines(
            "Records read, scores sent",
            [
                Query(recorded("job:engagement_records_read:rate5m"), "read"),
                Query(f"sum({rate('engagement_scores_emitted_total', 'job')})", "scores sent"),
                Query(f"sum({rate('engagement_transitions_total', 'job')})", "transitions"),
            ],
            "A second.",
            colours={"read": BLUE, "scores sent": GOOD, "transitions": WARN},
        ),
        lines(
            "Dead letters, by reason",
            [
                Query(
                    f"{increase('engagement_dead_letters_total', 'source', 'reason')} > 0",
                    "{{source}} {{reason}}",
                )
            ],
            "`edge`: refused before the log; `log`: found by the processor.",
        ),
        counted(
            "Worth a look in the data",
            {
                "other content under the same id": "engagement_touchpoints_conflicting_total",
                "signals without an amount": "engagement_amounts_missing_total",
                "answers outside their scale": "engagement_answers_refused_total",
                "alerts held back": "engagement_alerts_thinned_total",
                "ids forgotten early": "engagement_ids_evicted_early_total",
                "touchpoints unmapped": "engagement_touchpoints_unmapped_total",
            },
            "None of these is an error of Rapport; each says something about senders or model.",
        ),
    ]


def _keeping_up() -> list[Panel]:
    return [
        lines(
            "Records behind, by partition",
            [Query(by_partition("engagement_lag_records"), "{{job}} {{partition}}")],
            "Records that are stored and not processed.",
        ),
        lines(
            "Age of the oldest of them",
            [Query(by_partition("engagement_lag_seconds"), "{{job}} {{partition}}")],
            "By partition.",
            unit="s",
            levels=(10, 60),
        ),
        lines(
            "From append to effect and output",
            [
                Query(recorded("job:engagement_output_delay_seconds:p50_5m", how="max"), "outputs, p50"),
                Query(recorded("job:engagement_output_delay_seconds:p99_5m", how="max"), "outputs, p99"),
                Query(recorded("job:engagement_processing_delay_seconds:p99_5m", how="max"), "effect, p99"),
            ],
            "Of the first record of each flush and chunk: the others are younger.",
            unit="s",
            colours={"outputs, p50": SKY, "outputs, p99": BLUE, "effect, p99": PURPLE},
        ),
        lines(
            "Busy, by step",
            [Query(recorded("job_step:engagement_step_seconds:rate5m", "step"), "{{step}}")],
            "Seconds a second, of all processes: one core is 1.",
            unit="percentunit",
            stacked=True,
            colours=STEPS,
        ),
        lines(
            "Time of one, p99",
            [
                Query(p99("engagement_chunk_processing_seconds"), "chunk"),
                Query(recorded("job:engagement_flush_seconds:p99_5m", how="max"), "flush"),
                Query(p99("engagement_log_append_seconds"), "append"),
            ],
            "A chunk processed, a flush written, an append made durable.",
            unit="s",
            colours={"chunk": BLUE, "flush": GOOD, "append": WARN},
        ),
        lines(
            "Timers",
            [
                Query(f"sum({by_partition('engagement_timers_due')})", "rows due"),
                Query(f"max({by_partition('engagement_timer_overdue_seconds')})", "overdue, seconds"),
                Query(
                    f"time() - min({by_partition('engagement_figures_timestamp_seconds')})",
                    "age of the figures, seconds",
                ),
            ],
            "What time alone changes waits for a tick; the figures are as of the last instant that is known.",
            colours={"rows due": BLUE, "overdue, seconds": WARN, "age of the figures, seconds": GREY},
        ),
    ]
