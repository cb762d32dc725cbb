"""Who may talk to the port: every route refuses wrong names, foreign pages and missing tokens."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from httpx import Client
from litestar import Litestar
from litestar.testing import TestClient

from schemas.http import TokenScope
from streams.dashboard.guard import Admission, TurnedAway, check
from streams.dashboard.keyring import Keyring
from streams.dashboard.limits import RequestRate
from streams.dashboard.session import COOKIE, LIFE_S, issue
from streams.dashboard.tokens import change
from streams.instrumentation import Refusal
from tests.dashboard.asking import SECRETS, Clock, admission, ask, bearer, tokens

Serve = Callable[[Admission], TestClient[Litestar]]

ROUTES = [
    "/v1/customers/c1",
    "/v1/customers/c1/why",
    "/v1/transitions",
    "/v1/alerts",
    "/v1/kpis",
    "/metrics",
    "/v1/openapi.json",
    "/v1/no/such/route",
]
PROBES = ["/healthz", "/readyz"]
TOKEN = "a token of enough characters"


@pytest.mark.parametrize("route", ROUTES + PROBES)
@pytest.mark.parametrize(
    "host", ["evil.example", "127.0.0.1.evil.example", "10.0.0.5:8400", "localhost.evil:1"]
)
def test_a_name_that_is_not_ours_is_refused_on_every_route(client: Client, route: str, host: str) -> None:
    """A page that points its own name at 127.0.0.1 (DNS rebinding) sends that name as Host: 421."""
    answer = client.get(route, headers={"Host": host})

    assert answer.status_code == 421
    assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize(
    "host", ["localhost", "localhost:1", "LOCALHOST:8400", "127.0.0.1", "[::1]:8400", "[::1]"]
)
def test_loopback_names_are_ours(client: Client, host: str) -> None:
    """Case and port do not matter: a page cannot make a browser send another name than its own."""
    assert client.get("/healthz", headers={"Host": host}).status_code == 200


@pytest.mark.parametrize("hosts", [[], [b""], [b"127.0.0.1", b"127.0.0.1"]])
def test_a_request_has_exactly_one_host(hosts: list[bytes]) -> None:
    """None, or two that could disagree, is a bad request; test clients cannot send either."""
    scope: Any = {"type": "http", "path": "/healthz", "headers": [(b"host", host) for host in hosts]}

    with pytest.raises(TurnedAway) as refused:
        check(Admission(), Keyring(None, None, clock=lambda: 0.0), scope)

    assert (refused.value.status, refused.value.refusal) == (400, Refusal.HOST)


def test_configured_names_are_ours_and_addresses_only_on_an_open_port(serve: Serve) -> None:
    """A port open to a network is reached by its address; one on loopback never is."""
    named = serve(Admission(hosts=frozenset({"rapport.internal"})))
    opened = serve(Admission(any_address=True))

    assert named.get("/healthz", headers={"Host": "rapport.internal:80"}).status_code == 200
    assert named.get("/healthz", headers={"Host": "10.1.2.3"}).status_code == 421
    assert opened.get("/healthz", headers={"Host": "10.1.2.3:8080"}).status_code == 200
    assert opened.get("/healthz", headers={"Host": "[2001:db8::1]:8080"}).status_code == 200
    assert opened.get("/healthz", headers={"Host": "rapport.internal"}).status_code == 421


@pytest.mark.parametrize("route", ROUTES + PROBES)
@pytest.mark.parametrize(
    "origin",
    [
        "https://evil.example",
        "null",
        "http://localhost:3000",
        "http://127.0.0.1:8401",
        "https://127.0.0.1:8400",
    ],
)
def test_a_page_of_another_origin_is_refused_on_every_route(client: Client, route: str, origin: str) -> None:
    """Any other scheme, name or port is another origin, also on this machine: 403."""
    answer = client.get(route, headers={"Origin": origin})

    assert answer.status_code == 403
    assert answer.headers["content-type"] == "application/problem+json"


def test_a_page_of_our_own_origin_is_served(client: Client) -> None:
    """A page that the port itself served may call it."""
    assert client.get("/healthz", headers={"Origin": "http://127.0.0.1:8400"}).status_code == 200


def test_an_allowed_origin_may_read_answers_of_the_ingest_route_only(serve: Serve) -> None:
    """CORS headers are sent for the ingest route; anything else stays unreadable to the page."""
    client = serve(Admission(origins=frozenset({"https://shop.example"})))
    origin = {"Origin": "https://shop.example"}

    preflight = client.options("/v1/touchpoints", headers=origin | {"Access-Control-Request-Method": "POST"})

    assert preflight.status_code == 204
    assert preflight.headers["access-control-allow-origin"] == "https://shop.example"
    assert "content-type" in preflight.headers["access-control-allow-headers"]
    assert "access-control-allow-origin" not in client.get("/v1/kpis", headers=origin).headers


def test_a_preflight_of_a_foreign_page_is_refused(client: Client) -> None:
    """No CORS header ever goes to an origin that is not allowed."""
    answer = client.options("/v1/touchpoints", headers={"Origin": "https://evil.example"})

    assert answer.status_code == 403
    assert "access-control-allow-origin" not in answer.headers


@pytest.mark.parametrize("route", ROUTES)
@pytest.mark.parametrize(
    "given",
    [None, "Bearer wrong", f"Basic {TOKEN}", f"Bearer {TOKEN}x", f"Bearer {TOKEN[:-1]}", "Bearer", ""],
)
def test_every_route_asks_for_the_token(serve: Serve, route: str, given: str | None) -> None:
    """Also one that does not exist: a stranger learns nothing."""
    client = serve(Admission(token=TOKEN))

    answer = client.get(route, headers={} if given is None else {"Authorization": given})

    assert answer.status_code == 401
    assert answer.headers["www-authenticate"] == "Bearer"
    assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize("scheme", ["Bearer", "bearer"])
def test_the_token_opens(serve: Serve, scheme: str) -> None:
    """The scheme's case does not matter, as HTTP says."""
    client = serve(Admission(token=TOKEN))

    assert client.get("/v1/kpis", headers={"Authorization": f"{scheme} {TOKEN}"}).status_code == 200


@pytest.mark.parametrize("route", PROBES)
def test_probes_need_no_token(serve: Serve, route: str) -> None:
    """An orchestrator asks whether the process lives without a secret."""
    assert serve(Admission(token=TOKEN)).get(route).status_code == 200


def test_an_allowed_origin_may_call_no_other_route(serve: Serve) -> None:
    """It may post touchpoints and nothing else, with a preflight or without, whatever it holds."""
    client = serve(Admission(origins=frozenset({"https://shop.example"}), token=TOKEN))
    headers = {"Origin": "https://shop.example", "Authorization": f"Bearer {TOKEN}"}

    assert client.get("/v1/kpis", headers=headers).status_code == 403
    assert client.options("/v1/kpis", headers=headers).status_code == 403
    assert client.post("/v1/session", headers=headers).status_code == 403


@pytest.mark.parametrize(
    "headers",
    [
        [f"Bearer {TOKEN}", f"Bearer {TOKEN}"],
        [f"Bearer {TOKEN}", "Bearer wrong"],
        [f"Bearer {TOKEN}, Bearer {TOKEN}"],
        [f"Bearer  {TOKEN} x"],
        [f"Bearer\t{TOKEN}"],
        [f"Bearer {TOKEN}\x00"],
    ],
)
def test_two_tokens_are_none_and_half_of_one_neither(serve: Serve, headers: list[str]) -> None:
    """What could be read in two ways is refused."""
    app = serve(Admission(token=TOKEN)).app

    answer = ask(app, "GET", "/v1/kpis", [(b"authorization", each.encode()) for each in headers])

    assert answer.status == 401


@pytest.mark.parametrize("header", [b"host", b"origin", b"authorization", b"cookie", b"x-forwarded-host"])
@pytest.mark.parametrize(
    "value", [b"a\r\nset-cookie: x=1", b"127.0.0.1\nx: y", b"\x00", b"\xff\xfe", b"=" * 10_000]
)
def test_what_a_caller_sends_gets_into_no_header_of_the_answer(
    serve: Serve, header: bytes, value: bytes
) -> None:
    """Even past a server that lets line breaks through: nothing is split, nothing breaks."""
    app = serve(Admission(token=TOKEN, origins=frozenset({"https://shop.example"}))).app

    answer = ask(app, "POST", "/v1/touchpoints", [(header, value)])

    assert answer.status in {400, 401, 403}
    assert {name for name, _ in answer.headers} <= {
        b"cache-control", b"content-length", b"content-type", b"cross-origin-resource-policy",
        b"www-authenticate", b"x-content-type-options",
    }  # fmt: skip
    assert not any(set(written) & set(b"\r\n\0") for header in answer.headers for written in header)


def test_one_caller_too_often_is_told_when_to_come_again(serve: Serve) -> None:
    """429 with Retry-After in whole seconds; after them it is served."""
    clock = Clock()
    app = serve(Admission(rate=RequestRate(1, clock=clock))).app

    statuses = [ask(app, "GET", "/v1/kpis").status for _ in range(4)]
    refused = ask(app, "GET", "/v1/kpis")
    clock.now += 1

    assert statuses == [200] * 4
    assert refused.status == 429
    assert refused.header(b"retry-after") == b"1"
    assert refused.header(b"content-type") == b"application/problem+json"
    assert ask(app, "GET", "/v1/kpis").status == 200


@pytest.mark.parametrize(
    ("method", "path", "metered"),
    [
        ("GET", "/v1/kpis", True),
        ("GET", "/metrics", True),
        ("GET", "/v1/session", True),
        ("DELETE", "/v1/customers/c1", True),
        ("GET", "/healthz", False),
        ("GET", "/readyz", False),
        ("GET", "/assets/a.js", False),
        ("POST", "/v1/touchpoints", False),
    ],
)
def test_probes_the_page_and_touchpoints_are_not_counted(
    serve: Serve, method: str, path: str, metered: bool
) -> None:
    """A tracker is slowed down by the log alone, and a probe by nothing."""
    app = serve(Admission(rate=RequestRate(1, clock=Clock()))).app

    statuses = {ask(app, method, path).status for _ in range(10)}

    assert (429 in statuses) is metered


def test_a_token_pays_for_itself_and_an_address_for_whoever_has_none(serve: Serve, tmp_path: Path) -> None:
    """The holder of a token is served while a stranger at the same address guesses, and is slowed down."""
    kept = admission(tmp_path, Clock())
    app = serve(Admission(tokens=kept.tokens, clock=kept.clock, rate=RequestRate(1, clock=Clock()))).app
    wrong = (b"authorization", b"Bearer guess")

    guesses = [ask(app, "POST", "/v1/touchpoints", [wrong]).status for _ in range(6)]
    elsewhere = ask(app, "POST", "/v1/touchpoints", [wrong], client=("192.0.2.8", 1)).status
    nowhere = ask(app, "GET", "/v1/kpis", client=None).status
    held = [ask(app, "GET", "/v1/kpis", [bearer(TokenScope.READ)]).status for _ in range(5)]

    assert guesses == [401] * 4 + [429] * 2
    assert (elsewhere, nowhere) == (401, 401)
    assert held == [200] * 4 + [429]
    assert ask(app, "GET", "/v1/kpis", [bearer(TokenScope.ADMIN)]).status == 200


@pytest.mark.parametrize("by_cookie", [False, True])
@pytest.mark.parametrize(
    ("revoked", "after_s", "holds"), [(False, LIFE_S - 1, True), (False, LIFE_S, None), (True, 1, False)]
)
def test_who_is_answered_for_long_can_be_asked_whether_it_may_go_on(
    tmp_path: Path, by_cookie: bool, revoked: bool, after_s: int, holds: bool | None
) -> None:
    """An event stream ends with what let it in: the token, or the 12 hours of a cookie alone."""
    clock = Clock()
    kept = admission(tmp_path, clock)
    (token,) = [each for each in tokens() if each.scope == TokenScope.READ]
    cookie = (b"cookie", f"{COOKIE}={issue(token, SECRETS[TokenScope.READ], clock.now)}".encode())
    scope: Any = {
        "type": "http", "method": "GET", "path": "/v1/events", "scheme": "http", "client": None,
        "headers": [(b"host", b"127.0.0.1"), cookie if by_cookie else bearer(TokenScope.READ)],
    }  # fmt: skip
    caller = check(kept, Keyring(None, kept.tokens, clock=clock), scope).caller
    assert caller is not None
    assert caller.holds()

    if revoked:
        change(tmp_path / "tokens.json", lambda _: [])
    clock.now += after_s

    assert caller.holds() is (not by_cookie if holds is None else holds)


def test_refusals_are_counted_by_reason(serve: Serve, tmp_path: Path) -> None:
    """An operator sees who is turned away, and why."""
    kept = admission(tmp_path, Clock())
    rate = RequestRate(1, clock=Clock())
    client = serve(Admission(tokens=kept.tokens, clock=kept.clock, rate=rate))
    read = bearer(TokenScope.READ)
    for _ in range(2):
        ask(client.app, "GET", "/v1/kpis")
    ask(client.app, "DELETE", "/v1/customers/c1", [read])
    ask(client.app, "GET", "/v1/kpis", [(b"origin", b"https://evil.example")])
    for _ in range(4):
        ask(client.app, "GET", "/v1/kpis", [read])

    metrics = ask(client.app, "GET", "/metrics", [bearer(TokenScope.ADMIN)]).body.decode()

    for reason, times in {"token": 2, "scope": 1, "origin": 1, "rate": 1, "host": 0}.items():
        assert f'engagement_requests_refused_total{{reason="{reason}"}} {times}.0' in metrics


def test_answers_are_neither_guessed_at_nor_embedded_nor_kept(client: Client) -> None:
    """What a tracker sent is never taken for a script or a page, and no cache keeps a customer."""
    headers = client.get("/v1/kpis").headers

    assert headers["x-content-type-options"] == "nosniff"
    assert headers["cross-origin-resource-policy"] == "same-origin"
    assert headers["cache-control"] == "no-store"


def test_the_api_describes_itself_without_help_from_elsewhere(client: Client) -> None:
    """OpenAPI is served as JSON; no page that loads scripts from another host is."""
    described = client.get("/v1/openapi.json")

    assert described.status_code == 200
    assert {"/v1/customers/{customer_id}", "/v1/customers/{customer_id}/why", "/v1/kpis"} <= set(
        described.json()["paths"]
    )
    assert client.get("/v1/swagger").status_code == 404
    assert client.get("/schema").status_code == 404
