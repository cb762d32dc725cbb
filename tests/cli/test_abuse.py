"""What nobody should send, sent to the API of a run: it answers with problems, and goes on."""

import json
import socket
from collections.abc import Iterator
from contextlib import suppress
from typing import Any
from urllib.parse import urlsplit

import httpx
import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.http import TokenScope
from streams.dashboard.document import OPERATIONS
from streams.dashboard.feed import happening
from tests.cli.edge import NOON_MS, Edge, touchpoint
from tests.dashboard.asking import OWN_PAGE, Answer, Clock, admission, ask, bearer
from tests.dashboard.conftest import stage_changed

SCRIPT = '<script>alert("x")</script>'
NASTY = [
    SCRIPT,
    '"><img src=x onerror=alert(1)>',
    "'; DROP TABLE transitions; --",
    "../../etc/passwd",
    "%00%0d%0a",
    "\u2028\u2029\u202e",
    "=cmd|' /C calc'!A0",
    "${jndi:ldap://x}",
    "𝒳" * 60,
]
# Control characters are refused, at the edge and by the processor.
BROKEN = ["a\r\nSet-Cookie: stolen=1", "a\nevent: transition\ndata: {}\n\n", "a\x00b", "\x1b[31m"]


@pytest.fixture(scope="module")
def edge(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Edge]:
    opened = Edge(tmp_path_factory.mktemp("edge"))
    posted = [
        touchpoint(n, customer_id=name, event=name, source=name, properties={"path": "/pricing", name: name})
        for n, name in enumerate(NASTY)
    ]
    posted += [
        touchpoint(100 + n, customer_id=name, event="NPS Answered", properties={"score": 1})
        for n, name in enumerate(NASTY)
    ]
    assert opened.client.post("/v1/touchpoints", json=posted).json()["refused"] == []
    opened.settle()
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Edge]:
    directory = tmp_path_factory.mktemp("guarded")
    opened = Edge(directory / "data", admission=admission(directory, Clock()))
    opened.populate(5, 50)
    yield opened
    opened.close()


def is_harmless(answer: Any) -> bool:
    """Whether a browser takes it for nothing but JSON, whatever is in it, and no header was smuggled in."""
    return (
        answer.headers["content-type"] in {"application/json", "application/problem+json"}
        and answer.headers["x-content-type-options"] == "nosniff"
        and "set-cookie" not in answer.headers
        and "stolen" not in answer.headers
    )


@pytest.mark.parametrize("name", NASTY)
def test_text_of_customers_comes_back_as_text(edge: Edge, name: str) -> None:
    """Their ids, events and sources, wherever they are shown: the same text, as JSON that no browser runs"""
    found = edge.client.get("/v1/customers", params={"prefix": name})
    path = "/v1/customers/" + "".join(f"%{byte:02X}" for byte in name.encode())
    view, why = edge.client.get(path), edge.client.get(f"{path}/why")
    touchpoints = edge.client.get(f"{path}/touchpoints")
    transitions = edge.client.get("/v1/transitions", params={"customer": name})
    alerts = edge.client.get("/v1/alerts", params={"customer": name})

    assert [each["customer_id"] for each in found.json()["customers"]] == [name]
    assert (view.json()["customer_id"], why.json()["customer_id"]) == (name, name)
    assert [each["event"] for each in touchpoints.json()["touchpoints"]] == ["NPS Answered", name]
    assert touchpoints.json()["touchpoints"][1]["source"] == name
    assert {each["customer_id"] for each in transitions.json()["transitions"]} == {name}
    assert {each["raised"]["customer_id"] for each in alerts.json()["alerts"]} == {name}
    assert all(map(is_harmless, (found, view, why, touchpoints, transitions, alerts)))


def test_what_is_not_known_is_named_as_text(edge: Edge) -> None:
    """A problem may hold what was asked for: as JSON."""
    for route in ("/v1/customers/", "/v1/alerts/", "/v1/frameworks/"):
        answer = edge.client.get(f"{route}%3Cscript%3Ealert(1)%3C%2Fscript%3E")

        assert answer.status_code == 404
        assert is_harmless(answer)


@pytest.mark.parametrize("name", BROKEN)
def test_control_characters_come_in_nowhere(edge: Edge, name: str) -> None:
    """Neither over HTTP nor by the log: what has them is a dead letter, and nobody is shown under it."""
    posted = edge.client.post("/v1/touchpoints", json=touchpoint(500, customer_id=name))
    edge.log.append([(name.encode(), json.dumps(touchpoint(501, customer_id=name)).encode())], NOON_MS)
    edge.settle()
    found = edge.client.get("/v1/customers", params={"prefix": name})

    assert [each["reason"] for each in posted.json()["refused"]] == ["invalid"]
    assert found.json() == {"customers": [], "next": None}
    assert is_harmless(found)


@pytest.mark.parametrize("name", NASTY + BROKEN)
def test_an_event_of_the_stream_cannot_be_forged_by_a_name(name: str) -> None:
    """A line break in a name is two characters of JSON, so what is told stays on its line."""
    value = msgspec.json.encode(stage_changed(name, to=name))

    written = happening("transition", name.encode(), None, value).written

    assert written.count(b"\n") == 3
    assert b"\r" not in written
    assert json.loads(written.partition(b"data: ")[2])["customer_id"] == name


@pytest.mark.parametrize(
    "path",
    [
        "/v1/customers/..%2f..%2f..%2fetc%2fshadow",
        "/v1/customers/../../etc/shadow",
        "/assets/../../../etc/passwd",
        "/assets/..%2f..%2fpyproject.toml",
        "/assets/%2e%2e/%2e%2e/app.py",
        "/assets/js/..%5c..%5capp.py",
        "/assets//etc/passwd",
        "/assets/index.html",
        "/assets/js",
        "/assets/",
        "/v1/frameworks/..%2f..%2fx/flows",
        "/v1/alerts/..%2fkpis",
        "/assets/plotly.min.js%00.html",
    ],
)
def test_no_path_leads_to_a_file(edge: Edge, path: str) -> None:
    """What is not an address of ours is not there, whatever way it is written."""
    answer = ask(edge.app, "GET", path)

    assert answer.status == 404
    assert b"root:" not in answer.body
    assert answer.header(b"content-type") == b"application/problem+json"


@pytest.mark.parametrize("route", sorted(route for route in OPERATIONS if route.startswith("GET /v1")))
@pytest.mark.parametrize(
    "parameter", ["x" * 60_000, "a=1&" * 5_000, "prefix=" + "a" * 300, "limit=" + "9" * 5_000]
)
def test_oversized_queries_are_refused(edge: Edge, route: str, parameter: str) -> None:
    """With a problem, and quickly."""
    path = route.split()[1].replace("{customer_id}", "a").replace("{alert_id}", "a").replace("{name}", "clm")

    answer = ask(edge.app, "GET", f"{path}?{parameter}")

    if path != "/v1/session":
        assert answer.status == 400
        assert len(answer.body) < 70_000


@given(
    route=st.sampled_from(sorted(route.split()[1] for route in OPERATIONS if route.startswith("GET /v1/"))),
    headers=st.lists(
        st.tuples(
            st.sampled_from(
                [b"origin", b"cookie", b"authorization", b"accept", b"last-event-id", b"x-y", b"host"]
            ),
            st.binary(max_size=40),
        ),
        max_size=4,
    ),
    name=st.text(max_size=20).map(
        lambda text: "".join(f"%{byte:02X}" for byte in text.encode("utf-8", "replace"))
    ),
)
@settings(max_examples=150)
def test_no_header_and_no_name_is_a_defect(
    edge: Edge, route: str, headers: list[tuple[bytes, bytes]], name: str
) -> None:
    """Whatever bytes are in them: refused, not found or answered, never a failure of ours."""
    if route == "/v1/events":
        return
    for placeholder in ("{customer_id}", "{alert_id}", "{name}"):
        route = route.replace(placeholder, name or "a")

    answer = ask(edge.app, "GET", route, headers)

    assert answer.status < 500
    assert answer.header(b"x-content-type-options") == b"nosniff"


def test_a_body_that_is_too_large_is_refused(edge: Edge) -> None:
    """Also one of an acknowledgement; nothing of it is noted."""
    alert = edge.client.get("/v1/alerts").json()["alerts"][0]["raised"]["id"]
    large = {"note": "x" * 11_000_000}

    answer = edge.client.post(f"/v1/alerts/{alert}/acknowledgement", json=large)

    assert answer.status_code == 413
    assert is_harmless(answer)
    assert edge.client.get(f"/v1/alerts/{alert}").json()["acknowledged"] is None


def test_a_body_that_nests_for_ever_is_refused(edge: Edge) -> None:
    """As bad JSON."""
    alert = edge.client.get("/v1/alerts").json()["alerts"][0]["raised"]["id"]

    answer = edge.client.post(f"/v1/alerts/{alert}/acknowledgement", content=b'{"note":' + b"[" * 100_000)

    assert answer.status_code == 400


def answered(edge: Edge, route: str, headers: list[tuple[bytes, bytes]]) -> Answer:
    method, path = route.split()
    for placeholder in ("{customer_id}", "{alert_id}", "{name}"):
        path = path.replace(placeholder, "a")
    return ask(edge.app, method, path, headers)


OPEN = {"GET /healthz", "GET /readyz", "GET /v1/session", "DELETE /v1/session"}


@pytest.mark.parametrize("route", sorted(set(OPERATIONS) - OPEN))
@pytest.mark.parametrize(
    "headers",
    [
        [],
        [(b"authorization", b"Bearer")],
        [(b"authorization", b"Bearer wrong")],
        [(b"authorization", b"Basic dXNlcjpwYXNz")],
        [(b"authorization", b"Bearer a"), (b"authorization", b"Bearer b")],
        [(b"cookie", b"rapport_session=read.9999999999." + b"0" * 64 + b"." + b"0" * 64)],
        [(b"x-forwarded-for", b"127.0.0.1"), (b"x-real-ip", b"127.0.0.1")],
    ],
)
def test_every_route_of_the_document_refuses_who_has_no_token(
    guarded: Edge, route: str, headers: list[tuple[bytes, bytes]]
) -> None:
    """With 401, and nothing said about what is there."""
    answer = answered(guarded, route, headers)

    assert answer.status == 401
    assert answer.header(b"www-authenticate") == b"Bearer"
    assert "detail" in answer.json()


@pytest.mark.parametrize("route", sorted(set(OPERATIONS) - OPEN))
def test_every_route_of_the_document_refuses_a_scope_that_is_too_small(guarded: Edge, route: str) -> None:
    """`ingest` posts touchpoints and nothing else, `read` changes nothing."""
    by_ingest = answered(guarded, route, [bearer(TokenScope.INGEST)]) if "events" not in route else None
    changes = not route.startswith("GET") and route != "POST /v1/session"

    if by_ingest is not None:
        assert (by_ingest.status == 403) == (route != "POST /v1/touchpoints")
    if changes:
        assert answered(guarded, route, [bearer(TokenScope.READ), OWN_PAGE]).status == 403


@pytest.mark.parametrize(
    ("request_", "statuses"),
    [
        (b"GET /v1/kpis HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Large: " + b"x" * 200_000 + b"\r\n\r\n", {b"400"}),
        (b"GET /v1/kpis?" + b"x" * 200_000 + b" HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n", {b"400"}),
        (b"GET /v1/kpis HTTP/1.1\r\nHost: 127.0.0.1\r\nX-A: a\rb\r\n\r\n", {b"400"}),
        (b"GET /v1/kpis HTTP/1.1\r\nHost: 127.0.0.1\r\n" + b"X-Many: x\r\n" * 20_000 + b"\r\n", {b"400"}),
        (b"GET http://evil.example/v1/kpis HTTP/1.1\r\nHost: evil.example\r\n\r\n", {b"421"}),
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", {b"400"}),  # TLS
        (b"GET /v1/kpis HTTP/9.9\r\n\r\n", {b"400"}),
        (b"POST /v1/touchpoints HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: -5\r\n\r\n", {b"400"}),
        (
            b"POST /v1/touchpoints HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 4\r\n"
            b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /v1/kpis HTTP/1.1\r\nHost: evil.example\r\n\r\n",
            {b"200", b"400"},
        ),
    ],
)
def test_what_is_no_request_is_refused_on_the_wire(
    edge: Edge, wire: tuple[str, int], request_: bytes, statuses: set[bytes]
) -> None:
    """Too large, broken or two in one: refused, nothing for another host, and the next is served."""
    with socket.create_connection(wire, timeout=30) as connection:
        said = b""
        with suppress(OSError):  # it does not read to the end what it refuses
            connection.sendall(request_)
            connection.shutdown(socket.SHUT_WR)
        with suppress(OSError):
            while part := connection.recv(65_536):
                said += part

    lines = [line.split(b" ")[1] for line in said.split(b"\r\n") if line.startswith(b"HTTP/1.1 ")]
    assert set(lines[:1]) <= statuses
    assert set(lines[1:]) <= {b"400", b"421"}
    assert httpx.get(f"http://{wire[0]}:{wire[1]}/readyz", trust_env=False).status_code == 200


@pytest.fixture(scope="module")
def wire(edge: Edge) -> Iterator[tuple[str, int]]:
    with edge.served() as url:
        address = urlsplit(url)
        yield address.hostname or "", address.port or 0
