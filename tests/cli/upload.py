"""A day of edits, posted to a `rapport up` that is killed and started again; and what is left in the end."""

import gzip
import json
import random
import signal
import socket
import subprocess
import sys
import threading
from collections import defaultdict
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

import httpx
import msgspec

from streams import topics
from streams.model.load import load_model
from streams.runtime.embedded import recovery
from streams.runtime.embedded.reader import LogReader
from streams.runtime.processor import Processor
from streams.testing import canonical_state
from tests.cli.process import START_S, environment, until

MODEL = Path(__file__).parents[1] / "data" / "crash" / "edits_day.yaml"
POST = 150  # edits
FLUSH_MS = 50  # shorter than the default, so that of twenty moments some fall in a flush
RETRY_S = 0.02
ALL = 10**9
AFTERWARDS = timedelta(days=3)  # all that time alone can change has changed by then

Edit = dict[str, Any]


class Kill(NamedTuple):
    """A moment: so long after this post was first sent, or after the start that a kill made necessary."""

    post: int
    delay_s: float
    in_start: bool


def kills(seed: int, posts: int) -> list[Kill]:
    """Return twenty random moments: fifteen over the whole upload, and five in the starts that follow."""
    chance = random.Random(seed)
    moments = [Kill(post, chance.uniform(0, 0.3), False) for post in chance.sample(range(posts), 15)]
    starts = [Kill(moment.post, chance.uniform(0, 3), True) for moment in chance.sample(moments, 5)]
    return sorted(moments + starts, key=lambda kill: (kill.post, kill.in_start))


def edits(file: Path) -> list[Edit]:
    """Return the edits as touchpoints, in the order of time; each was received when it was made."""
    rows = map(json.loads, gzip.decompress(file.read_bytes()).splitlines())
    return [
        {
            "message_id": f"edit-{number}",
            "customer_id": row["user"],
            "event": "Edit",
            "timestamp": row["time"],
            "received_at": row["time"],
            "channel": "community",
            "properties": {name: row[name] for name in ("page", "added", "deleted", "isRobot")},
        }
        for number, row in enumerate(rows)
    ]


class Upload:
    """Posts in order, each until it is answered, to a process that dies at the moments given.

    The process's clock is that of the data: it stands at the first edit of the post under way. So ticks
    come when they like, yet never tell a customer of an instant before all its earlier edits are stored.
    """

    def __init__(self, directory: Path, moments: Sequence[Kill] = ()) -> None:
        directory.mkdir()
        self.data = directory / "data"
        self.deaths = 0
        self.cut_off = 0  # attempts that were sent and not answered
        self.accepted = 0  # items of all answers
        self.sent = 0  # items of all attempts
        self._moments = list(moments)
        self._killer: threading.Timer | None = None
        self._clock = directory / "clock"
        self._log = directory / "log"
        with socket.create_server(("127.0.0.1", 0)) as listener:
            self._port = listener.getsockname()[1]
        self._client = httpx.Client(
            base_url=f"http://127.0.0.1:{self._port}", timeout=START_S, trust_env=False
        )

    def run(self, day: Sequence[Edit]) -> None:
        """Post everything, let three days pass, and end the process tidily."""
        self._set_clock(_moment(day[0]))
        self._process = self._start()
        try:
            last: list[Edit] = []
            for number in range(0, len(day), POST):
                post = list(day[number : number + POST])
                self._set_clock(_moment(post[0]))
                self._arm(number // POST, in_start=False)
                deaths = self.deaths
                self._post(post)
                if self.deaths > deaths and last:
                    self._post(last)  # a sender that was cut off is not sure of its last answer either
                last = post
            while self._killer is not None or self._moments:
                self._arm(ALL, in_start=False)
                if self._killer is not None:
                    self._killer.join()
                self._post(last)

            end = _moment(day[-1]) + AFTERWARDS
            self._set_clock(end)
            grace = timedelta(milliseconds=load_model(str(MODEL)).settings.timer_grace_ms)
            until(lambda: self._known() >= end - grace, deadline_s=60)
            self._process.send_signal(signal.SIGTERM)
            assert self._process.wait(60) == 0, self._told()
        finally:
            self._client.close()
            if self._process.poll() is None:
                self._process.kill()
                self._process.wait(30)

    def _post(self, post: list[Edit]) -> None:
        while True:
            self._revive()
            self.sent += len(post)
            try:
                answer = self._client.post("/v1/touchpoints", json=post)
            except httpx.ConnectError:
                self.sent -= len(post)
                threading.Event().wait(RETRY_S)
                continue
            except httpx.TransportError:
                self.cut_off += 1
                continue
            assert answer.json() == {"accepted": len(post), "refused": []}, answer.text
            self.accepted += len(post)
            return

    def _revive(self) -> None:
        """Start the process again if it was killed."""
        if self._killer is not None and not self._killer.is_alive():
            self._process.wait(30)
            self._killer = None
        code = self._process.poll()
        if code is None:
            return
        assert code == -signal.SIGKILL, f"it ended by itself: {self._told()}"
        self.deaths += 1
        self._process = self._start()
        self._arm(ALL, in_start=True)

    def _arm(self, post: int, *, in_start: bool) -> None:
        """Make the next moment come if it is of this kind and its time is near; one at a time."""
        if self._killer is None and self._moments:
            moment = self._moments[0]
            if moment.in_start == in_start and moment.post <= post:
                self._moments.pop(0)
                self._killer = threading.Timer(moment.delay_s, self._process.kill)
                self._killer.start()

    def _start(self) -> "subprocess.Popen[bytes]":
        arguments = [self._clock, self.data, str(self._port), MODEL]
        with self._log.open("ab") as log:
            return subprocess.Popen(
                [sys.executable, "-m", "tests.cli.clocked_up", *arguments],
                stdout=subprocess.DEVNULL,
                stderr=log,
                env=environment(RAPPORT_FLUSH_INTERVAL_MS=str(FLUSH_MS)),
            )

    def _set_clock(self, now: datetime) -> None:
        written = self._clock.with_suffix(".new")
        written.write_text(str(int(now.timestamp() * 1_000)))
        written.replace(self._clock)

    def _known(self) -> datetime:
        return datetime.fromisoformat(self._client.get("/v1/kpis").json()["as_of"])

    def _told(self) -> str:
        return self._log.read_text()[-2_000:]


class End(NamedTuple):
    """What the data directory holds in the end, read back by the code that every start runs."""

    message_ids: list[str]  # of all touchpoints stored, in the order of the log
    ticks: int
    totals: dict[str, int]
    ticked_ms: int
    states: dict[str, dict[str, object]]
    figures: dict[str, object]
    flows: dict[int, list[Any]]
    transitions: dict[str, list[bytes]]
    alerts: dict[str, list[bytes]]
    scores: dict[str, bytes | None]


def read_end(data: Path) -> End:
    """Return the end of an upload whose process has stopped."""
    model = load_model(str(MODEL))
    reader = LogReader(data)
    stored = [(record.key, msgspec.json.decode(record.value)) for record in reader.read(0, ALL)]
    processor = recovery.restored(reader, lambda: Processor(model))
    assert processor.position == reader.next_offset(), "a tidy stop leaves nothing unread"
    lane = processor.customer_lane
    states = {name: canonical_state(lane, lane.table.index[name]) for name in processor.customers()}
    flows = {
        int(day): [panes[slot].tolist() for panes in lane.flows.panes()]
        for slot, day in enumerate(lane.flows.day)
        if day >= 0
    }
    figures = msgspec.to_builtins(processor.kpis())
    del figures["outcomes"]
    end = End(
        message_ids=[value["message_id"] for key, value in stored if key is not None],
        ticks=sum(key is None for key, _ in stored),
        totals=dict(processor.totals),
        ticked_ms=processor.ticked_ms,
        states=states,
        figures=figures,
        flows=flows,
        transitions=_by_customer(reader.outputs(topics.TRANSITIONS.name, limit=ALL)[0]),
        alerts=_by_customer(reader.outputs(topics.ALERTS.name, limit=ALL)[0]),
        scores={name: reader.score(name) for name in states},
    )
    reader.close()
    return end


def _by_customer(newest_first: list[bytes]) -> dict[str, list[bytes]]:
    """Group outputs by customer, oldest first: their order is promised per customer only."""
    found: dict[str, list[bytes]] = defaultdict(list)
    for value in reversed(newest_first):
        found[msgspec.json.decode(value)["customer_id"]].append(value)
    return dict(found)


def _moment(edit: Edit) -> datetime:
    return datetime.fromisoformat(edit["timestamp"]).astimezone(UTC)
