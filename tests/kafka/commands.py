"""Commands as a user runs them: a process of its own, with the settings in its environment."""

import os
import subprocess
import sys
from collections.abc import Mapping

from tests.kafka.broker import Broker
from tests.kafka.conftest import Fresh

COMMAND = "from streams.cli.main import main; main()"
LONG_S = 90


def environment(broker: Broker, fresh: Fresh, /, **settings: object) -> dict[str, str]:
    """Return the settings for one test's own names; `partitions=3` is RAPPORT_PARTITIONS."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "PYTHONPATH") if name in os.environ}
    chosen = {"broker": broker.bootstrap, "app": fresh.app, "topic_prefix": fresh.prefix, "partitions": 3}
    return kept | {f"RAPPORT_{name.upper()}": str(value) for name, value in (chosen | settings).items()}


def rapport(variables: Mapping[str, str], *arguments: object) -> "subprocess.CompletedProcess[str]":
    """Run a command to its end, on a page wide enough that no sentence is broken."""
    return subprocess.run(
        [sys.executable, "-c", COMMAND, *map(str, arguments)],
        env={**variables, "COLUMNS": "400"},
        capture_output=True,
        text=True,
        timeout=LONG_S,
        check=False,
    )
