"""A dashboard: panels, and variables that narrow them. Names of a model are asked for, never written."""

from collections.abc import Sequence
from typing import Final

from deploy.grafana.panels import SOURCE, Json, Panel, place
from deploy.grafana.queries import OF_JOB

SCHEMA: Final = 39


def dashboard(
    uid: str,
    title: str,
    what: str,
    panels: Sequence[Panel],
    *,
    variables: Sequence[Json] = (),
    since: str = "now-24h",
) -> Json:
    """Return a dashboard as Grafana imports it."""
    return {
        "uid": uid,
        "title": title,
        "description": what,
        "tags": ["rapport"],
        "schemaVersion": SCHEMA,
        "version": 1,
        "editable": True,
        "graphTooltip": 1,
        "refresh": "30s",
        "time": {"from": since, "to": "now"},
        "timezone": "browser",
        "links": [
            {
                "type": "dashboards", "tags": ["rapport"], "title": "Rapport", "asDropdown": True,
                "includeVars": True, "keepTime": True,
            }
        ],
        "annotations": {"list": [_firing()]},
        "templating": {"list": [_source(), names("job", "engagement_ready", "job"), *variables]},
        "panels": place(panels),
    }  # fmt: skip


def names(
    name: str, metric: str, label: str, *, label_text: str = "", all_values: bool = True, hidden: bool = False
) -> Json:
    """A variable that holds the values of a label; of all of them, or of one."""
    query = f"label_values({metric}, {label})"
    return {
        "type": "query",
        "name": name,
        "label": label_text or name.capitalize(),
        "datasource": SOURCE,
        "query": {"query": query, "refId": name},
        "definition": query,
        "refresh": 2,
        "sort": 1,
        "multi": all_values,
        "includeAll": all_values,
        "current": {"text": ["All"], "value": ["$__all"]} if all_values else {},
        "hide": 2 if hidden else 0,
    }


def _source() -> Json:
    return {
        "type": "datasource",
        "name": "datasource",
        "label": "Data source",
        "query": "prometheus",
        "current": {"text": "Rapport", "value": "rapport-prometheus"},
        "hide": 0,
    }


def _firing() -> Json:
    """Mark when alerts about Rapport began to fire."""
    return {
        "name": "Alerts about Rapport",
        "datasource": SOURCE,
        "enable": True,
        "iconColor": "#D55E00",
        "expr": 'ALERTS{alertname=~"Rapport.+", alertstate="firing", ' + OF_JOB + "}",
        "titleFormat": "{{alertname}}",
        "textFormat": "{{job}} {{instance}}",
    }
