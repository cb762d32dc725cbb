"""Whom a port lets in, as the settings say: for every command that serves one."""

import time
from pathlib import Path

from streams.dashboard.guard import Admission
from streams.dashboard.keyring import TokenFile
from streams.dashboard.limits import RequestRate
from streams.dashboard.tokens import TokensError
from streams.instrumentation import Instrumentation
from streams.settings import Settings, SettingsError, is_loopback


def admission(settings: Settings, instrumentation: Instrumentation) -> Admission:
    """Read the file of tokens, if there is one, and put together whom the port lets in.

    Raises:
        SettingsError: The file cannot be used.
    """
    return Admission(
        hosts=frozenset(name.lower() for name in (settings.host, *settings.allowed_hosts)),
        origins=frozenset(origin.lower().rstrip("/") for origin in settings.allowed_origins),
        token=settings.token,
        tokens=_token_file(settings, instrumentation),
        any_address=not is_loopback(settings.host),
        rate=_rate(settings),
        most_streams=settings.most_streams,
    )


def _token_file(settings: Settings, instrumentation: Instrumentation) -> TokenFile | None:
    if settings.tokens_file is None:
        return None
    try:
        return TokenFile(Path(settings.tokens_file), instrumentation, clock=time.monotonic)
    except TokensError as problem:
        raise SettingsError(f"tokens_file: {problem}; `rapport token add` makes one") from problem


def _rate(settings: Settings) -> RequestRate | None:
    if settings.requests_per_second == 0 or not settings.guarded:
        return None  # what asks for no token is reached from this machine alone, where a rate protects nobody
    return RequestRate(settings.requests_per_second, clock=time.monotonic)
