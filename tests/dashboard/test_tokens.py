"""The file of tokens: digests alone, whole or not at all, and refused where it is not what it should be."""

import json
import os
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from schemas.http import TokenScope
from streams.dashboard.tokens import Token, TokensError, change, describe, new_secret, parse, read
from tests.dashboard.asking import NOW_S, SECRETS, tokens

GOOD = {"name": "a", "scope": "read", "sha256": "0" * 64, "session_sha256": "1" * 64}
MADE = {"created": "2026-03-01T00:00:00Z"}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "tokens.json"


def test_what_is_written_is_read(path: Path) -> None:
    """All that is kept of a token comes back, an end included."""
    kept = [
        *tokens(),
        describe(b"s", name="x", scope=TokenScope.READ, expires=datetime(2027, 1, 1, tzinfo=UTC)),
    ]

    change(path, lambda _: kept)

    assert list(read(path)[0]) == kept


def test_no_token_is_in_its_file(path: Path) -> None:
    """Digests alone: neither the token nor anything that a cookie could be made of."""
    change(path, lambda _: tokens())

    content = path.read_bytes()

    assert not any(secret in content for secret in SECRETS.values())


def test_a_token_is_256_random_bits() -> None:
    """Two are never the same; the prefix says what it is where it turns up."""
    made = {new_secret() for _ in range(100)}

    assert len(made) == 100
    assert all(secret.startswith("rapport_") and len(secret) == len("rapport_") + 43 for secret in made)


def test_a_new_file_is_its_owners_alone(path: Path) -> None:
    """0600, whatever the umask."""
    before = os.umask(0)
    try:
        change(path, lambda _: tokens())
    finally:
        os.umask(before)

    assert path.stat().st_mode & 0o777 == 0o600


def test_a_mode_that_somebody_gave_the_file_stays(path: Path) -> None:
    """A group that the server reads by is not locked out by the next token."""
    change(path, lambda _: tokens())
    path.chmod(0o640)

    change(path, lambda before: before[:1])

    assert path.stat().st_mode & 0o777 == 0o640


def test_a_link_to_the_file_stays_a_link(tmp_path: Path, path: Path) -> None:
    """What it points to is replaced."""
    link = tmp_path / "link"
    link.symlink_to(path)

    change(link, lambda _: tokens())

    assert link.is_symlink()
    assert len(read(path)[0]) == 3


def test_the_file_is_replaced_as_a_whole(path: Path) -> None:
    """Who has it open still reads the old one; nothing else is left beside it."""
    change(path, lambda _: tokens())
    with path.open() as opened:
        change(path, lambda _: [])
        old = json.load(opened)

    assert len(old["tokens"]) == 3
    assert read(path)[0] == ()
    assert [each.name for each in path.parent.iterdir()] == ["tokens.json"]


def test_a_change_that_fails_leaves_the_file_as_it_was(path: Path) -> None:
    """A refusal writes nothing."""
    change(path, lambda _: tokens())
    before = path.read_bytes()

    def refuse(_: object) -> list[Token]:
        raise TokensError("no")

    with pytest.raises(TokensError, match="no"):
        change(path, refuse)

    assert path.read_bytes() == before


def test_writers_at_the_same_time_lose_nothing(path: Path) -> None:
    """Each waits for the one before it."""

    def add(number: int) -> None:
        token = describe(str(number).encode(), name=f"t{number}", scope=TokenScope.READ)
        change(path, lambda before: [*before, token])

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(add, range(40)))

    assert {token.name for token in read(path)[0]} == {f"t{number}" for number in range(40)}


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("", "truncated"),
        ("[]", "Expected `object`"),
        ('{"tokens": [{}]}', "missing required field `name`"),
        (json.dumps({"tokens": [], "more": 1}), "unknown field `more`"),
        (json.dumps({"tokens": [{**GOOD, **MADE, "secret": "s"}]}), "unknown field `secret`"),
        (json.dumps({"tokens": [{**GOOD, **MADE, "sha256": "0" * 63}]}), "sha256"),
        (json.dumps({"tokens": [{**GOOD, **MADE, "sha256": "A" * 64}]}), "sha256"),
        (json.dumps({"tokens": [{**GOOD, **MADE, "scope": "root"}]}), "root"),
        (json.dumps({"tokens": [{**GOOD, **MADE, "name": "a.b"}]}), "name"),
        (json.dumps({"tokens": [{**GOOD, **MADE, "name": "a;b"}]}), "name"),
        (json.dumps({"tokens": [{**GOOD, **MADE, "name": "a\n"}]}), "name"),
        (json.dumps({"tokens": [{**GOOD, **MADE, "name": "token"}]}), "only one token named 'token'"),
        (json.dumps({"tokens": [{**GOOD, **MADE}, {**GOOD, **MADE}]}), "only one token named 'a'"),
        (json.dumps({"tokens": [{**GOOD, "created": "2026-03-01T00:00:00"}]}), "timezone"),
    ],
)
def test_a_file_that_is_no_file_of_tokens_is_refused(content: str, words: str) -> None:
    """Nothing is guessed, and the message says where it is wrong."""
    with pytest.raises(TokensError) as refused:
        parse(content.encode(), Path("tokens.json"))

    assert words in str(refused.value)
    assert "tokens.json" in str(refused.value)


def test_a_file_that_cannot_be_read_is_refused(tmp_path: Path, path: Path) -> None:
    """Missing, a directory, or far too large."""
    path.write_bytes(b" " * (1024 * 1024 + 1))

    for bad, words in ((tmp_path / "none", "No such file"), (tmp_path, "Is a directory"), (path, "larger")):
        with pytest.raises(TokensError, match=words):
            read(bad)


def test_a_directory_that_is_not_there_is_said(tmp_path: Path) -> None:
    """The message names the file; no directory is made."""
    with pytest.raises(TokensError, match="cannot be written: No such file"):
        change(tmp_path / "none" / "tokens.json", lambda _: [])


@pytest.mark.parametrize(("before_s", "valid"), [(0.001, True), (0.0, False), (-1.0, False)])
def test_a_token_opens_nothing_from_its_end_on(before_s: float, valid: bool) -> None:
    """Both sides of the instant."""
    end = datetime.fromtimestamp(NOW_S, UTC) + timedelta(seconds=before_s)

    token = describe(b"s", name="a", scope=TokenScope.READ, expires=end)

    assert token.is_valid(NOW_S) is valid


def test_a_token_without_an_end_opens_for_ever() -> None:
    """The default."""
    assert describe(b"s", name="a", scope=TokenScope.READ).is_valid(1e12)
