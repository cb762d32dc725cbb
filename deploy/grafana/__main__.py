"""Write the dashboards: `python -m deploy.grafana`, from the root of the project."""

import json
from pathlib import Path
from typing import Final

from deploy.grafana.engagement import framework, overview
from deploy.grafana.operations import operations
from deploy.grafana.panels import Json

DIRECTORY: Final = Path(__file__).parent / "dashboards"


def dashboards() -> dict[str, Json]:
    """Return all dashboards, by the name of their file."""
    made = (overview(), framework(), operations())
    return {f"{each['uid']}.json": each for each in made}


def text(dashboard: Json) -> str:
    """Return a dashboard as it is committed."""
    return json.dumps(dashboard, indent=2, ensure_ascii=False) + "\n"


def main() -> None:
    """Write them."""
    for name, dashboard in dashboards().items():
        (DIRECTORY / name).write_text(text(dashboard), encoding="utf-8")


if __name__ == "__main__":
    main()
