"""Panels about what Rapport runs on: state and disk, the port, Kafka."""

from deploy.grafana.panels import BAD, GREY, PURPLE, WARN, Panel, Query, lines, phases, stat, table
from deploy.grafana.queries import OF_JOB, by_partition, increase, p99, rate, recorded


def counted(title: str, metrics: dict[str, str], what: str, *, width: int = 12) -> Panel:
    """Return a panel of rare happenings, as numbers within each step."""
    queries = [Query(increase(metric), name) for name, metric in metrics.items()]
    return lines(title, queries, what, width=width)


def state() -> list[Panel]:
    """Return panels about what is kept, in memory and on disk."""
    return [
        lines(
            "Memory of the tables",
            [Query(recorded("job_subject:engagement_table_bytes:sum", "subject"), "{{subject}}")],
            "Rows and message ids, by kind of subject.",
            unit="bytes",
            width=8,
        ),
        lines(
            "Rows and ids",
            [
                Query(
                    f"sum by (subject) ({by_partition('engagement_table_rows', 'subject')})", "{{subject}}"
                ),
                Query(f"sum({by_partition('engagement_ids_remembered')})", "message ids"),
            ],
            "What is kept of subjects, and to find duplicates.",
            width=8,
        ),
        lines(
            "Stored state",
            [
                Query(recorded("job:engagement_state_stored_bytes:sum"), "stored"),
                Query(f"sum({by_partition('engagement_state_live_bytes')})", "were it written once"),
            ],
            "Flushes that hold the state; what they repeat goes with the next compaction.",
            unit="bytes",
            width=8,
        ),
        lines(
            "State written",
            [Query(f"sum({rate('engagement_flush_bytes_total', 'job')})", "flushes")],
            "Bytes a second.",
            unit="Bps",
            width=8,
        ),
        lines(
            "Embedded log and its disk",
            [
                Query(f"engagement_log_bytes{{{OF_JOB}}}", "log {{instance}}"),
                Query(f"engagement_disk_free_bytes{{{OF_JOB}}}", "free {{instance}}"),
            ],
            "Of `rapport up`.",
            unit="bytes",
            width=8,
        ),
        stat(
            "Disk free",
            recorded("job_instance:engagement_disk_free:ratio", how="min"),
            "Of `rapport up`.",
            unit="percentunit",
            levels=(0.2, 0.1),
            width=8,
        ),
    ]


def port() -> list[Panel]:
    """Return panels about the HTTP port, and what runs."""
    return [
        lines(
            "Items posted a second, by result",
            [Query(f"{rate('engagement_ingest_items_total', 'result')} > 0", "{{result}}")],
            "Of `rapport up`.",
            width=8,
        ),
        lines(
            "Requests refused, by reason",
            [
                Query(
                    f"{increase('engagement_requests_refused_total', 'reason')} > 0",
                    "{{reason}}",
                )
            ],
            "Turned away as a whole; the sender was told why.",
            width=8,
        ),
        counted(
            "Trouble",
            {
                "appends that failed": "engagement_log_append_failures_total",
                "files of tokens that cannot be used": "engagement_tokens_unreadable_total",
            },
            "Somebody has to look at each.",
            width=8,
        ),
        table(
            "Version",
            Query(f"engagement_build_info{{{OF_JOB}}}", instant=True, format="table"),
            "What runs where.",
            hidden=["Value"],
            width=8,
            height=6,
        ),
        table(
            "Model",
            Query(f"engagement_model_info{{{OF_JOB}}}", instant=True, format="table"),
            "By which rules; all instances of a job should agree.",
            hidden=["Value"],
            width=16,
            height=6,
        ),
    ]


def kafka() -> list[Panel]:
    """Return panels about workers on Kafka."""
    return [
        phases(
            "Partitions that run",
            Query(
                f'max by (partition) (engagement_partition_phase{{{OF_JOB}, phase="running"}})',
                "{{partition}}",
            ),
            "Where nothing is shown, nobody has the partition.",
            width=12,
        ),
        lines(
            "Partitions, by what they do",
            [
                Query(f"sum by (phase) (engagement_partition_phase{{{OF_JOB}}})", "{{phase}}"),
                Query(f"max(engagement_partitions{{{OF_JOB}}})", "in all"),
            ],
            "Of all workers.",
            width=12,
            height=7,
            step=True,
        ),
        lines(
            "Recovery: changelog records still to read",
            [Query(f"engagement_recovery_remaining_records{{{OF_JOB}}} > 0", "{{partition}}")],
            "By partition that is taken over.",
            width=8,
        ),
        lines(
            "Take-overs",
            [Query(p99("engagement_take_over_seconds"), "p99")],
            "Time to take a partition over.",
            unit="s",
            width=8,
        ),
        lines(
            "Flushes and take-overs that failed",
            [
                Query(
                    increase("engagement_flush_failures_total", "verdict"),
                    "{{verdict}}",
                )
            ],
            "By what was done about it. `fenced`: the partition has another owner.",
            width=8,
            colours={"fenced": GREY, "again": WARN, "refused": BAD, "defect": PURPLE},
        ),
        counted(
            "The group",
            {
                "assignments": "engagement_rebalances_total",
                "commits refused": "engagement_group_commits_refused_total",
            },
            "Offsets of the group only show lag; the changelog decides where to read on.",
            width=8,
        ),
        lines(
            "Clock skew",
            [Query(f"engagement_clock_skew_seconds{{{OF_JOB}}}", "{{instance}}")],
            "How far the broker's clock is ahead of a worker's, as last seen.",
            unit="s",
            width=8,
        ),
        stat(
            "Outputs come",
            f"min(engagement_transactions{{{OF_JOB}}})",
            "Whether flushes are transactions.",
            width=8,
            trend=False,
            words={"0": "at least once", "1": "exactly once"},
        ),
        lines(
            "Other people's topics: touchpoints taken over a second",
            [Query(rate("engagement_normalised_touchpoints_total", "topic"), "{{topic}}")],
            "By topic of `normalise`.",
            width=8,
        ),
        lines(
            "Other people's topics: records behind",
            [
                Query(
                    f"sum by (topic) ({by_partition('engagement_normalise_lag_records', 'topic')})",
                    "{{topic}}",
                )
            ],
            "Not taken over yet.",
            width=8,
        ),
        lines(
            "Other people's topics: records missed",
            [
                Query(
                    increase("engagement_normalise_missed_records_total", "topic"),
                    "{{topic}}",
                )
            ],
            "Expired unread: nobody has them any more.",
            width=8,
        ),
    ]
