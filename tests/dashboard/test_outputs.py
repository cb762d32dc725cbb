"""Lists of outputs over HTTP: narrowed and paged as asked, and never silently otherwise."""

from typing import Any

import pytest
from httpx import Client

from streams.dashboard.service import PageQuery


@pytest.mark.parametrize(("route", "name"), [("/v1/transitions", "framework"), ("/v1/alerts", "alert")])
def test_filters_cursor_and_limit_reach_the_log(client: Client, service: Any, route: str, name: str) -> None:
    """What is asked is what is looked up; without parameters, the newest hundred."""
    client.get(route)
    client.get(route, params={"customer": "a/b", name: "x", "limit": 7, "cursor": "17"})

    assert service.queries == [
        PageQuery(limit=100),
        PageQuery(limit=7, before=17, customer="a/b", name="x"),
    ]


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
    ],
)
def test_a_bad_parameter_is_a_problem_that_names_it(
    client: Client, service: Any, route: str, parameters: str
) -> None:
    """Nothing is guessed: a misspelt filter must not list everybody."""
    answer = client.get(f"{route}?{parameters}")

    assert answer.status_code == 400
    assert answer.headers["content-type"] == "application/problem+json"
    assert parameters.partition("=")[0] in answer.json()["detail"]
    assert service.queries == []


@pytest.mark.parametrize("limit", [1, 1000])
def test_the_limits_of_limit_are_served(client: Client, limit: int) -> None:
    """One and a thousand are both fine."""
    assert client.get("/v1/alerts", params={"limit": limit}).status_code == 200


def test_a_page_holds_outputs_as_they_are_on_the_topic(client: Client) -> None:
    """The same fields and the same type tag as in the record, and the cursor of what is older."""
    page = client.get("/v1/transitions").json()

    assert page["next"] == "17"
    assert page["transitions"][0]["type"] == "stage_changed"
    assert page["transitions"][0]["at"] == "2026-03-01T12:00:00Z"


def test_figures_are_served_whole(client: Client, service: Any) -> None:
    """The figures of the table, as the schema has them."""
    service.known = {"c1", "c2"}

    kpis = client.get("/v1/kpis").json()

    assert (kpis["customers"], kpis["stages"]["clm"]["awareness"]) == (2, 2)
