"""The log of the process: one JSON object per line on standard error."""

import json
import logging
from datetime import UTC, datetime
from typing import Final

LIBRARIES: Final = ("aiokafka", "faust", "mode", "streams")  # Faust logs for subclasses under their modules
EVERY_S: Final = 10.0
MOST_KINDS: Final = 1_000


class JsonLines(logging.Formatter):
    """One JSON object per line: `at`, `level`, `event` and the happening's own fields."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line; text is escaped, so what a tracker sent cannot forge a line."""
        line: dict[str, object] = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "event": record.getMessage(),
        }
        line.update(getattr(record, "fields", {}))
        if record.exc_info:
            line["traceback"] = self.formatException(record.exc_info)
        return json.dumps(line, ensure_ascii=True)


class Seldom(logging.Filter):
    """Lets a library say the same once in ten seconds, and then how often it would have.

    While a broker is away, aiokafka tells of each attempt of each connection: a hundred lines a second.
    """

    def __init__(self) -> None:
        super().__init__()
        self._said: dict[tuple[str, str], tuple[float, int]] = {}  # when, and how often since

    def filter(self, record: logging.LogRecord) -> bool:
        """Return whether the line is to be written."""
        if record.name.partition(".")[0] not in LIBRARIES:
            return True
        kind = record.name, str(record.msg)
        said, since = self._said.get(kind, (float("-inf"), 0))
        if record.created - said < EVERY_S:
            self._said[kind] = said, since + 1
            return False
        if since:
            record.fields = {"repeated": since}
        if len(self._said) >= MOST_KINDS:
            self._said.clear()
        self._said[kind] = record.created, 0
        return True


def log_to_stderr(*, quiet: bool = False) -> None:
    """Send the log of the whole process to standard error, as JSON lines; `quiet` leaves out what is fine."""
    handler = logging.StreamHandler()
    handler.setFormatter(JsonLines())
    handler.addFilter(Seldom())
    logging.basicConfig(level=logging.WARNING if quiet else logging.INFO, handlers=[handler], force=True)
    for library in LIBRARIES:
        logging.getLogger(library).setLevel(logging.WARNING)
