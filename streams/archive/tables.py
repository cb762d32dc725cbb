"""What was told, as tables of SQLite: the log of one process has them, and the dashboard's file on Kafka."""

from typing import Final

from streams import topics

_TOLD: Final = """
    CREATE TABLE {table} (
        sequence INTEGER PRIMARY KEY AUTOINCREMENT, key BLOB, about TEXT,
        written_ms INTEGER NOT NULL, value BLOB NOT NULL
    )"""

# A table for each topic of which every record is kept for a while, in the order of writing.
TOLD: Final = {
    topics.TRANSITIONS.name: "transitions",
    topics.ALERTS.name: "alerts",
    topics.LATE.name: "late",
    topics.DEAD_LETTERS.name: "dead_letters",
}

# What there was from the first version of the log on.
FIRST_TABLES: Final = {
    **{table: _TOLD.format(table=table) for table in TOLD.values()},
    "scores": """
    CREATE TABLE scores (
        key BLOB PRIMARY KEY, written_ms INTEGER NOT NULL, value BLOB NOT NULL
    )""",
}
FIRST_INDEXES: Final = (
    "CREATE INDEX transitions_by_key ON transitions (key)",
    "CREATE INDEX transitions_by_about ON transitions (about)",
    "CREATE INDEX alerts_by_key ON alerts (key)",
    "CREATE INDEX alerts_by_about ON alerts (about)",
)

# score_points: the scores of each update. alert_book: an alert from its raising on. days: how many moves,
# alerts raised and resolved there were on a UTC day. kpis: the last figures of a partition in an hour.
SECOND_TABLES: Final = {
    "score_points": _TOLD.format(table="score_points"),
    "alert_book": """
    CREATE TABLE alert_book (
        sequence INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, key BLOB NOT NULL,
        about TEXT NOT NULL, severity TEXT NOT NULL, lasting INTEGER NOT NULL,
        written_ms INTEGER NOT NULL, resolved_ms INTEGER,
        raised BLOB NOT NULL, resolved BLOB, acknowledged BLOB
    )""",
    "days": """
    CREATE TABLE days (
        day INTEGER NOT NULL, what TEXT NOT NULL, name TEXT NOT NULL, detail TEXT NOT NULL,
        count INTEGER NOT NULL, PRIMARY KEY (day, what, name, detail)
    )""",
    "kpis": """
    CREATE TABLE kpis (
        partition INTEGER NOT NULL, hour INTEGER NOT NULL, value BLOB NOT NULL,
        PRIMARY KEY (partition, hour)
    )""",
}
# Where two indexes would do, SQLite takes the later one: what chooses more comes later.
SECOND_INDEXES: Final = (
    "CREATE INDEX alert_book_by_severity ON alert_book (severity)",
    "CREATE INDEX alert_book_over ON alert_book (written_ms) WHERE lasting = 0 OR resolved_ms IS NOT NULL",
    "CREATE INDEX score_points_by_key ON score_points (key)",
    "CREATE INDEX alert_book_by_key ON alert_book (key)",
    "CREATE INDEX alert_book_by_about ON alert_book (about)",
    "CREATE INDEX alert_book_unresolved ON alert_book (about, sequence) WHERE resolved_ms IS NULL",
    "CREATE INDEX alert_book_unresolved_by_severity ON alert_book (severity) WHERE resolved_ms IS NULL",
    "CREATE INDEX alert_book_acknowledged ON alert_book (sequence) WHERE acknowledged IS NOT NULL",
)

TABLES: Final = FIRST_TABLES | SECOND_TABLES
INDEXES: Final = FIRST_INDEXES + SECOND_INDEXES
