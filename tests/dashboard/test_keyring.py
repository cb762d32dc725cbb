"""Tokens rotate while the server runs, and a broken file locks nobody out."""

import logging
import os
from datetime import UTC, datetime
from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry

from schemas.http import TokenScope
from streams.dashboard.keyring import Keyring, TokenFile
from streams.dashboard.tokens import TokensError, change, describe
from tests.dashboard.asking import SECRETS, Clock, instrumentation, tokens

READ = SECRETS[TokenScope.READ]
UNREADABLE = "engagement_tokens_unreadable_total"


class Kept:
    """A file of tokens and the keyring by it; `clock` decides when the file is looked at."""

    def __init__(self, directory: Path) -> None:
        self.path = directory / "tokens.json"
        self.clock = Clock()
        self.registry = CollectorRegistry()
        change(self.path, lambda _: tokens())
        file = TokenFile(self.path, instrumentation(self.registry), clock=self.clock)
        self.ring = Keyring(None, file, clock=self.clock)

    def opens(self, secret: bytes) -> bool:
        """Return whether a token is valid, after long enough to look at the file."""
        self.clock.now += 1
        return self.ring.holder(secret) is not None

    def unreadable(self) -> float | None:
        """Return how often the file could not be used."""
        return self.registry.get_sample_value(UNREADABLE)


@pytest.fixture
def kept(tmp_path: Path) -> Kept:
    return Kept(tmp_path)


def test_a_token_is_known_by_its_digest(kept: Kept) -> None:
    """Its name and scope come with it; anything else is nobody's."""
    holder = kept.ring.holder(READ)

    assert holder is not None
    assert (holder.name, holder.scope) == ("read", TokenScope.READ)
    for wrong in (b"", READ[:-1], READ + b"x", b"\xff", holder.sha256.encode()):
        assert kept.ring.holder(wrong) is None


def test_a_revoked_token_opens_nothing_and_a_new_one_opens_without_a_restart(kept: Kept) -> None:
    """The file is read when it has changed."""
    assert kept.opens(READ)

    change(kept.path, lambda _: [describe(b"another", name="read", scope=TokenScope.READ)])

    assert not kept.opens(READ)
    assert kept.opens(b"another")


def test_the_file_is_looked_at_once_a_second_at_most(kept: Kept) -> None:
    """A change shows after a second, and not a moment before."""
    change(kept.path, lambda _: [])

    kept.clock.now += 0.999
    before = kept.ring.holder(READ)
    kept.clock.now += 0.001

    assert before is not None
    assert kept.ring.holder(READ) is None


def test_a_change_of_the_same_size_and_instant_is_seen(kept: Kept) -> None:
    """A replaced file is another inode."""
    before = kept.path.stat()
    changed = kept.path.read_bytes().replace(b'"read"', b'"reed"', 1)
    other = kept.path.with_name("other")
    other.write_bytes(changed)
    os.utime(other, ns=(before.st_atime_ns, before.st_mtime_ns))

    other.replace(kept.path)
    kept.clock.now += 1

    assert kept.path.stat().st_size == before.st_size
    assert kept.ring.named("reed") is not None


@pytest.mark.parametrize("broken", [b"", b"{", b'{"tokens": [{"name": "a"}]}'])
def test_a_broken_file_keeps_the_last_good_tokens_and_is_told_once(kept: Kept, broken: bytes) -> None:
    """Nobody is locked out by a slip of the pen, nor is the log filled; mended, it holds again."""
    kept.path.write_bytes(broken)

    assert [kept.opens(READ) for _ in range(3)] == [True] * 3
    assert kept.unreadable() == 1

    kept.path.unlink()
    change(kept.path, lambda _: [])
    assert not kept.opens(READ)
    assert kept.unreadable() == 1


def test_what_became_of_a_changed_file_is_logged(kept: Kept, caplog: pytest.LogCaptureFixture) -> None:
    """How many tokens it has, or what is wrong with it; never one of them."""
    caplog.set_level(logging.INFO, logger="rapport")

    change(kept.path, lambda before: before[:1])
    kept.opens(READ)
    kept.path.write_bytes(b"{")
    kept.opens(READ)

    good, bad = caplog.records
    assert (good.message, good.__dict__["fields"]) == ("tokens_read", {"tokens": 1})
    assert (bad.message, bad.levelno) == ("tokens_unreadable", logging.ERROR)
    assert "is no file of tokens" in bad.__dict__["fields"]["problem"]


def test_a_file_that_is_gone_keeps_the_last_good_tokens(kept: Kept) -> None:
    """Taking every token away is an empty list, not a missing file."""
    kept.path.unlink()

    assert kept.opens(READ)
    assert kept.unreadable() == 1


def test_a_broken_file_at_the_start_stops_it(tmp_path: Path) -> None:
    """There is no last good one yet."""
    with pytest.raises(TokensError):
        TokenFile(tmp_path / "none", instrumentation(CollectorRegistry()))


def test_a_token_ends_while_the_server_runs(tmp_path: Path) -> None:
    """Without a change of the file."""
    kept = Kept(tmp_path)
    end = datetime.fromtimestamp(kept.clock.now + 60, UTC)
    change(kept.path, lambda _: tokens(expires=end))

    assert kept.opens(READ)
    kept.clock.now += 60
    assert not kept.opens(READ)
    assert kept.ring.named("read") is None


def test_the_setting_is_one_more_token_of_scope_admin(kept: Kept) -> None:
    """It works beside a file, and alone."""
    alone = Keyring("a token of enough characters", None, clock=kept.clock)

    holder = alone.holder(b"a token of enough characters")

    assert alone.guarded
    assert holder is not None
    assert (holder.name, holder.scope) == ("token", TokenScope.ADMIN)
    assert alone.holder(READ) is None


def test_without_either_the_port_is_open() -> None:
    """Right on loopback alone; the settings see to that."""
    assert not Keyring(None, None, clock=Clock()).guarded
