"""A real `rapport up` for browser tests: a model with each kind of framework, and people of many kinds."""

import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import msgspec

from tests.cli.process import Up

CROWD = 10_000

MODEL = """
model: seen
version: 3
extends: starter
segments: [traits.plan]
frameworks:
  journey:
    kind: free
    stages:
      browsing: {when: "ever(pricing) or ever(compare)"}
      asking: {upon: demo}
  aarrr:
    kind: flags
    stages:
      activated: {when: "days_active(28d) >= 1"}
      revenue: {when: "ever(purchase)"}
"""

MARKUP = '<img src=x onerror="document.title=1">'
TURNED = "\u202etxt.exe\u200b"
HOSTILE = ["a/b ?#%&", MARKUP, TURNED, "שלום", "x" * 256]


def touchpoint(
    message_id: str, customer_id: str, event: str = "Page Viewed", **fields: Any
) -> dict[str, Any]:
    """Something that happened a moment ago."""
    at = fields.pop("at", None) or datetime.now(UTC) - timedelta(seconds=1)
    given = {"message_id": message_id, "customer_id": customer_id, "event": event}
    return given | {"timestamp": at.isoformat(timespec="milliseconds")} | fields


class Site:
    """The server of the tests; it can go away and come back under the same address."""

    def __init__(self, directory: Path, *, token: str | None = None) -> None:
        model = directory / "seen.yaml"
        model.write_text(MODEL, encoding="utf-8")
        self._data, self._model = directory / "data", str(model)
        self._up = Up(self._data, "--model", self._model, *(("--token", token) if token else ()))
        if token:
            self._up.client.headers["authorization"] = f"Bearer {token}"
        self.url = str(self._up.client.base_url).rstrip("/")
        self._count = 0

    def get(self, path: str, **parameters: Any) -> Any:
        """Ask the API."""
        return self._up.client.get(path, params=parameters).raise_for_status().json()

    def post(self, customer_id: str, event: str = "Page Viewed", **fields: Any) -> None:
        """Post one touchpoint."""
        self._count += 1
        self.post_all([touchpoint(f"one-{self._count}", customer_id, event, **fields)])

    def post_all(self, items: list[dict[str, Any]]) -> None:
        """Post touchpoints."""
        for start in range(0, len(items), 2_500):
            lines = b"\n".join(msgspec.json.encode(item) for item in items[start : start + 2_500])
            answer = self._up.client.post("/v1/touchpoints", content=lines).raise_for_status().json()
            assert answer["refused"] == [], answer["refused"]

    def settle(self) -> None:
        """Wait until everything is processed; asked seldom enough for the rate limit."""
        deadline = time.monotonic() + 60
        while self.get("/v1/status")["behind"] > 0:
            assert time.monotonic() < deadline, "it is still behind"
            time.sleep(0.1)

    def go_away(self) -> None:
        """Stop serving, as a crash would."""
        self.close()

    def come_back(self) -> None:
        """Serve again what was served, under the same address."""
        port = str(urlsplit(self.url).port)
        self._up = Up(self._data, "--port", port, "--model", self._model)

    def close(self) -> None:
        """End it."""
        self._up.client.close()
        self._up.kill()


def people() -> list[dict[str, Any]]:
    """Two weeks of some: one who buys and praises, one who is angry, hostile names, names of a free trial."""
    now = datetime.now(UTC) - timedelta(minutes=1)
    found = [
        touchpoint(f"ada-{day}-{event}", "ada", event, at=now - timedelta(days=day), **fields)
        for day in range(14, -1, -2)
        for event, fields in (
            ("Page Viewed", {"properties": {"path": "/pricing"}, "channel": "web", "source": "shop"}),
            ("Product Shared", {"channel": "social"}),
        )
    ]
    order = {"revenue": 42.5, "quantity": 2}
    found += [
        touchpoint("ada-order", "ada", "Order Completed", at=now, properties=order, channel="web"),
        touchpoint("ada-nps", "ada", "NPS Answered", at=now, properties={"score": 9}),
        touchpoint("bob-demo", "bob", "Products Compared", at=now),
        touchpoint("bob-ask", "bob", "Demo Requested", at=now),
    ]
    angry = {"properties": {"score": 2}, "channel": "email"}
    found += [
        touchpoint(f"angry-{each}", f"angry-{each}", "NPS Answered", at=now, **angry) for each in range(6)
    ]
    found += [
        touchpoint(f"hostile-{number}", name, event, at=now, properties={MARKUP: MARKUP}, source="shop")
        for number, name in enumerate(HOSTILE)
        for event in ("NPS Answered" if number == 0 else MARKUP,)
    ]
    traits = {"kind": "identify", "traits": {"plan": "pro"}}
    return [*found, touchpoint("ada-plan", "ada", "identify", at=now, **traits)]


def crowd() -> list[dict[str, Any]]:
    """So many that no table can hold them all at once."""
    return [touchpoint(f"crowd-{number}", f"crowd-{number:05}") for number in range(CROWD)]
