"""The demo as one sees it: history played in, the live view with its keys, and a summary at the end."""

import time
from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import Final

import msgspec
from rich.console import Console
from rich.live import Live
from rich.progress import BarColumn, Progress, TextColumn

from schemas.instants import instant
from schemas.outputs import AlertRaised, AlertResolved, StageChanged
from streams.cli.demo_company import HISTORY_DAYS, OPENING_MS, STRIDE_MS, Company
from streams.demo.clock import FastClock
from streams.demo.diary import Diary, Feed
from streams.demo.keys import Keys
from streams.demo.life import DAY_MS
from streams.demo.snapshot import Snapshot, alert_line, movement, score_figure, stage_bars
from streams.demo.view import render

_FRAME_S: Final = 0.25
_TURN_S: Final = 0.6  # so long a new line stands first in its list
_NAMED_S: Final = 20.0  # so long the footer names the same customer
_PAGE: Final = 50
_CHANGES: Final = msgspec.json.Decoder(StageChanged)
_ALERTS: Final = msgspec.json.Decoder(AlertRaised | AlertResolved)


class Show:
    """A company, what the view remembers of it, and the clock that it lives by."""

    def __init__(self, company: Company, *, speed: float, directory: Path, ended: Callable[[], bool]) -> None:
        self.company = company
        self.framework = company.model.frameworks[0].name if company.model.frameworks else ""
        self._directory = directory
        self._ended = ended
        self._clock = FastClock(company.now_ms, speed=speed)
        self._diary = Diary(company.model.scores[0].name if company.model.scores else None)
        self._moves: Feed[StageChanged] = Feed(lambda move: f"{move.from_stage} {move.to_stage}")
        self._alerts: Feed[AlertRaised] = Feed(lambda alert: alert.alert)
        self._known: set[str] = set()  # ids of outputs that the feeds were offered
        self._turned = float("-inf")
        self._somebody, self._named = "CUSTOMER", float("-inf")
        self._page = ""
        self._fed: deque[tuple[float, int]] = deque(maxlen=12)

    def play_history(self, console: Console) -> float:
        """Play the days before the view opens; return the seconds that it took."""
        end_ms = OPENING_MS + HISTORY_DAYS * DAY_MS
        started = time.perf_counter()
        columns = (
            TextColumn("Playing {task.total} days of history"),
            BarColumn(),
            TextColumn("{task.fields[what]}"),
        )
        with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
            task = bar.add_task("history", total=HISTORY_DAYS, what="")
            while self.company.now_ms < end_ms and not self._ended():
                self.company.play(min(self.company.now_ms + STRIDE_MS, end_ms))
                self._diary.note(self.company.kpis(), self.company.now_ms)
                done = (self.company.now_ms - OPENING_MS) // DAY_MS
                bar.update(task, completed=done, what=f"{self.company.played:,} touchpoints")
        self._clock.set(self.company.now_ms)
        return time.perf_counter() - started

    def live_for(self, seconds: float) -> None:
        """Let the company live for so many seconds, without a view."""
        end = time.monotonic() + seconds
        self._clock.set(self.company.now_ms)
        while time.monotonic() < end and not self._ended():
            self._live_on()
            time.sleep(max(0.0, min(_FRAME_S, end - time.monotonic())))

    def live_before_eyes(self, console: Console, *, page: str) -> None:
        """Show the live view until the user ends it; `page` is where the same is in the browser."""
        self._page = page
        self._clock.set(self.company.now_ms)
        with Keys() as keys, Live(console=console, screen=True, auto_refresh=False) as live:
            while not self._ended():
                began = time.monotonic()
                self._live_on()
                live.update(render(self.snapshot(), console.width, console.height), refresh=True)
                for key in keys.pressed(within_s=_FRAME_S - (time.monotonic() - began)):
                    if key in "qQ\x04":
                        return
                    self._obey(key)

    def snapshot(self) -> Snapshot:
        """Return what there is to see now."""
        kpis, model = self.company.kpis(), self.company.model
        self._diary.note(kpis, self.company.now_ms)
        somebody = self.somebody()
        moves, alerts = self._moves.shown(), self._alerts.shown()
        return Snapshot(
            model=f"{model.name} v{model.version}",
            now=instant(self.company.now_ms),
            pace=self._clock.speed,
            customers=kpis.customers,
            touchpoints=kpis.outcomes.get("applied", 0),
            touchpoints_per_second=self._rate(),
            framework=self.framework,
            stages=stage_bars(model, self.framework, kpis, self._diary),
            movements=tuple(map(movement, moves)),
            moves_today=sum(kpis.transitions.get(self.framework, {}).values()),
            alerts=tuple(map(alert_line, alerts)),
            alerts_open=sum(kpis.alerts_open.values()),
            alerts_today=sum(kpis.alerts_raised.values()),
            score=score_figure(model, kpis, self._diary),
            page=self._page,
            hint=f"rapport explain {somebody} --data {self._directory}",
        )

    def somebody(self) -> str:
        """Return the id of a customer who moved lately; the same for a while, so that it can be copied."""
        self._watch()
        moves = self._moves.shown()
        if moves and time.monotonic() >= self._named + _NAMED_S:
            self._somebody, self._named = moves[0].customer_id, time.monotonic()
        return self._somebody

    def _live_on(self) -> None:
        """Let happen what the clock says; a machine that cannot keep up with it makes the clock wait."""
        wanted_ms = self._clock.now_ms()
        until_ms = min(wanted_ms, self.company.now_ms + 2 * DAY_MS)
        self._fed.append((time.monotonic(), self.company.play(until_ms)))
        if until_ms < wanted_ms:
            self._clock.set(until_ms)

    def _obey(self, key: str) -> None:
        match key:
            case " ":
                self._clock.pause()
            case "+" | "=":
                self._clock.change(1.5)
            case "-":
                self._clock.change(1 / 1.5)

    def _watch(self) -> None:
        """Read what was told lately, and show one more of it when the last has been seen long enough."""
        queries = self.company.log.queries
        changes = queries.transitions(framework=self.framework, limit=_PAGE)[0]
        moves = [_CHANGES.decode(body) for body in changes]
        alerts = [_ALERTS.decode(body) for body in queries.alerts(limit=_PAGE)[0]]
        raised = [alert for alert in alerts if isinstance(alert, AlertRaised)]
        fresh_moves = [move for move in moves if move.id not in self._known]
        fresh_alerts = [alert for alert in raised if alert.id not in self._known]
        if not self._known:  # the view opens: begin with a few lines
            self._moves.begin(fresh_moves)
            self._alerts.begin(fresh_alerts)
        self._known = {move.id for move in moves} | {alert.id for alert in raised}
        self._moves.offer(fresh_moves)
        self._alerts.offer(fresh_alerts)
        if time.monotonic() >= self._turned + _TURN_S:
            self._turned = time.monotonic()
            self._moves.turn()
            self._alerts.turn()

    def _rate(self) -> float:
        """Return touchpoints per real second, over the last frames."""
        if len(self._fed) < 2:
            return 0.0
        return sum(count for _, count in list(self._fed)[1:]) / max(self._fed[-1][0] - self._fed[0][0], 0.001)
