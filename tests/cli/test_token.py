"""`rapport token`: made and shown once, listed without secrets, revoked; and what a process makes of it."""

import re
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from prometheus_client import CollectorRegistry

from schemas.http import TokenScope
from streams.cli.main import main
from streams.cli.token import SCOPES
from streams.dashboard.keyring import Keyring, TokenFile
from streams.dashboard.tokens import read
from tests.cli.process import StartUp, Up, run_command
from tests.dashboard.asking import Clock, instrumentation

TOKEN = "a token of enough characters"


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Up]:
    """One process that asks for a token, for the tests that only ask."""
    running = Up(tmp_path_factory.mktemp("guarded") / "data", env={"RAPPORT_TOKEN": TOKEN})
    yield running
    running.client.close()
    running.kill()


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Return where the file of tokens would be; it is not there yet."""
    return tmp_path / "tokens.json"


def rapport_token(*arguments: str | Path, **variables: str) -> Result:
    """Run `rapport token` here."""
    return CliRunner(env=variables).invoke(main, ["token", *map(str, arguments)])


def test_a_token_is_shown_once_and_opens(file: Path) -> None:
    """Standard output is the token alone, so that a script can keep it; the file has none of it."""
    made = rapport_token("add", "wall", "--scope", "read", "--file", file)
    secret = made.stdout.strip()

    (kept,), _ = read(file)
    listed = rapport_token("list", "--file", file)

    assert made.exit_code == 0
    assert re.fullmatch(r"rapport_[\w-]{43}", secret)
    assert "cannot be shown again" in made.stderr
    assert (kept.name, kept.scope, kept.expires) == ("wall", TokenScope.READ, None)
    assert secret not in file.read_text() + listed.output


def test_the_scopes_are_those_of_the_contract() -> None:
    """The list stands in the command too, so that help needs no heavy import."""
    assert list(SCOPES) == list(TokenScope)


@pytest.mark.parametrize(("span", "hours"), [("1h", 1), ("12h", 12), ("90d", 2160), ("52w", 8736)])
def test_a_token_can_be_given_an_end(file: Path, span: str, hours: int) -> None:
    """Counted from when it was made."""
    rapport_token("add", "wall", "--scope", "read", "--expires", span, "--file", file)

    (kept,), _ = read(file)

    assert kept.expires is not None
    assert (kept.expires - kept.created).total_seconds() == hours * 3600


@pytest.mark.parametrize("span", ["0d", "-1d", "1", "d", "1m", "1.5d", "1 d", "100000d", "²d", ""])
def test_an_end_that_is_none_is_refused(file: Path, span: str) -> None:
    """Exit 2, how to write it, and no token is made."""
    ended = rapport_token("add", "wall", "--scope", "read", "--expires", span, "--file", file)

    assert ended.exit_code == 2
    assert "90d" in ended.output
    assert not file.exists()


@pytest.mark.parametrize("name", ["", "a b", "a.b", "-x-", "a\n", "é", "x" * 65, "token", "a;b"])
def test_a_name_that_is_none_is_refused(file: Path, name: str) -> None:
    """Names stand in cookies and answers; `token` is the setting's."""
    ended = rapport_token("add", "--scope", "read", "--file", file, "--", name)

    assert ended.exit_code == 2
    assert not file.exists()


def test_a_name_is_given_once(file: Path) -> None:
    """Who rotates a token revokes the old one, or runs both for a while under two names."""
    rapport_token("add", "wall", "--scope", "read", "--file", file)
    before = file.read_bytes()

    again = rapport_token("add", "wall", "--scope", "admin", "--file", file)

    assert again.exit_code == 2
    assert "revoke it first" in again.output
    assert file.read_bytes() == before


def test_a_revoked_token_is_gone_and_the_others_stay(file: Path) -> None:
    """A misspelt name takes nothing away, and gets a suggestion."""
    for name in ("wall", "shop"):
        rapport_token("add", name, "--scope", "ingest", "--file", file)

    misspelt = rapport_token("revoke", "wal", "--file", file)
    revoked = rapport_token("revoke", "wall", "--file", file)
    unknown = rapport_token("revoke", "zzz", "--file", file)

    assert misspelt.exit_code == 2
    assert "did you mean wall?" in misspelt.output
    assert revoked.exit_code == 0
    assert "there are shop" in unknown.output
    assert [token.name for token in read(file)[0]] == ["shop"]


def test_tokens_are_listed_with_scope_and_end(file: Path) -> None:
    """One a line; nobody has to open the file."""
    rapport_token("add", "wall", "--scope", "read", "--expires", "1h", "--file", file)
    rapport_token("add", "shopkeeper", "--scope", "ingest", "--file", file)

    lines = rapport_token("list", "--file", file).output.splitlines()

    assert re.fullmatch(r"wall        read    made \d{4}-\d\d-\d\d \d\d:\d\d  expires \d{4}-.*", lines[0])
    assert re.fullmatch(r"shopkeeper  ingest  made .*  expires never", lines[1])


def test_the_file_is_the_settings_if_none_is_given(file: Path) -> None:
    """Without either, exit 2 and how to say which."""
    made = rapport_token("add", "wall", "--scope", "read", RAPPORT_TOKENS_FILE=str(file))
    nowhere = rapport_token("list")

    assert made.exit_code == 0
    assert len(read(file)[0]) == 1
    assert nowhere.exit_code == 2
    assert "RAPPORT_TOKENS_FILE" in nowhere.output


@pytest.mark.parametrize("command", [["list"], ["revoke", "a"], ["add", "a", "--scope", "read"]])
def test_a_file_that_is_no_file_of_tokens_is_left_as_it_is(file: Path, command: list[str]) -> None:
    """Exit 1; a slip in --file overwrites nothing."""
    file.write_text("something else\n")

    ended = rapport_token(*command, "--file", file)

    assert ended.exit_code == 1
    assert "no file of tokens" in ended.output
    assert file.read_text() == "something else\n"


def test_a_running_keyring_takes_notice(file: Path) -> None:
    """What the command writes is what the server reads, a second later, revocation included."""
    rapport_token("add", "first", "--scope", "read", "--file", file)
    clock = Clock()
    ring = Keyring(None, TokenFile(file, instrumentation(CollectorRegistry()), clock=clock), clock=clock)

    secret = rapport_token("add", "second", "--scope", "admin", "--file", file).stdout.strip()
    clock.now += 1
    opened = ring.holder(secret.encode())
    rapport_token("revoke", "second", "--file", file)
    clock.now += 1

    assert opened is not None
    assert opened.name == "second"
    assert ring.holder(secret.encode()) is None


def test_a_process_asks_for_the_tokens_of_the_file(start_up: StartUp, file: Path) -> None:
    """The whole way: each scope opens what it should, on an address that others can reach."""
    secrets = {
        scope: rapport_token("add", scope, "--scope", scope, "--file", file).stdout.strip()
        for scope in SCOPES
    }
    up: Up = start_up("--host", "0.0.0.0", env={"RAPPORT_TOKENS_FILE": str(file)})

    def status(method: str, path: str, scope: str) -> int:
        headers = {"authorization": f"Bearer {secrets[scope]}"}
        return up.client.request(method, path, headers=headers, content=b"[]").status_code

    assert up.client.get("/v1/kpis").status_code == 401
    assert status("POST", "/v1/touchpoints", "ingest") == 200
    assert status("POST", "/v1/touchpoints", "read") == 403
    assert status("GET", "/v1/kpis", "ingest") == 403
    assert status("GET", "/v1/kpis", "read") == 200
    assert status("GET", "/v1/kpis", "admin") == 200


@pytest.mark.parametrize(
    ("target", "header", "status"),
    [
        ("/v1/kpis", "", 401),
        ("//v1/kpis", "", 401),
        ("/%76%31/kpis", "", 401),
        ("/healthz/../v1/kpis", "", 401),
        ("/healthz%2F..%2Fv1/kpis", "", 401),
        ("/v1/kpis?/healthz", "", 401),
        ("http://{host}/v1/kpis", "", 401),
        ("*", "", 401),
        ("/v1/kpis", "Authorization : Bearer {token}", 400),
        ("/v1/kpis", "X: y\r\n Authorization: Bearer {token}", 401),
        ("/v1/kpis", "Authorization: Bearer {token}\r\nAuthorization: Bearer {token}", 401),
        ("/healthz", "Host: evil.example", 400),
        ("/healthz", "X: \x00", 400),
        ("/v1/kpis", "authorization: bearer {token}", 200),
    ],
)
def test_what_comes_off_the_wire_finds_no_way_around(
    guarded: Up, target: str, header: str, status: int
) -> None:
    """Sent as it is, past any client that would tidy it up: the server's reading of it is the guard's too."""
    host, _, port = guarded.client.base_url.netloc.decode().partition(":")
    words = {"host": f"{host}:{port}", "token": TOKEN}
    lines = [f"GET {target} HTTP/1.1", "Host: {host}", "Connection: close", *([header] if header else [])]
    request = "".join(f"{line}\r\n" for line in [*lines, ""]).format_map(words)

    with socket.create_connection((host, int(port)), timeout=30) as connection:
        connection.sendall(request.encode("latin-1"))
        answer = connection.makefile("rb").readline()

    assert int(answer.split()[1]) == status


@pytest.mark.parametrize(("scheme", "secure"), [("http", False), ("https", True)])
def test_a_proxy_on_this_machine_says_by_which_scheme_it_was_asked(
    guarded: Up, scheme: str, secure: bool
) -> None:
    """The cookie is Secure where the browser speaks HTTPS, though the proxy speaks HTTP with us."""
    headers = {"authorization": f"Bearer {TOKEN}", "x-forwarded-proto": scheme}

    given = guarded.client.post("/v1/session", headers=headers).headers["set-cookie"]

    assert ("; secure" in given.lower()) is secure
    assert "; httponly" in given.lower()


def test_a_broken_file_of_tokens_stops_the_start(tmp_path: Path, file: Path) -> None:
    """Exit 2 with the setting's name, before anything is made; so does one that is missing."""
    for content in (None, "{"):
        if content is not None:
            file.write_text(content)

        ended = run_command("up", "--data", str(tmp_path / "d"), "--port", "0", RAPPORT_TOKENS_FILE=str(file))

        assert ended.returncode == 2
        assert "tokens_file" in ended.stderr
        assert not (tmp_path / "d").exists()
