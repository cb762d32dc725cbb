"""The way in, tried once before anything else: aiokafka's clients leave out why they fail, or try for ever.

Every refusal says which setting to change. All brokers are tried: the first one tells where the others are.
"""

import socket
import ssl
from collections.abc import Iterator
from typing import Any, Final

from aiokafka.client import collect_hosts
from aiokafka.conn import AIOKafkaConnection, create_conn
from aiokafka.errors import (
    IllegalSaslStateError,
    KafkaConnectionError,
    KafkaError,
    SaslAuthenticationFailed,
    UnsupportedSaslMechanismError,
)
from aiokafka.protocol.metadata import MetadataRequest

from streams.runtime.kafka.connection import client_arguments
from streams.settings import Settings, variable

PATIENCE_MS: Final = 15_000
_ANOTHER_NAME: Final = (62, 64)  # of OpenSSL's answers to a certificate: host name, address
_TOO_LATE, _TOO_EARLY = 10, 9


class NoWayIn(Exception):
    """Kafka cannot be reached, or lets nobody in. The message says what to change."""


class _Closed(Exception):
    """The broker hung up when it was asked something."""


async def knock(settings: Settings) -> None:
    """Connect to each broker once, as the settings say, and leave.

    Raises:
        NoWayIn: none answers, or one does not let us in.
        SettingsError: there is no broker, or a certificate cannot be read.
    """
    client = client_arguments(settings)
    refusals: list[NoWayIn] = []
    for host, port, _ in collect_hosts(client.pop("bootstrap_servers")):
        try:
            brokers = await _brokers(host, port, client, settings)
        except NoWayIn as refused:
            refusals.append(refused)
        else:
            return await _knock_at_all(brokers, (host, port), client, settings)
    raise min(refusals, key=_is_down)  # what one of them says tells more than that another is down


async def _knock_at_all(
    brokers: list[tuple[str, int]], known: tuple[str, int], client: dict[str, Any], settings: Settings
) -> None:
    """Try the addresses that brokers give for themselves; one that is down is no reason to stay away."""
    down: list[NoWayIn] = []
    for host, port in brokers:
        if (host, port) == known:
            continue
        try:
            (await _connect(host, port, client, settings)).close()
        except NoWayIn as refused:
            if not _is_down(refused):
                raise
            down.append(refused)
    if len(down) == len(brokers):
        raise NoWayIn(
            f"{known[0]}:{known[1]} answers, and sends its clients to "
            f"{', '.join(f'{host}:{port}' for host, port in brokers)}, which cannot be reached: set "
            "advertised.listeners of the broker to what can be reached from here"
        )


async def _brokers(host: str, port: int, client: dict[str, Any], settings: Settings) -> list[tuple[str, int]]:
    """Return where the cluster's brokers want to be reached."""
    connection = await _connect(host, port, client, settings)
    try:
        answer = await connection.send(MetadataRequest([]))
    except (KafkaError, TimeoutError) as error:
        problem: Exception = (
            _Closed() if isinstance(error, KafkaConnectionError) and not _tls(error) else error
        )
        raise NoWayIn(_refusal(f"{host}:{port}", problem, settings)) from error
    finally:
        connection.close()
    if not answer.brokers:  # aiokafka takes the refusal of a token for a welcome, and misreads what follows
        raise NoWayIn(f"{host}:{port} does not take the token: {_renew(settings)}")
    return [(each[1], each[2]) for each in answer.brokers]


async def _connect(host: str, port: int, client: dict[str, Any], settings: Settings) -> AIOKafkaConnection:
    try:
        return await create_conn(host, port, request_timeout_ms=PATIENCE_MS, **client)
    except (OSError, KafkaError, TimeoutError) as error:
        raise NoWayIn(_refusal(f"{host}:{port}", error, settings)) from error


def _refusal(address: str, error: Exception, settings: Settings) -> str:
    """Return what happened at an address, and which setting to change."""
    tls = _tls(error)
    if isinstance(tls, ssl.SSLCertVerificationError):
        return f"{address}: {_certificate(tls, settings)}"
    if tls is not None and settings.cert_file is None and "ALERT" in (tls.reason or ""):
        way_out = f"set {variable('cert_file')} and {variable('key_file')}"
        return f"{address} asks for a client's certificate ({tls.reason}): {way_out}"
    if tls is not None and "ALERT" in (tls.reason or ""):
        return f"{address} does not take the certificate in cert_file {settings.cert_file} ({tls.reason})"
    match error:
        case SaslAuthenticationFailed():
            who = ("sasl_username", "sasl_password")
            names = " and ".join(variable(each) for each in who)
            way_out = _renew(settings) if settings.sasl_mechanism == "OAUTHBEARER" else f"see {names}"
            return (
                f"{address} does not let {settings.sasl_username or 'the token'} in by "
                f"{settings.sasl_mechanism}: {way_out}"
            )
        case UnsupportedSaslMechanismError():
            return (
                f"{address} knows nobody by {settings.sasl_mechanism}: set {variable('sasl_mechanism')} to "
                "what is in its sasl.enabled.mechanisms"
            )
        case IllegalSaslStateError():
            way_out = f"set {variable('security')} to {'tls' if _by_tls(settings) else 'plaintext'}"
            return f"{address} asks nobody's name: {way_out}, or use the port that does"
        case _Closed():
            return f"{address} {_hung_up(settings)}"
        case FileNotFoundError() | PermissionError() if error.filename == settings.oauth_token_file:
            return f"oauth_token_file {error.filename} cannot be read: {error.strerror}"
        case ConnectionResetError() | KafkaConnectionError() | ssl.SSLError():
            return f"{address} {_other_protocol(settings)}"
    return (
        f"{address} cannot be reached (security {settings.security}): {_reason(error)}. "
        f"Is the broker running, and is {variable('broker')} its address?"
    )


def _certificate(error: ssl.SSLCertVerificationError, settings: Settings) -> str:
    """Return what is wrong with a broker's certificate."""
    if error.verify_code in _ANOTHER_NAME:
        return (
            f"its certificate is for another name ({error.verify_message}): set {variable('broker')}, or "
            "advertised.listeners of the broker, to a name that is in the certificate"
        )
    if error.verify_code == _TOO_LATE:
        return "its certificate has expired: renew it on the broker"
    if error.verify_code == _TOO_EARLY:
        return "its certificate is not valid yet: see whether this machine's clock is right"
    trusted = f"the ones in {settings.ca_file}" if settings.ca_file else "the system's"
    return (
        f"its certificate is signed by none that is trusted, which are {trusted} ({error.verify_message}): "
        f"set {variable('ca_file')} to a file with the certificate of the authority that signed it (PEM)"
    )


def _hung_up(settings: Settings) -> str:
    """Return why a broker that knows the protocol answers no question."""
    if settings.security.startswith("sasl"):
        return "hung up after it had let us in: see the broker's log"
    better = "sasl_tls" if _by_tls(settings) else "sasl_plaintext"
    return f"answers nobody who has no name: set {variable('security')} to {better}, and sasl_mechanism"


def _other_protocol(settings: Settings) -> str:
    """Return what to do where one side speaks TLS and the other does not."""
    name = settings.security.startswith("sasl")
    if _by_tls(settings):
        better = "sasl_plaintext" if name else "plaintext"
        return f"does not speak TLS: use the port that does, or set {variable('security')} to {better}"
    better = "sasl_tls" if name else "tls or sasl_tls"
    return f"hung up: where it speaks TLS, set {variable('security')} to {better}"


def _renew(settings: Settings) -> str:
    return (
        f"see that {settings.oauth_token_file} ({variable('oauth_token_file')}) holds one that is valid now"
    )


def _by_tls(settings: Settings) -> bool:
    return settings.security.endswith("tls")


def _reason(error: Exception) -> str:
    if isinstance(error, socket.gaierror):
        return error.strerror or "there is no such host"
    if isinstance(error, TimeoutError):
        return f"no answer within {PATIENCE_MS // 1_000} s"
    return str(error) or type(error).__name__


def _is_down(refused: NoWayIn) -> bool:
    """Return whether nobody answers there, rather than somebody who lets us not in."""
    cause = refused.__cause__
    return isinstance(cause, (OSError, TimeoutError)) and not isinstance(cause, ssl.SSLError)


def _tls(error: BaseException) -> ssl.SSLError | None:
    """Return what TLS said, which aiokafka hides as a cause."""
    return next((each for each in _causes(error) if isinstance(each, ssl.SSLError)), None)


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__
