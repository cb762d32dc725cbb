"""Customers by stage and score: a table of what their latest scores say, with a column for each name.

Its columns are those of the model in use, so another model has it made anew of the scores, which stay.
"""

import sqlite3
from collections.abc import Iterable, Sequence
from typing import Final

import msgspec

from schemas.outputs import ScoreUpdated
from schemas.pages import CustomerLine, CustomerPage
from streams.archive import alert_book
from streams.model.definition import Framework, Model
from streams.runtime.search import CustomerQuery, UnknownName

STRETCH: Final = 20_000  # customers looked at for one page, where no index holds what is asked for
FEW: Final = 2_000  # so many are found by their score and put in order
AT_ONCE: Final = 5_000
_PAST_ANY_TEXT: Final = b"\xff"  # a byte that UTF-8 does not have
_FACT: Final = "customers"

decode: Final = msgspec.json.Decoder(ScoreUpdated).decode


class Customers:
    """The table `customers` for one model."""

    def __init__(self, model: Model) -> None:
        self._frameworks = {each.name: (number, each) for number, each in enumerate(model.frameworks)}
        self._places = {
            each.name: {stage.name: place for place, stage in enumerate((*each.stages, *each.exits))}
            for each in model.frameworks
        }
        self._scores = {each.name: number for number, each in enumerate(model.scores)}
        columns = ["key"]
        columns += [f"stage_{number}" for number in range(len(model.frameworks))]
        columns += [f"score_{number}" for number in range(len(model.scores))]
        changed = ", ".join(f"{name} = excluded.{name}" for name in columns[1:])
        self._insert = (
            f"INSERT INTO customers ({', '.join(columns)}) VALUES ({', '.join('?' * len(columns))}) "
            f"ON CONFLICT (key) DO {f'UPDATE SET {changed}' if changed else 'NOTHING'}"
        )
        self.statements = [*self._table(columns), *self._indexes()]

    def _table(self, columns: Sequence[str]) -> Iterable[str]:
        declared = ", ".join(
            f"{name} {'INTEGER' if name.startswith('stage') else 'REAL'}" for name in columns[1:]
        )
        separator = ", " if declared else ""
        yield f"CREATE TABLE customers (key BLOB PRIMARY KEY{separator}{declared}) WITHOUT ROWID"

    def _indexes(self) -> Iterable[str]:
        for number, framework in self._frameworks.values():
            if framework.kind != "flags":
                yield f"CREATE INDEX customers_stage_{number} ON customers (stage_{number}, key)"
                continue
            for place in self._places[framework.name].values():
                yield (
                    f"CREATE INDEX customers_stage_{number}_{place} ON customers (key) "
                    f"WHERE stage_{number} & {1 << place}"
                )
        for number in self._scores.values():
            yield f"CREATE INDEX customers_score_{number} ON customers (score_{number})"

    def prepare(self, connection: sqlite3.Connection) -> bool:
        """See that the table is this model's; return whether it had to be made of the scores."""
        wanted = "\n".join([*self.statements, repr(self._places), repr(self._scores)])
        row = connection.execute("SELECT value FROM facts WHERE name = ?", (_FACT,)).fetchone()
        if row == (wanted,):
            return False
        connection.execute("DROP TABLE IF EXISTS customers")
        for statement in self.statements:
            connection.execute(statement)
        found = connection.execute("SELECT key, value FROM scores ORDER BY key")
        while rows := found.fetchmany(AT_ONCE):
            self.write(connection, [(key, decode(value)) for key, value in rows])
        connection.execute("INSERT OR REPLACE INTO facts (name, value) VALUES (?, ?)", (_FACT, wanted))
        return True

    def write(self, connection: sqlite3.Connection, updates: Iterable[tuple[bytes, ScoreUpdated]]) -> None:
        """Enter what customers' latest scores say."""
        connection.executemany(self._insert, [self._row(key, update) for key, update in updates])

    def _row(self, key: bytes, update: ScoreUpdated) -> tuple[object, ...]:
        stages = [self._stage(framework, update) for _, framework in self._frameworks.values()]
        return (key, *stages, *(update.scores.get(name) for name in self._scores))

    def _stage(self, framework: Framework, update: ScoreUpdated) -> int:
        """Return a customer's stage by its place, -1 for none; of flags a bit for each that is held."""
        places = self._places[framework.name]
        if framework.levels:  # only the highest is told, and it lies on those below
            highest = update.levels.get(framework.name)
            return (2 << places[highest]) - 1 if highest in places else 0
        held = update.stages.get(framework.name)
        if framework.kind == "flags":
            return sum(1 << places[each] for each in held or () if each in places)
        return places.get(held, -1) if isinstance(held, str) else -1

    def find(self, connection: sqlite3.Connection, query: CustomerQuery) -> CustomerPage:
        """Return a page of customers in the order of their ids.

        Raises:
            UnknownName: the model has no such framework, stage or score.
        """
        source, conditions = "customers AS c", self._between(query)
        if query.framework is not None and query.stage is not None:
            index, condition = self._of_stage(query.framework, query.stage)
            source += f" INDEXED BY {index}"
            conditions.append((condition, ()))
        end: bytes | None = None
        if query.score is not None:
            number = _place(self._scores, query.score, "score")
            low, high = _or(query.low, float("-inf")), _or(query.high, float("inf"))
            if query.stage is None and self._are_few(connection, number, low, high):
                source += f" INDEXED BY customers_score_{number}"
                conditions.append((f"c.score_{number} BETWEEN ? AND ?", (low, high)))
            else:
                end = _end_of_stretch(connection, source, conditions)
                conditions.append((f"+c.score_{number} BETWEEN ? AND ?", (low, high)))
                if end is not None:
                    conditions.append(("c.key <= ?", (end,)))
        rows = connection.execute(
            f"SELECT s.value FROM {source} CROSS JOIN scores AS s ON s.key = c.key "
            f"WHERE {_where(conditions)} ORDER BY c.key LIMIT ?",
            (*_values(conditions), query.limit + 1),
        ).fetchall()
        lines = [self._line(decode(value)) for (value,) in rows[: query.limit]]
        if len(rows) > query.limit:
            return CustomerPage(customers=lines, next=lines[-1].customer_id)
        return CustomerPage(customers=lines, next=None if end is None else end.decode())

    def scores_of(self, update: ScoreUpdated) -> dict[str, float | None]:
        """Return all scores of the model; an update leaves out those that are absent."""
        return {name: update.scores.get(name) for name in self._scores}

    def _line(self, update: ScoreUpdated) -> CustomerLine:
        return CustomerLine(
            customer_id=update.customer_id,
            as_of=update.at,
            scores=self.scores_of(update),
            levels=update.levels,
            stages=update.stages,
        )

    def _between(self, query: CustomerQuery) -> "list[_Condition]":
        """Return which ids: those that begin with the prefix, after the last page."""
        prefix = query.prefix.encode()
        found: list[_Condition] = []
        if prefix:
            found.append(("c.key >= ? AND c.key < ?", (prefix, prefix + _PAST_ANY_TEXT)))
        if query.after is not None:
            found.append(("c.key > ?", (query.after.encode(),)))
        return found

    def _of_stage(self, framework: str, stage: str) -> tuple[str, str]:
        """Return the index by which customers of a stage are found, and their condition."""
        number, chosen = self._frameworks[_known(self._frameworks, framework, "framework")]
        place = _place(self._places[framework], stage, "stage")
        if chosen.kind == "flags":
            return f"customers_stage_{number}_{place}", f"c.stage_{number} & {1 << place}"
        return f"customers_stage_{number}", f"c.stage_{number} = {place}"

    def _are_few(self, connection: sqlite3.Connection, number: int, low: float, high: float) -> bool:
        (count,) = connection.execute(
            f"SELECT count(*) FROM (SELECT 1 FROM customers WHERE score_{number} BETWEEN ? AND ? LIMIT ?)",
            (low, high, FEW + 1),
        ).fetchone()
        return bool(count <= FEW)


_Condition = tuple[str, Sequence[object]]


def forget(connection: sqlite3.Connection, key: bytes) -> None:
    """Forget what is known of a customer now; what was told stays for as long as it is kept."""
    for table in ("customers", "scores", "score_points"):
        connection.execute(f"DELETE FROM {table} WHERE key = ?", (key,))
    alert_book.forget(connection, key)


def _end_of_stretch(
    connection: sqlite3.Connection, source: str, conditions: Sequence[_Condition]
) -> bytes | None:
    """Return the last of the ids to be looked at for this page, None if that is all of them."""
    row = connection.execute(
        f"SELECT c.key FROM {source} WHERE {_where(conditions)} ORDER BY c.key LIMIT 1 OFFSET ?",
        (*_values(conditions), STRETCH - 1),
    ).fetchone()
    return None if row is None else bytes(row[0])


def _where(conditions: Sequence[_Condition]) -> str:
    return " AND ".join(text for text, _ in conditions) or "TRUE"


def _values(conditions: Sequence[_Condition]) -> list[object]:
    return [value for _, values in conditions for value in values]


def _known(names: Iterable[str], name: str, kind: str) -> str:
    if name not in names:
        raise UnknownName(f"there is no {kind} {name!r}; there are: {', '.join(names) or 'none'}")
    return name


def _place(places: dict[str, int], name: str, kind: str) -> int:
    return places[_known(places, name, kind)]


def _or(value: float | None, otherwise: float) -> float:
    return otherwise if value is None else value
