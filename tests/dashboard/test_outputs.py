"""Lists of outputs over HTTP: narrowed and paged as asked, and never silently otherwise."""

from typing import Any

import pytest
from httpx import Client

from tests.dashboard.conftest import raised, resolved, stage_changed


def test_transitions_are_narrowed_and_paged(client: Client, service: Any) -> None:
    """Newest first; by customer and framework; `next` goes on where a page ended, until nothing is left."""
    service.tell(*(stage_changed(name) for name in ("a", "a/b", "a")))

    first = client.get("/v1/transitions", params={"customer": "a", "framework": "clm", "limit": 1}).json()
    second = client.get("/v1/transitions", params={"customer": "a", "cursor": first["next"]}).json()

    assert [each["customer_id"] for each in first["transitions"] + second["transitions"]] == ["a", "a"]
    assert (first["next"], second["next"]) == ("3", None)
    assert client.get("/v1/transitions", params={"customer": "a/b"}).json()["transitions"] != []
    assert client.get("/v1/transitions", params={"framework": "other"}).json()["transitions"] == []


def test_alerts_are_listed_by_what_became_of_them(client: Client, service: Any) -> None:
    """Open until resolved; an alert that tells of an event is neither."""
    service.tell(raised(1), raised(2), resolved(1), raised(3, alert="bought"))

    def listed(**asked: str) -> list[tuple[str, str]]:
        found = client.get("/v1/alerts", params=asked).json()["alerts"]
        return [(each["raised"]["id"], each["state"]) for each in found]

    assert listed() == [("r3", "event"), ("r2", "open"), ("r1", "resolved")]
    assert listed(state="open") == [("r2", "open")]
    assert listed(state="resolved") == [("r1", "resolved")]
    assert listed(state="event") == [("r3", "event")]
    assert listed(alert="drop", limit="1") == [("r2", "open")]
    assert listed(severity="critical") == []
    assert listed(customer="c2") == []
    assert client.get("/v1/alerts/r1").json()["resolved"]["id"] == "s1"
    assert client.get("/v1/alerts/none").status_code == 404


def test_an_alert_is_acknowledged_and_taken_back(client: Client, service: Any) -> None:
    """Who, when and a note stand beside it; saying it again replaces it; a strange id is no alert."""
    service.tell(raised(1))

    said = client.post("/v1/alerts/r1/acknowledgement", json={"by": "ops", "note": "called"})
    again = client.post("/v1/alerts/r1/acknowledgement", json={"note": "wrote"})

    assert said.json()["acknowledged"] == {"by": "ops", "at": "2026-03-01T12:00:00Z", "note": "called"}
    assert again.json()["acknowledged"]["note"] == "wrote"
    assert client.get("/v1/alerts", params={"acknowledged": "true"}).json()["alerts"] != []
    assert client.delete("/v1/alerts/r1/acknowledgement").json()["acknowledged"] is None
    assert client.get("/v1/alerts", params={"acknowledged": "true"}).json()["alerts"] == []
    assert client.post("/v1/alerts/none/acknowledgement", json={"note": ""}).status_code == 404


@pytest.mark.parametrize("body", [b"", b"[]", b'{"by": "x"}', b'{"note": 1}', b'{"note": "", "x": 1}'])
def test_what_is_no_acknowledgement_is_a_problem(client: Client, service: Any, body: bytes) -> None:
    """Nothing is noted, and the answer says what is wrong."""
    service.tell(raised(1))

    answer = client.post("/v1/alerts/r1/acknowledgement", content=body)

    assert answer.status_code == 400
    assert answer.headers["content-type"] == "application/problem+json"
    assert client.get("/v1/alerts/r1").json()["acknowledged"] is None


@pytest.mark.parametrize("route", ["/v1/transitions", "/v1/alerts"])
@pytest.mark.parametrize(
    "parameters",
    [
        "limit=0",
        "limit=1001",
        "limit=many",
        "cursor=-1",
        "cursor=abc",
        "cursor=",
        "cursor=9999999999999999999",
        "x=1",
        "limit=1&limit=2",
    ],
)
def test_a_bad_parameter_is_a_problem_that_names_it(client: Client, route: str, parameters: str) -> None:
    """Nothing is guessed: a misspelt filter must not list everybody."""
    answer = client.get(f"{route}?{parameters}")

    assert answer.status_code == 400
    assert answer.headers["content-type"] == "application/problem+json"
    assert parameters.partition("=")[0] in answer.json()["detail"]


@pytest.mark.parametrize("limit", [1, 1000])
def test_the_limits_of_limit_are_served(client: Client, limit: int) -> None:
    """One and a thousand are both fine."""
    assert client.get("/v1/alerts", params={"limit": limit}).status_code == 200


def test_a_page_holds_outputs_as_they_are_on_the_topic(client: Client, service: Any) -> None:
    """The same fields and the same type tag as in the record."""
    service.tell(stage_changed("c1"))

    page = client.get("/v1/transitions").json()

    assert page["transitions"][0]["type"] == "stage_changed"
    assert page["transitions"][0]["at"] == "2026-03-01T12:00:00Z"


def test_figures_are_served_whole(client: Client, service: Any) -> None:
    """The figures of the table, as the schema has them."""
    service.known = {"c1", "c2"}

    kpis = client.get("/v1/kpis").json()

    assert (kpis["customers"], kpis["stages"]["clm"]["awareness"]) == (2, 2)
