"""Which scope a request needs: closed by default, whatever way its path is written."""

from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from litestar import Litestar
from litestar.routes import HTTPRoute
from litestar.testing import TestClient

from schemas.http import TokenScope
from streams.dashboard.access import demand, is_page
from streams.dashboard.guard import Admission
from tests.dashboard.asking import OWN_PAGE, Clock, admission, ask, bearer

Serve = Callable[[Admission], TestClient[Litestar]]

INGEST, READ, ADMIN = TokenScope.INGEST, TokenScope.READ, TokenScope.ADMIN
DATA = (b"application/json", b"text/plain", b"text/event-stream", b"application/openmetrics")
OPEN = {"/healthz", "/readyz", "/v1/session"}


@pytest.fixture
def app(serve: Serve, tmp_path: Path) -> Litestar:
    """Return an application that asks for tokens; there is one of each scope."""
    return serve(admission(tmp_path, Clock())).app


@pytest.mark.parametrize(
    ("method", "path", "enough"),
    [
        ("POST", "/v1/touchpoints", {INGEST, ADMIN}),
        ("GET", "/v1/touchpoints", {READ, ADMIN}),
        ("PUT", "/v1/touchpoints", {ADMIN}),
        ("POST", "/v1/touchpoints/", {ADMIN}),
        ("POST", "/V1/touchpoints", {ADMIN}),
        ("GET", "/v1/kpis", {READ, ADMIN}),
        ("HEAD", "/v1/kpis", {READ, ADMIN}),
        ("OPTIONS", "/v1/kpis", {READ, ADMIN}),
        ("GET", "/v1/no/such/route", {READ, ADMIN}),
        ("GET", "/v1", {READ, ADMIN}),
        ("GET", "/v2/kpis", {READ, ADMIN}),
        ("GET", "/metrics", {READ, ADMIN}),
        ("POST", "/v1/alerts/a1/acknowledge", {ADMIN}),
        ("DELETE", "/v1/customers/c1", {ADMIN}),
        ("BREW", "/v1/kpis", {ADMIN}),
        ("POST", "/", {ADMIN}),
        ("POST", "/healthz", {ADMIN}),
        ("OPTIONS", "/", {READ, ADMIN}),
        ("GET", "/healthz", set()),
        ("HEAD", "/readyz", set()),
        ("GET", "/", set()),
        ("GET", "/docs", set()),
        ("GET", "/favicon.ico", set()),
        ("GET", "/assets/app/main.js", set()),
        ("GET", "/customers/a//b%c", set()),
        ("GET", "/v1/session", set()),
        ("DELETE", "/v1/session", set()),
        ("POST", "/v1/session", {READ, ADMIN}),
        ("PUT", "/v1/session", {ADMIN}),
    ],
)
def test_what_is_not_named_asks_for_more(method: str, path: str, enough: set[TokenScope]) -> None:
    """Asking needs `read` and changing needs `admin`, but for the few that are named."""
    assert demand(method, path).enough == enough


@pytest.mark.parametrize(
    "path",
    [
        "//v1/kpis",
        "///metrics",
        "/V1/kpis",
        "/v1",
        "/v1/",
        "/v1.0/kpis",
        "/METRICS",
        "/metrics/",
        "/./v1/kpis",
        "/../v1/kpis",
        "/assets/../v1/kpis",
        "/assets/..",
        "/assets/\\..\\v1",
        "/%76%31/kpis",
        "/ v1/kpis",
        "/;/v1/kpis",
        "v1/kpis",
        "",
        "*",
        "http://127.0.0.1/v1/kpis",
        "/.well-known/x",
        "/\x00v1",
    ],
)
def test_a_path_that_some_router_could_take_for_the_api_is_no_page(path: str) -> None:
    """Doubled slashes, dots, case, encodings left over: only what is plain is open."""
    assert not is_page(path)


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"])
@pytest.mark.parametrize(
    "path",
    [
        "/v1/kpis",
        "//v1/kpis",
        "/v1//kpis",
        "/v1/kpis/",
        "/%76%31/kpis",
        "/v1%2Fkpis",
        "/%2Fv1/kpis",
        "/V1/kpis",
        "/v1/../v1/kpis",
        "/v1/customers/c1",
        "/v1/customers/..%2F..%2Fhealthz",
        "/v1/session/../kpis",
        "/v1/session/",
        "/metrics",
        "//metrics",
        "/metrics?x=/healthz",
        "/v1/openapi.json",
        "/v1/kpis#/healthz",
        "*",
    ],
)
def test_no_way_of_writing_a_path_leads_around_the_token(app: Litestar, method: str, path: str) -> None:
    """Every method, every trick: 401, and a stranger learns nothing about what is there."""
    answer = ask(app, method, path)

    assert answer.status == 401
    assert answer.header(b"content-type") == b"application/problem+json"
    assert answer.header(b"www-authenticate") == b"Bearer"


WORDS = "v1 V1 %76%31 v1%00 metrics Metrics kpis customers c1 why transitions alerts session healthz readyz"
TRICKS = [
    "openapi.json",
    "assets",
    "docs",
    "touchpoints",
    "..",
    ".",
    "",
    " ",
    "%2e%2e",
    "%252e",
    "%2f",
    "%5c",
]
PIECES = st.sampled_from([*WORDS.split(), *TRICKS, "x" * 300, "é"])
PATHS = st.lists(st.tuples(st.sampled_from(["/", "//", "\\", "%2F", "/./"]), PIECES), max_size=6).map(
    lambda parts: "/" + "".join(separator + piece for separator, piece in parts)
)
METHODS = st.sampled_from(["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "BREW"])


@given(method=METHODS, path=PATHS)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=300)
def test_without_a_token_no_request_gets_data(app: Litestar, method: str, path: str) -> None:
    """Whatever is asked for in whatever way is refused, or is a page, or is nothing."""
    answer = ask(app, method, path)

    opened = "/" + "/".join(part for part in path.replace("%2F", "/").split("/") if part) in OPEN
    gives_data = (answer.header(b"content-type") or b"").startswith(DATA)
    assert answer.status == 401 or opened or not gives_data
    assert answer.status < 500


def routes(app: Litestar) -> list[tuple[str, str]]:
    """Return the methods and paths that the application serves beside the page's."""
    served = [route for route in app.routes if isinstance(route, HTTPRoute)]
    return [
        (method, path)
        for route in served
        for method in sorted(route.methods)
        if (path := route.path_format.replace("{", "").replace("}", "")).startswith(("/v1", "/metrics"))
        and not (path == "/v1/session" and method in {"GET", "DELETE"})
    ]


def test_every_route_that_is_served_asks_for_its_scope(app: Litestar) -> None:
    """Also one that comes later: none without a token, none to change with `read`, few with `ingest`."""
    served = routes(app)

    assert ("GET", "/v1/kpis") in served
    assert ("GET", "/metrics") in served
    for method, path in served:
        changing = method in {"POST", "PUT", "PATCH", "DELETE"} and path != "/v1/session"
        assert ask(app, method, path).status == 401, (method, path)
        if path != "/v1/touchpoints":
            assert ask(app, method, path, [bearer(INGEST)]).status == 403, (method, path)
        if changing and path != "/v1/touchpoints":
            assert ask(app, method, path, [bearer(READ), OWN_PAGE]).status == 403, (method, path)


def test_too_small_a_scope_is_told_which_one_is_needed(app: Litestar) -> None:
    """403, and the problem names what was needed and what was brought."""
    read = ask(app, "GET", "/v1/kpis", [bearer(INGEST)])
    change = ask(app, "DELETE", "/v1/customers/c1", [bearer(READ)])

    assert (read.status, change.status) == (403, 403)
    assert read.json()["detail"] == "this needs a token of scope admin or read; that of ingest is ingest"
    assert change.json()["detail"] == "this needs a token of scope admin; that of read is read"


@pytest.mark.parametrize("scope", [READ, ADMIN])
def test_enough_scope_is_let_in(app: Litestar, scope: TokenScope) -> None:
    """`admin` does everything that `read` does."""
    assert ask(app, "GET", "/v1/kpis", [bearer(scope)]).status == 200
    assert ask(app, "GET", "/metrics", [bearer(scope)]).status == 200


@pytest.mark.parametrize("scope", [INGEST, ADMIN])
def test_touchpoints_are_posted_with_ingest_or_admin(app: Litestar, scope: TokenScope) -> None:
    """Let in: the application of this test has no such route, and says so itself."""
    assert ask(app, "POST", "/v1/touchpoints", [bearer(scope)]).status in {404, 405}
    assert ask(app, "POST", "/v1/touchpoints", [bearer(READ)]).status == 403
