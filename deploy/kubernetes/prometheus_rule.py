"""The rules of `deploy/prometheus/rules` as the Prometheus operator takes them: one PrometheusRule.

`python deploy/kubernetes/prometheus_rule.py` writes it anew; a test holds the two against each other.
"""

from pathlib import Path
from typing import Any

import yaml

HERE = Path(__file__).parent
RULES = HERE.parent / "prometheus" / "rules"
WRITTEN = HERE / "components" / "monitoring" / "prometheusrule.yaml"
HEAD = "# Written by deploy/kubernetes/prometheus_rule.py from deploy/prometheus/rules.\n"


def rule(rules: Path = RULES) -> dict[str, Any]:
    """Return the object with the groups of all files, in the order of their names."""
    files = [yaml.safe_load(path.read_text(encoding="utf-8")) for path in sorted(rules.glob("*.yml"))]
    return {
        "apiVersion": "monitoring.coreos.com/v1",
        "kind": "PrometheusRule",
        "metadata": {"name": "rapport"},
        "spec": {"groups": [group for file in files for group in file["groups"]]},
    }


if __name__ == "__main__":
    text = yaml.safe_dump(rule(), sort_keys=False, allow_unicode=True, width=110)
    WRITTEN.write_text(HEAD + text, encoding="utf-8")
