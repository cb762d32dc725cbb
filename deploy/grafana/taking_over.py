"""The panels about `rapport dashboard`, which takes over what a fleet tells on Kafka."""

from deploy.grafana.machinery import counted
from deploy.grafana.panels import Panel, Query, lines
from deploy.grafana.queries import OF_JOB, p99, rate


def taking_over() -> list[Panel]:
    """How far a dashboard is, and what it left out."""
    return [
        lines(
            "Outputs taken over a second",
            [Query(rate("engagement_dashboard_records_total", "topic"), "{{topic}}")],
            "By topic, into the file of a dashboard.",
        ),
        lines(
            "Outputs not taken over yet",
            [Query(f"max by (topic) (engagement_dashboard_lag_records{{{OF_JOB}}})", "{{topic}}")],
            "By topic; the furthest behind, where there are several dashboards.",
        ),
        lines(
            "Commits",
            [Query(p99("engagement_dashboard_commit_seconds"), "p99")],
            "Time to write what came at once into the file.",
            unit="s",
            width=8,
        ),
        lines(
            "Size of the file",
            [Query(f"max by (job) (engagement_dashboard_file_bytes{{{OF_JOB}}})", "{{job}}")],
            "With its write-ahead log.",
            unit="bytes",
            width=8,
        ),
        counted(
            "Left out, and read again",
            {
                "repeated": "engagement_dashboard_repeated_records_total",
                "unreadable": "engagement_dashboard_unreadable_records_total",
                "expired unread": "engagement_dashboard_missed_records_total",
                "topics read again": "engagement_dashboard_rebuilds_total",
            },
            "Repeats come from workers without transactions.",
            width=8,
        ),
    ]
