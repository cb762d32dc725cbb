"""The session cookie: it stands for its token, for so long and no longer, and for nobody else's page."""

from collections.abc import Callable
from datetime import UTC, datetime
from http.cookies import Morsel, SimpleCookie
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from litestar import Litestar
from litestar.testing import TestClient

from schemas.http import TokenScope
from streams.dashboard.guard import Admission
from streams.dashboard.session import COOKIE, LIFE_S, accept, issue, sent
from streams.dashboard.tokens import Token, change, describe
from tests.dashboard.asking import NOW_S, OWN_PAGE, SECRETS, Answer, Clock, admission, ask, bearer, tokens

Serve = Callable[[Admission], TestClient[Litestar]]

INGEST, READ, ADMIN = TokenScope.INGEST, TokenScope.READ, TokenScope.ADMIN
SESSION = "/v1/session"
KEPT = {token.name: token for token in tokens()}


class Port:
    """An application that asks for tokens, its clock, and the file of them."""

    def __init__(self, serve: Serve, directory: Path) -> None:
        self.clock = Clock()
        self.file = directory / "tokens.json"
        self.app = serve(admission(directory, self.clock)).app

    def sign_in(self, scope: TokenScope, *, scheme: str = "http") -> Answer:
        """Ask for a cookie with the token itself."""
        return ask(self.app, "POST", SESSION, [bearer(scope)], scheme=scheme)

    def cookie(self, scope: TokenScope) -> tuple[bytes, bytes]:
        """Return the header that a browser sends after it has signed in."""
        return cookie(morsel(self.sign_in(scope)).value)

    def change_tokens(self, changed: list[Token]) -> None:
        """Write other tokens, and wait until the file is looked at."""
        change(self.file, lambda _: changed)
        self.clock.now += 1


@pytest.fixture
def port(serve: Serve, tmp_path: Path) -> Port:
    return Port(serve, tmp_path)


def cookie(value: str) -> tuple[bytes, bytes]:
    return b"cookie", f"{COOKIE}={value}".encode()


def morsel(answer: Answer) -> Morsel[str]:
    """Return the cookie that an answer sets."""
    written = answer.header(b"set-cookie")
    assert written is not None
    return SimpleCookie(written.decode())[COOKIE]


def test_signing_in_gives_a_cookie_that_no_script_and_no_other_site_can_use(port: Port) -> None:
    """HttpOnly, SameSite=Strict, for the whole port, for 12 hours; over http it cannot be Secure."""
    answer = port.sign_in(READ)
    given = morsel(answer)

    assert answer.status == 200
    assert answer.json() == {"guarded": True, "name": "read", "scope": "read"}
    assert given["httponly"] is True
    assert given["samesite"].lower() == "strict"
    assert given["path"] == "/"
    assert int(given["max-age"]) == LIFE_S
    assert given["domain"] == ""
    assert given["secure"] == ""


def test_over_https_the_cookie_is_secure(port: Port) -> None:
    """It is never sent in the clear."""
    assert morsel(port.sign_in(READ, scheme="https"))["secure"] is True


def test_a_cookie_asks_what_its_token_may_ask(port: Port) -> None:
    """And no more: the scope is the token's."""
    read = port.cookie(READ)

    assert ask(port.app, "GET", "/v1/kpis", [read]).status == 200
    assert ask(port.app, "GET", "/metrics", [read]).status == 200
    assert ask(port.app, "DELETE", "/v1/customers/c1", [read, OWN_PAGE]).status == 403


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
@pytest.mark.parametrize(
    ("origin", "let_in"),
    [
        (None, False),
        (b"null", False),
        (b"https://evil.example", False),
        (b"http://127.0.0.1:8401", False),
        (b"https://127.0.0.1:8400", False),
        (b"http://127.0.0.1:8400", True),
    ],
)
def test_a_change_by_cookie_comes_from_our_own_page(
    port: Port, method: str, origin: bytes | None, let_in: bool
) -> None:
    """A browser sends the cookie by itself, so the page that asks must be named, and be ours."""
    headers = [port.cookie(ADMIN), *([(b"origin", origin)] if origin else [])]

    answer = ask(port.app, method, "/v1/alerts/a1/acknowledge", headers)

    assert (answer.status not in {401, 403}) is let_in


def test_an_allowed_page_may_not_use_the_cookie(serve: Serve, tmp_path: Path) -> None:
    """A shop on the same site may post with a token; what its browser holds is not the shop's."""
    allowed = admission(tmp_path, Clock())
    app = serve(
        Admission(tokens=allowed.tokens, clock=allowed.clock, origins=frozenset({"http://s.example"}))
    ).app
    origin = (b"origin", b"http://s.example")
    held = cookie(issue(KEPT["admin"], SECRETS[ADMIN], NOW_S))

    assert ask(app, "POST", "/v1/touchpoints", [held, origin]).status == 403
    assert ask(app, "POST", "/v1/touchpoints", [bearer(ADMIN), origin]).status in {404, 405}
    assert ask(app, "POST", "/v1/alerts/a1/acknowledge", [bearer(ADMIN), origin]).status == 403


@pytest.mark.parametrize(("after_s", "status"), [(LIFE_S - 1, 200), (LIFE_S, 401)])
def test_a_cookie_lasts_12_hours(port: Port, after_s: int, status: int) -> None:
    """The server sees to it, whatever the browser keeps."""
    held = port.cookie(READ)

    port.clock.now += after_s

    assert ask(port.app, "GET", "/v1/kpis", [held]).status == status


def test_a_cookie_ends_with_its_token(port: Port) -> None:
    """One that has an hour left gives a cookie for an hour."""
    port.change_tokens(tokens(expires=datetime.fromtimestamp(port.clock.now + 3601, UTC)))

    answer = port.sign_in(READ)
    held = cookie(morsel(answer).value)

    assert int(morsel(answer)["max-age"]) == 3600
    port.clock.now += 3600
    assert ask(port.app, "GET", "/v1/kpis", [held]).status == 401


def test_a_cookie_does_not_outlive_a_revoked_token(port: Port) -> None:
    """Nor one of the same name that was made anew."""
    held = port.cookie(READ)
    assert ask(port.app, "GET", "/v1/kpis", [held]).status == 200

    port.change_tokens([describe(b"another", name="read", scope=READ)])
    assert ask(port.app, "GET", "/v1/kpis", [held]).status == 401

    port.change_tokens([])
    assert ask(port.app, "GET", "/v1/kpis", [held]).status == 401


def test_a_cookie_does_not_renew_itself(port: Port) -> None:
    """Only the token itself signs in, so 12 hours are 12 hours."""
    answer = ask(port.app, "POST", SESSION, [port.cookie(READ), OWN_PAGE])

    assert answer.status == 401
    assert answer.header(b"set-cookie") is None


@pytest.mark.parametrize("headers", [[], [(b"authorization", b"Bearer no")], [bearer(INGEST)]])
def test_signing_in_needs_a_token_that_may_ask(port: Port, headers: list[tuple[bytes, bytes]]) -> None:
    """One that only posts has nothing to look at."""
    answer = ask(port.app, "POST", SESSION, headers)

    assert answer.status in {401, 403}
    assert answer.header(b"set-cookie") is None


def test_signing_out_takes_the_cookie_back(port: Port) -> None:
    """Also one that is over; a page of another origin cannot sign anybody out."""
    for held in (port.cookie(READ), cookie("over")):
        answer = ask(port.app, "DELETE", SESSION, [held, OWN_PAGE])

        assert answer.status == 204
        assert morsel(answer).value == ""
        assert int(morsel(answer)["max-age"]) == 0
    foreign = [port.cookie(READ), (b"origin", b"https://evil.example")]
    assert ask(port.app, "DELETE", SESSION, foreign).status == 403


def test_anybody_may_ask_who_it_is(port: Port, client: TestClient[Litestar]) -> None:
    """The page asks before anything else: nobody yet, by cookie, by token, or on a port that is open."""
    nobody = {"guarded": True, "name": None, "scope": None}
    reader = {"guarded": True, "name": "read", "scope": "read"}

    assert ask(port.app, "GET", SESSION).json() == nobody
    assert ask(port.app, "GET", SESSION, [cookie("forged")]).json() == nobody
    assert ask(port.app, "GET", SESSION, [port.cookie(READ)]).json() == reader
    assert ask(port.app, "GET", SESSION, [bearer(READ)]).json() == reader
    assert client.get(SESSION).json() == {"guarded": False, "name": None, "scope": None}


def test_an_open_port_signs_in_without_a_token_and_gives_no_cookie(client: TestClient[Litestar]) -> None:
    """There is nothing that it could stand for."""
    answer = client.post(SESSION)

    assert answer.json() == {"guarded": False, "name": None, "scope": None}
    assert "set-cookie" not in answer.headers


def test_the_setting_signs_in_too(serve: Serve) -> None:
    """The single token is one of scope admin."""
    app = serve(Admission(token="a token of enough characters", clock=Clock())).app
    signed = ask(app, "POST", SESSION, [(b"authorization", b"Bearer a token of enough characters")])

    held = cookie(morsel(signed).value)

    assert signed.json() == {"guarded": True, "name": "token", "scope": "admin"}
    assert ask(app, "GET", "/v1/kpis", [held]).status == 200


GENUINE = issue(KEPT["read"], SECRETS[READ], NOW_S)


def accepted(value: str) -> Token | None:
    return accept(value, KEPT.get, NOW_S)


def test_a_genuine_cookie_is_accepted() -> None:
    """The others of this module differ from it in one thing."""
    assert accepted(GENUINE) == KEPT["read"]


@given(place=st.integers(0, len(GENUINE) - 1), other=st.characters(max_codepoint=0x17F))
def test_a_cookie_changed_at_any_place_is_refused(place: int, other: str) -> None:
    """Name, end, proof and seal: none can be another."""
    changed = GENUINE[:place] + other + GENUINE[place + 1 :]

    assert changed == GENUINE or accepted(changed) is None


@given(st.text(max_size=300))
def test_no_text_is_taken_for_a_cookie(value: str) -> None:
    """And none breaks the check."""
    assert accepted(value) is None


def test_parts_of_several_cookies_make_none() -> None:
    """A reader's cookie does not become an administrator's by its name, end or seal."""
    reader, admin = GENUINE.split("."), issue(KEPT["admin"], SECRETS[ADMIN], NOW_S + 60).split(".")

    for number in range(4):
        mixed = [*reader]
        mixed[number] = admin[number]
        assert accepted(".".join(mixed)) is None
    assert accepted(GENUINE + "\n") is None


def test_a_copy_of_the_file_of_tokens_makes_no_cookie() -> None:
    """Who knows all digests knows no proof; whatever stands in its place is refused."""
    for guess in (KEPT["read"].sha256, KEPT["read"].session_sha256, "0" * 64):
        forged = issue(KEPT["read"], b"guess", NOW_S).split(".")
        forged[2] = guess
        assert accepted(".".join(forged)) is None
    assert accepted(issue(KEPT["read"], b"guess", NOW_S)) is None


@pytest.mark.parametrize(
    ("headers", "value"),
    [
        ([], None),
        ([b""], None),
        ([b"rapport_session=v"], "v"),
        ([b"a=1; rapport_session=v; b=2"], "v"),
        ([b"a=1", b"rapport_session=v"], "v"),
        ([b"rapport_session=v; rapport_session=w"], None),
        ([b"rapport_session=v", b"rapport_session=v"], None),
        ([b"xrapport_session=v"], None),
        ([b"RAPPORT_SESSION=v"], None),
        ([b"rapport_session"], ""),
        ([b'rapport_session="v"'], '"v"'),
        ([b"rapport_session=v=w"], "v=w"),
        ([b"rapport_session=\xff"], "ÿ"),
    ],
)
def test_our_cookie_is_found_among_others_and_only_if_it_is_one(
    headers: list[bytes], value: str | None
) -> None:
    """Two that could disagree are none: another page of this host may have set one."""
    assert sent(headers) == value


def test_a_token_that_was_sent_decides_alone(port: Port) -> None:
    """A bad one is not made good by a cookie, nor are two; another scheme (a proxy's) is not a token."""
    held = port.cookie(READ)

    def status(*headers: tuple[bytes, bytes]) -> int:
        return ask(port.app, "GET", "/v1/kpis", [held, *headers]).status

    assert status((b"authorization", b"Bearer wrong")) == 401
    assert status(bearer(READ), bearer(READ)) == 401
    assert status(bearer(INGEST)) == 403
    assert status((b"authorization", b"Basic cHJveHk6cHJveHk=")) == 200
