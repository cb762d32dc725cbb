"""From the settings to what Kafka clients want to know: where, how secured, and as whom."""

import asyncio
import ssl
from pathlib import Path
from typing import Any

from aiokafka.abc import AbstractTokenProvider
from aiokafka.helpers import create_ssl_context

from streams.settings import Settings, SettingsError

_PROTOCOLS = {
    "plaintext": "PLAINTEXT",
    "tls": "SSL",
    "sasl_plaintext": "SASL_PLAINTEXT",
    "sasl_tls": "SASL_SSL",
}


class TokenFile(AbstractTokenProvider):  # type: ignore[misc]  # aiokafka is read without types
    """Gives the token that is in a file now: whoever renews it writes the file."""

    def __init__(self, path: Path) -> None:
        self._path = path

    async def token(self) -> str:
        """Return the token."""
        return (await asyncio.to_thread(self._path.read_text, encoding="utf-8")).strip()


def client_arguments(settings: Settings) -> dict[str, Any]:
    """Return the keyword arguments by which every client of aiokafka connects.

    Raises:
        SettingsError: there is no broker, or a certificate cannot be read.
    """
    if settings.broker is None:
        raise SettingsError("no broker is set: set RAPPORT_BROKER to host:port, or give --broker")
    chosen: dict[str, Any] = {
        "bootstrap_servers": settings.broker,
        "client_id": settings.app,
        "security_protocol": _PROTOCOLS[settings.security],
    }
    if settings.security.endswith("tls"):
        chosen["ssl_context"] = ssl_context(settings)
    if settings.security.startswith("sasl"):
        chosen["sasl_mechanism"] = settings.sasl_mechanism
        if settings.oauth_token_file is not None and settings.sasl_mechanism == "OAUTHBEARER":
            chosen["sasl_oauth_token_provider"] = TokenFile(Path(settings.oauth_token_file))
        else:
            chosen["sasl_plain_username"] = settings.sasl_username
            chosen["sasl_plain_password"] = settings.sasl_password
    return chosen


def ssl_context(settings: Settings) -> ssl.SSLContext:
    """Return the certificates to trust, and to show.

    Raises:
        SettingsError: one cannot be read.
    """
    try:
        context: ssl.SSLContext = create_ssl_context(
            cafile=settings.ca_file, certfile=settings.cert_file, keyfile=settings.key_file
        )
    except (OSError, ssl.SSLError) as error:
        raise SettingsError(
            f"a certificate cannot be used: {error} (ca_file, cert_file, key_file)"
        ) from error
    return context
