"""From settings to what Kafka clients want to know. No broker is asked here."""

import asyncio
import ssl
from pathlib import Path

import pytest

from streams.runtime.kafka.connection import TokenFile, client_arguments
from streams.settings import SettingsError, load


def arguments(**options: object) -> dict[str, object]:
    return client_arguments(load({}, file=Path("nowhere.toml"), options={"broker": "a:1,b:2", **options}))


def test_a_plain_connection_needs_servers_and_a_name() -> None:
    """The application id tells the broker's log who it is."""
    assert arguments(app="shop") == {
        "bootstrap_servers": "a:1,b:2",
        "client_id": "shop",
        "security_protocol": "PLAINTEXT",
    }


@pytest.mark.parametrize("mechanism", ["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"])
def test_name_and_password_go_with_each_mechanism_that_has_them(mechanism: str) -> None:
    """Over TLS too, where certificates of the system are trusted and the host's name is checked."""
    chosen = arguments(security="sasl_tls", sasl_mechanism=mechanism, sasl_username="u", sasl_password="p")

    context = chosen.pop("ssl_context")

    assert isinstance(context, ssl.SSLContext)
    assert context.check_hostname
    assert context.verify_mode is ssl.CERT_REQUIRED
    assert chosen["security_protocol"] == "SASL_SSL"
    assert (chosen["sasl_mechanism"], chosen["sasl_plain_username"], chosen["sasl_plain_password"]) == (
        mechanism,
        "u",
        "p",
    )


def test_a_token_is_read_anew_each_time_it_is_asked_for(tmp_path: Path) -> None:
    """Whoever renews the token writes the file; a newline at its end is no part of it."""
    file = tmp_path / "token"
    chosen = arguments(security="sasl_plaintext", sasl_mechanism="OAUTHBEARER", oauth_token_file=str(file))
    provider = chosen["sasl_oauth_token_provider"]
    assert isinstance(provider, TokenFile)

    file.write_text("first\n", encoding="utf-8")
    first = asyncio.run(provider.token())
    file.write_text("second\n", encoding="utf-8")

    assert (first, asyncio.run(provider.token())) == ("first", "second")
    assert "sasl_plain_password" not in chosen


def test_a_certificate_that_cannot_be_read_is_a_setting_to_change(tmp_path: Path) -> None:
    """The message names the settings that name files; so does a file that holds something else."""
    broken = tmp_path / "ca.pem"
    broken.write_text("no certificate", encoding="utf-8")

    for file in (tmp_path / "missing.pem", broken):
        with pytest.raises(SettingsError, match="ca_file"):
            arguments(security="tls", ca_file=str(file))


def test_without_a_broker_there_is_nothing_to_connect_to() -> None:
    """The message says where to name it."""
    with pytest.raises(SettingsError, match="RAPPORT_BROKER"):
        arguments(broker=None)
