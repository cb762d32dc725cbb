"""Whom a port lets in, from the settings: each of them has its effect, and a bad one stops the start."""

from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry

from streams.cli.admission import admission
from streams.dashboard.guard import Admission
from streams.dashboard.tokens import change
from streams.settings import Settings, SettingsError
from tests.dashboard.asking import instrumentation, tokens

TOKEN = "a token of enough characters"


def admitted(settings: Settings) -> Admission:
    """Return what a command would serve with."""
    return admission(settings, instrumentation(CollectorRegistry()))


def test_by_default_loopback_is_open() -> None:
    """No token and no name beside loopback; a script on this machine may ask as often as it likes."""
    default = admitted(Settings())

    assert not default.guarded
    assert default.hosts == {"127.0.0.1"}
    assert not default.any_address
    assert default.rate is None
    assert default.most_streams == 1000


def test_names_and_origins_are_compared_in_one_spelling() -> None:
    """As a browser sends them: lower case, and no slash at the end."""
    settings = Settings(
        host="Rapport.Internal", allowed_hosts=["LB"], allowed_origins=["https://Shop.example/"]
    )

    found = admitted(settings)

    assert found.hosts == {"rapport.internal", "lb"}
    assert found.origins == {"https://shop.example"}
    assert found.any_address


def test_a_token_or_a_file_of_them_guards_the_port(tmp_path: Path) -> None:
    """Either, or both."""
    file = tmp_path / "tokens.json"
    change(file, lambda _: tokens())

    by_setting = admitted(Settings(token=TOKEN))
    by_file = admitted(Settings(tokens_file=str(file)))

    assert (by_setting.guarded, by_file.guarded) == (True, True)
    assert by_file.tokens is not None
    assert len(by_file.tokens.tokens()) == 3


def test_a_file_that_cannot_be_used_stops_the_start(tmp_path: Path) -> None:
    """The message names the setting, the file and the command that makes one."""
    with pytest.raises(SettingsError, match=r"tokens_file: .*none cannot be read.*rapport token add"):
        admitted(Settings(tokens_file=str(tmp_path / "none")))


def test_no_rate_is_kept_where_none_is_wanted() -> None:
    """0 turns it off, and so does a port that asks for no token."""
    assert admitted(Settings(requests_per_second=0, token=TOKEN)).rate is None
    assert admitted(Settings(requests_per_second=1)).rate is None


def test_the_rate_is_the_settings() -> None:
    """Four times as many at once."""
    rate = admitted(Settings(requests_per_second=1, token=TOKEN)).rate

    assert rate is not None
    assert [rate.wait_s("a") > 0 for _ in range(5)] == [False] * 4 + [True]
