"""What is said with every answer: to a browser that shows a page, and to a cache."""

from typing import Any

import pytest

from streams.dashboard.guard import Admission, Guard
from streams.dashboard.headers import Header
from tests.dashboard.asking import Answer, ask


def answer_with(*headers: Header) -> Answer:
    """Ask a guarded application that answers with these headers."""

    async def app(_scope: Any, _receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": list(headers)})
        await send({"type": "http.response.body", "body": b"x", "more_body": False})

    def told(*_: object) -> None:
        raise AssertionError("nothing is refused here")

    return ask(Guard(app, Admission(), told), "GET", "/")


def test_a_page_runs_only_what_the_port_itself_serves() -> None:
    """No script in the page, none from elsewhere, no frame around it, no address told to others."""
    page = answer_with((b"content-type", b"text/html; charset=utf-8"))

    policy = (page.header(b"content-security-policy") or b"").decode().split("; ")

    assert dict(part.split(" ", 1) for part in policy) == {
        "default-src": "'none'",
        "script-src": "'self'",
        "style-src": "'self' 'unsafe-inline'",
        "img-src": "'self' data: blob:",
        "connect-src": "'self'",
        "font-src": "'self'",
        "base-uri": "'none'",
        "form-action": "'self'",
        "frame-ancestors": "'none'",
    }
    assert page.header(b"referrer-policy") == b"no-referrer"
    assert page.header(b"x-content-type-options") == b"nosniff"


@pytest.mark.parametrize("kind", [b"application/json", b"text/javascript", b"text/event-stream"])
def test_what_is_no_page_carries_no_policy(kind: bytes) -> None:
    """It is said where it means something."""
    assert answer_with((b"content-type", kind)).header(b"content-security-policy") is None


def test_an_answer_is_kept_by_a_cache_only_if_its_route_says_so() -> None:
    """Data never is; a script of the page may be, if it is asked about each time."""
    assert answer_with().header(b"cache-control") == b"no-store"
    assert (
        answer_with((b"Cache-Control", b"no-cache"), (b"ETag", b'"1"')).header(b"cache-control")
        == b"no-cache"
    )
