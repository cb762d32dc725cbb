"""What came in from the topics, into the file: outputs, figures and positions in one transaction.

So a process that is killed repeats nothing and loses nothing: the file says up to where it has read.
"""

import sqlite3
import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Final

from schemas.instants import milliseconds
from schemas.outputs import AlertRaised
from schemas.pages import Acknowledgement
from streams import topics
from streams.archive import figures, outputs
from streams.instrumentation_dashboard import DashboardInstrumentation
from streams.materialised import customers, timeline
from streams.materialised.absence import Absence
from streams.materialised.acknowledgements import Acknowledgements
from streams.materialised.arrival import Arrival, Figures, Gone, Heard, Output, Place, Touch
from streams.materialised.customers import Customers
from streams.materialised.file import FORGETTING, MaterialisedFile
from streams.materialised.repeats import Repeats
from streams.model.definition import Model

HOUR_MS: Final = 3_600_000
EXPIRED_AT_ONCE: Final = 1_000  # beside twice what came in


class Keeping:
    """How long outputs are kept, by topic; None: for ever."""

    def __init__(self, *, outputs_ms: int, touchpoints_ms: int) -> None:
        self.touchpoints_ms = touchpoints_ms
        self.outputs_ms = outputs_ms
        self._of = {topic.name: topic.retention_ms for topic in topics.OUTPUTS} | {
            topics.TRANSITIONS.name: outputs_ms, topics.ALERTS.name: outputs_ms,
        }  # fmt: skip

    def of(self, topic: str) -> int | None:
        """Return for how many milliseconds outputs of a topic are kept."""
        return self._of.get(topic)


class Intake:
    """The one writer of a file, for one model. `clock` is the present instant, in epoch milliseconds.

    other_model: name and version of the model that the last output was made with, if that is not ours.
    figures_taken: rises whenever figures came in. absence: what may have been missed before the start.
    """

    def __init__(
        self,
        file: MaterialisedFile,
        model: Model,
        *,
        keeping: Keeping,
        clock: Callable[[], int],
        instrumentation: DashboardInstrumentation,
    ) -> None:
        self.other_model: str | None = None
        self.figures_taken = 0
        self.customers = Customers(model)
        self._file = file
        self._ours = _model(model.name, model.version)
        self._keeping = keeping
        self._clock = clock
        self._instrumentation = instrumentation
        self._acknowledgements = Acknowledgements()
        self._repeats = Repeats()
        if file.made_anew is not None:
            instrumentation.made_anew(why=file.made_anew)
        with file.writing() as connection:
            if self.customers.prepare(connection):
                instrumentation.reindexed()
            self._repeats.recall(connection)
            self.absence = Absence(connection)

    def positions(self) -> dict[Place, int]:
        """Return up to where each partition is in the file."""
        with self._file.reading() as connection:
            rows = connection.execute("SELECT topic, partition, position FROM positions").fetchall()
        return {(topic, partition): position for topic, partition, position in rows}

    def belong(self, identities: Mapping[str, str]) -> set[str]:
        """See that what is in the file comes from these topics; return those of which it was thrown away."""
        with self._file.reading() as connection:
            rows = connection.execute("SELECT DISTINCT topic, identity FROM positions").fetchall()
        others = {topic for topic, identity in rows if identities.get(topic, identity) != identity}
        for topic in others:
            self.forget(topic, why="the topic was deleted and made anew, or is another one")
        return others

    def forget(self, topic: str, *, why: str) -> None:
        """Throw away what is in the file of a topic: it is to be read from its beginning."""
        with self._file.writing() as connection:
            for statement in FORGETTING[topic]:
                connection.execute(statement)
            connection.execute("DELETE FROM positions WHERE topic = ?", (topic,))
            if topic == topics.SCORES.name:
                self.absence.drop(connection)
        self._repeats.forget(topic)
        self._instrumentation.rebuilding(topic, why=why)

    def look_for_absence(self, *, kept_ms: int) -> bool:
        """See whether deletions, kept for so long, may be gone unread; scores are read again then."""
        with self._file.writing() as connection:
            if not self.absence.is_long(connection, now_ms=self._clock(), kept_ms=kept_ms):
                return False
            self.absence.begin(connection)
            self.absence.took(connection, now_ms=self._clock())
        self._instrumentation.rebuilding(
            topics.SCORES.name, why=f"nothing was taken over for more than {kept_ms // 3_600_000} hours"
        )
        return True

    def caught_up(self) -> None:
        """Everything that was there is taken over: whoever was not among the scores is gone."""
        if self.absence.known:
            with self._file.writing() as connection:
                self.absence.end(connection)

    def take(
        self,
        arrivals: Sequence[Arrival],
        positions: Mapping[Place, int],
        *,
        identities: Mapping[str, str],
    ) -> None:
        """Write what came in, in its order, and up to where each partition is read then."""
        began = time.monotonic()
        taken: Counter[str] = Counter()
        try:
            with self._file.writing() as connection:
                for part in _parted(arrivals):
                    self._take(connection, part, taken)
                connection.executemany(
                    "INSERT INTO positions (topic, partition, position, identity) VALUES (?, ?, ?, ?) "
                    "ON CONFLICT (topic, partition) DO UPDATE SET position = excluded.position, "
                    "identity = excluded.identity",
                    [
                        (topic, partition, position, identities[topic])
                        for (topic, partition), position in positions.items()
                    ],
                )
                self.absence.took(connection, now_ms=self._clock())
                self._expire(connection, most=EXPIRED_AT_ONCE + 2 * len(arrivals))
        except sqlite3.OperationalError:
            with self._file.reading() as connection:
                self._repeats.recall(connection)  # what was not written will come again
            raise
        self._instrumentation.taken(taken, seconds=time.monotonic() - began)
        self.figures_taken += taken[topics.KPIS.name] > 0

    def acknowledge(self, alert_id: str, said: Acknowledgement | None) -> bool:
        """Note durably who looks after an alert; return whether there is such an alert."""
        with self._file.writing(synced=True) as connection:
            return self._acknowledgements.note(connection, alert_id, said, now_ms=self._clock())

    def _take(
        self, connection: sqlite3.Connection, arrivals: Sequence[Arrival], taken: "Counter[str]"
    ) -> None:
        """Write arrivals among which nobody is forgotten, but for a single one who is."""
        told: list[Output] = []
        touches: list[Touch] = []
        latest: dict[tuple[int, int], Figures] = {}  # by partition and hour
        heard: list[bytes] = []
        for each in arrivals:
            match each:
                case Output():
                    taken[each.row.topic] += 1
                    if self._repeats.is_new(each.row.topic, each.identity):
                        told.append(each)
                    else:
                        self._instrumentation.repeated(each.row.topic)
                case Figures():
                    taken[topics.KPIS.name] += 1
                    latest[each.partition, milliseconds(each.kpis.as_of) // HOUR_MS] = each
                case Touch():
                    taken[topics.TOUCHPOINTS.name] += 1
                    touches.append(each)
                case Heard():
                    heard.append(each.key)
                case Gone():
                    taken[each.topic] += 1
                    if each.topic == topics.SCORES.name:
                        customers.forget(connection, each.key)
                    timeline.forget(connection, each.key)
        for of_hour in _by_hour(told):
            written_ms = of_hour[-1].written_ms
            outputs.insert(connection, [each.row for each in of_hour], written_ms=written_ms)
        scored = [(each.row.key or b"", each.scores) for each in told if each.scores is not None]
        self.customers.write(connection, scored)
        self.absence.hear(connection, [*heard, *(key for key, _ in scored)])
        raised = [each.row.told.id for each in told if isinstance(each.row.told, AlertRaised)]
        self._acknowledgements.restore(connection, raised)
        for each in latest.values():
            figures.write(connection, each.partition, each.kpis, now_ms=self._clock())
        if touches:
            timeline.write(connection, touches)
        self._compare_models(told)

    def _compare_models(self, told: Sequence[Output]) -> None:
        """Look whether the newest output is of our model."""
        for each in reversed(told):
            said = each.scores or each.row.told
            if said is not None:
                theirs = _model(said.model, said.model_version)
                other = None if theirs == self._ours else theirs
                if other is not None and other != self.other_model:
                    self._instrumentation.other_model(theirs=theirs, ours=self._ours)
                self.other_model = other
                return

    def _expire(self, connection: sqlite3.Connection, *, most: int) -> None:
        now_ms = self._clock()

        def before_ms(topic: str) -> int | None:
            keep_ms = self._keeping.of(topic)
            return None if keep_ms is None else now_ms - keep_ms

        outputs.expire(connection, before_ms=before_ms, most=most)
        timeline.expire(connection, before_ms=now_ms - self._keeping.touchpoints_ms, most=most)
        self._acknowledgements.expire(connection, before_ms=now_ms - self._keeping.outputs_ms)


def _parted(arrivals: Sequence[Arrival]) -> Iterable[Sequence[Arrival]]:
    """Yield arrivals up to and without one who is to be forgotten, that one alone, and so on."""
    start = 0
    for place, each in enumerate(arrivals):
        if isinstance(each, Gone):
            yield arrivals[start:place]
            yield arrivals[place : place + 1]
            start = place + 1
    yield arrivals[start:]


def _by_hour(told: Sequence[Output]) -> Iterable[list[Output]]:
    """Yield stretches of outputs that were written in the same hour: they expire together."""
    stretch: list[Output] = []
    for each in told:
        if stretch and stretch[-1].written_ms // HOUR_MS != each.written_ms // HOUR_MS:
            yield stretch
            stretch = []
        stretch.append(each)
    if stretch:
        yield stretch


def _model(name: str, version: int) -> str:
    return f"{name} version {version}"
