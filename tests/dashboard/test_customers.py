"""One customer over HTTP: ids are text, whatever is in them, and errors are problems."""

from typing import Any

import pytest
from httpx import Client


@pytest.mark.parametrize(
    ("path", "customer_id"),
    [
        ("c1", "c1"),
        ("a/b", "a/b"),
        ("a%2Fb", "a/b"),
        ("a%2Fwhy", "a/why"),
        ("a//b/", "a//b/"),
        ("%2E%2E", ".."),
        ("J%C3%BCrgen%20M", "Jürgen M"),
        ("50%25", "50%"),
        ("a+b", "a+b"),
        ("why", "why"),
        ("%3Fx%23", "?x#"),
    ],
)
def test_an_id_in_a_path_is_decoded_text(client: Client, service: Any, path: str, customer_id: str) -> None:
    """The id that was asked for is the id that is found, slashes and signs included, for both routes."""
    service.known = {customer_id}

    view = client.get(f"/v1/customers/{path}")
    why = client.get(f"/v1/customers/{path}/why")

    assert (view.status_code, view.json()["customer_id"]) == (200, customer_id)
    assert (why.status_code, why.json()["customer_id"]) == (200, customer_id)
    assert "scores" in why.json()
    assert "stages" in view.json()


@pytest.mark.parametrize("ending", ["", "/why"])
def test_an_unknown_customer_is_a_problem_that_names_it(client: Client, ending: str) -> None:
    """404 says which id was looked for, after decoding."""
    answer = client.get(f"/v1/customers/no%2Fone{ending}")

    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json() == {
        "title": "Not Found",
        "status": 404,
        "detail": "nothing is known about customer 'no/one'",
    }


@pytest.mark.parametrize(("path", "status"), [("%FF", 400), ("/why", 404)])
def test_an_id_that_is_no_text_or_empty_is_a_problem(client: Client, path: str, status: int) -> None:
    """Bytes that are not UTF-8 are the caller's mistake; no id is no customer."""
    answer = client.get(f"/v1/customers/{path}")

    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"


def test_a_page_may_end_at_the_longest_id(client: Client, service: Any) -> None:
    """256 characters of four bytes each: what `next` says is taken back."""
    longest = "\U0001f600" * 256
    service.known = {longest}
    cursor = client.get("/v1/customers").json()["next"]

    answer = client.get("/v1/customers", params={"cursor": cursor})

    assert answer.status_code == 200, answer.text
    assert service.queries[-1].after == longest
