"""The dashboards about customers: everybody at a glance, and one framework in depth."""

from typing import Final

from deploy.grafana.dashboard import dashboard, names
from deploy.grafana.panels import BAD, SKY, WARN, Json, Query, bars, heat, lines, row, stat, table
from deploy.grafana.queries import OF_JOB, increase_shown, recorded

FRAMEWORK: Final = f'{OF_JOB}, framework="$framework"'
SEVERITIES: Final = {"info": SKY, "warning": WARN, "critical": BAD}


def _per_hour(metric: str, by: str, of: str = OF_JOB) -> str:
    return f"sum by ({by}) (rate({metric}{{{of}}}[$__rate_interval])) * 3600"


def overview() -> Json:
    """Everybody at a glance."""
    active = recorded("job_days:engagement_customers_active:ratio", "job", "days", how="max")
    everybody = f"sum(job:engagement_customers:sum{{{OF_JOB}}})"
    panels = [
        row("Now"),
        stat("Customers", everybody, "Everybody about whom there was a touchpoint.", width=4),
        stat(
            "New today",
            f"sum(job:engagement_customers_new_today:sum{{{OF_JOB}}})",
            "First seen since midnight UTC.",
            width=4,
        ),
        *(
            stat(
                title,
                f'sum(job_days:engagement_customers_active:sum{{{OF_JOB}, days="{days}"}}) / {everybody}',
                f"Share of customers who did something within {span} (UTC).",
                unit="percentunit",
                width=4,
            )
            for title, days, span in (
                ("Active today", "1", "this day"),
                ("Active this week", "7", "seven days"),
                ("Active this month", "28", "28 days"),
            )
        ),
        stat(
            "Alerts open",
            f"sum(job_alert:engagement_alerts_open:sum{{{OF_JOB}}})",
            "State alerts about customers that are open now.",
            width=4,
        ),
        row("Where customers are"),
        bars(
            "$framework",
            Query(
                f"sum by (stage) (job_framework_stage:engagement_customers_in_stage:sum{{{FRAMEWORK}}})",
                "{{stage}}",
                instant=True,
            ),
            "Customers in each stage now. Of flags a customer may hold several.",
            repeat="framework",
        ),
        row("How engaged they are"),
        lines(
            "Mean scores",
            [Query(f"avg by (score) (job_score:engagement_score:mean{{{OF_JOB}}})", "{{score}}")],
            "Over the customers that have the score; 0 to 100.",
        ),
        lines(
            "Share of customers who are active",
            [Query(active, "{{job}} {{days}} days")],
            "Who did something within so many UTC days, today included.",
            unit="percentunit",
        ),
        heat(
            "Distribution of $score",
            f'sum by (le) (job_score_le:engagement_score_bucket:sum{{{OF_JOB}, score="$score"}})',
            "Customers by score, ten points a band: the darker, the more.",
            repeat="score",
        ),
        row("What happens"),
        lines(
            "Moves an hour, by framework",
            [
                Query(
                    f"{recorded('job_framework:engagement_transitions:rate5m', 'framework')} * 3600",
                    "{{framework}}",
                )
            ],
            "Customers who changed stage.",
        ),
        lines(
            "Alerts raised an hour, by severity",
            [
                Query(
                    f"{recorded('job_alert_severity:engagement_alerts_raised:rate5m', 'severity')} * 3600",
                    "{{severity}}",
                )
            ],
            "Alerts about customers; those about Rapport are on the operations dashboard.",
            colours=SEVERITIES,
        ),
        bars(
            "Open, by alert",
            Query(
                recorded("job_alert:engagement_alerts_open:sum", "alert"),
                "{{alert}}",
                instant=True,
            ),
            "State alerts; event alerts are never open.",
        ),
        bars(
            "Raised, by alert",
            Query(
                increase_shown("engagement_alerts_raised_total", "alert"),
                "{{alert}}",
                instant=True,
            ),
            "Within the time shown.",
        ),
        bars(
            "Resolved, by alert",
            Query(
                increase_shown("engagement_alerts_resolved_total", "alert"),
                "{{alert}}",
                instant=True,
            ),
            "Within the time shown.",
        ),
        row("Touchpoints of today"),
        bars(
            "By signal",
            Query(
                recorded("job_signal:engagement_signal_touchpoints_today:sum", "signal"),
                "{{signal}}",
                instant=True,
            ),
            "Since midnight UTC; a touchpoint may carry several signals.",
            width=6,
            height=10,
        ),
        bars(
            "Amounts by signal",
            Query(
                f"sum by (signal) (job_signal:engagement_signal_amount_today:sum{{{OF_JOB}}}) > 0",
                "{{signal}}",
                instant=True,
            ),
            "Since midnight UTC, in the signal's own unit.",
            width=6,
            height=10,
        ),
        bars(
            "By type",
            Query(
                recorded("job_type:engagement_type_touchpoints_today:sum", "type"),
                "{{type}}",
                instant=True,
            ),
            "Since midnight UTC; `none` has no type, or no line of the map.",
            width=6,
            height=10,
        ),
        bars(
            "By channel",
            Query(
                recorded("job_channel:engagement_channel_touchpoints_today:sum", "channel"),
                "{{channel}}",
                instant=True,
            ),
            "Since midnight UTC.",
            width=6,
            height=10,
        ),
        row("Answers"),
        lines(
            "Mean answer",
            [Query(f"avg by (question) (job_question:engagement_answers:mean{{{OF_JOB}}})", "{{question}}")],
            "Over the answers that stand, on the question's own scale.",
            width=8,
        ),
        bars(
            "Answers that stand",
            Query(
                recorded("job_question:engagement_answers:sum", "question"),
                "{{question}}",
                instant=True,
            ),
            "One a customer and question, within the question's window.",
            width=6,
        ),
        bars(
            "Answers by value",
            Query(
                f"avg by (question, value) (job_question_value:engagement_answers:ratio{{{OF_JOB}}})",
                "{{question}} {{value}}",
                instant=True,
            ),
            "Share of each whole value.",
            unit="percentunit",
            width=10,
        ),
    ]
    variables = [
        names("framework", "engagement_customers_in_stage", "framework", hidden=True),
        names("score", "engagement_score_gcount", "score", hidden=True),
    ]
    return dashboard(
        "rapport-overview",
        "Rapport: engagement",
        "Customers, their stages, scores, answers and alerts.",
        panels,
        variables=variables,
    )


def framework() -> Json:
    """One framework in depth."""
    in_stage = f"sum by (stage) (job_framework_stage:engagement_customers_in_stage:sum{{{FRAMEWORK}}})"
    moves = f"sum by (from_stage, to_stage) (increase(engagement_transitions_total{{{FRAMEWORK}}}[$__range]))"
    panels = [
        bars(
            "Share of customers",
            Query(
                f"avg by (stage) (job_framework_stage:engagement_customers_in_stage:ratio{{{FRAMEWORK}}})",
                "{{stage}}",
                instant=True,
            ),
            "Of flags a customer may hold several, so shares may exceed one in all.",
            unit="percentunit",
            width=8,
            height=10,
            top=1,
        ),
        bars(
            "Time in stage, mean",
            Query(
                f"avg by (stage) (job_framework_stage:engagement_stage_dwell_seconds:mean{{{FRAMEWORK}}})",
                "{{stage}}",
                instant=True,
            ),
            "How long the customers who are in a stage have been there. Flags have none.",
            unit="s",
            width=8,
            height=10,
        ),
        table(
            "Moves",
            Query(f"{moves} > 0", instant=True, format="table"),
            "How many went from where to where within the time shown; `none` is before the first stage.",
            names={"from_stage": "from", "to_stage": "to", "Value": "moves"},
            width=8,
            height=10,
        ),
        lines(
            "Customers by stage",
            [Query(in_stage, "{{stage}}")],
            "Everybody, over time.",
            width=24,
            height=9,
            stacked=True,
        ),
        lines(
            "Came in, an hour",
            [Query(_per_hour("engagement_transitions_total", "to_stage", FRAMEWORK), "{{to_stage}}")],
            "Moves into each stage.",
            width=12,
        ),
        lines(
            "Went out, an hour",
            [Query(_per_hour("engagement_transitions_total", "from_stage", FRAMEWORK), "{{from_stage}}")],
            "Moves out of each stage.",
            width=12,
        ),
    ]
    variables = [names("framework", "engagement_customers_in_stage", "framework", all_values=False)]
    return dashboard(
        "rapport-framework",
        "Rapport: framework",
        "The stages of one framework, and the moves between them.",
        panels,
        variables=variables,
        since="now-7d",
    )
