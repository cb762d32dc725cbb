"""The settings: one table, read from `rapport.toml`, `RAPPORT_…` variables and the command line.

Later sources in this order win. An unknown or bad setting stops the start and says what to change.
"""

import ipaddress
import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Annotated, Literal, get_type_hints

import msgspec
from msgspec import Meta

from streams.model.problems import did_you_mean

FILE_NAME = "rapport.toml"
PREFIX = "RAPPORT_"
SECRETS = ("token", "sasl_password")  # never repeated in a message


class SettingsError(Exception):
    """A setting is unknown or bad. Correct it where the message says, then start again."""


class Settings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What an installation may choose; what it means for the business is in the model, not here."""

    data: Annotated[str, Meta(min_length=1, description="Directory of the embedded log.")] = "rapport-data"
    model: Annotated[str, Meta(min_length=1, description="Model file, or the name of a preset.")] = "starter"
    host: Annotated[
        str,
        Meta(min_length=1, description="Address to listen on; one that is not loopback needs a token."),
    ] = "127.0.0.1"
    port: Annotated[int, Meta(ge=0, le=65535, description="Port to listen on; 0 takes a free one.")] = 8080
    token: Annotated[
        Annotated[str, Meta(min_length=16)] | None,
        Meta(description="Access token of scope `admin`, at least 16 characters."),
    ] = None
    tokens_file: Annotated[
        Annotated[str, Meta(min_length=1)] | None,
        Meta(description="File of access tokens with scopes, made by `rapport token`; read when it changes."),
    ] = None
    requests_per_second: Annotated[
        int,
        Meta(
            ge=0,
            description="Requests of one token or address, four times as many at once; 0, or where no "
            "token is asked for: any number.",
        ),
    ] = 50
    most_streams: Annotated[int, Meta(ge=1, description="Event streams that may be open at once.")] = 1000
    allowed_hosts: Annotated[
        list[str],
        Meta(description="Host names that requests may be addressed to, beside loopback and `host`."),
    ] = []
    allowed_origins: Annotated[
        list[str],
        Meta(description="Origins of web pages that may post touchpoints, such as `https://shop.example`."),
    ] = []
    max_body_bytes: Annotated[
        int, Meta(ge=1024, description="Largest request body, after decompression.")
    ] = 8 * 1024 * 1024
    flush_interval_ms: Annotated[
        int, Meta(ge=1, le=60_000, description="Longest time between two writes of changed state.")
    ] = 150
    keep_input_days: Annotated[int, Meta(ge=1, description="Days for which touchpoints stay in the log.")] = (
        30
    )
    keep_outputs_days: Annotated[
        int, Meta(ge=1, description="Days for which transitions and alerts can be asked for.")
    ] = 90
    remembered_ids: Annotated[
        int, Meta(ge=1, description="Most message ids remembered to find duplicates, per partition.")
    ] = 4_000_000

    # On Kafka
    broker: Annotated[
        str | None, Meta(description="Kafka: bootstrap servers, `host:port` separated by commas.")
    ] = None
    app: Annotated[
        str,
        Meta(
            pattern="^[a-zA-Z0-9._-]{1,100}$",
            description="Kafka: application id. It names the group, the changelog and the producers.",
        ),
    ] = "rapport"
    topic_prefix: Annotated[
        str,
        Meta(pattern="^[a-zA-Z0-9._-]{0,100}$", description="Kafka: what all public topics begin with."),
    ] = ""
    normalise: Annotated[
        list[str],
        Meta(
            description="Kafka: other people's topics to take touchpoints from; Rapport's shape or Segment's."
        ),
    ] = []
    partitions: Annotated[
        int, Meta(ge=1, le=10_000, description="Kafka: partitions of topics that `rapport topics` makes.")
    ] = 12
    replication: Annotated[
        int,
        Meta(
            ge=-1,
            le=10,
            description="Kafka: replicas of such topics; -1: three, or as many as there are brokers.",
        ),
    ] = -1
    security: Annotated[
        Literal["plaintext", "tls", "sasl_plaintext", "sasl_tls"],
        Meta(description="Kafka: how to connect."),
    ] = "plaintext"
    sasl_mechanism: Annotated[
        Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512", "OAUTHBEARER"],
        Meta(description="Kafka: how to say who one is."),
    ] = "SCRAM-SHA-512"
    sasl_username: Annotated[str | None, Meta(description="Kafka: user name for SASL.")] = None
    sasl_password: Annotated[str | None, Meta(description="Kafka: password for SASL.")] = None
    oauth_token_file: Annotated[
        str | None,
        Meta(description="Kafka: file that holds the present token for OAUTHBEARER; read anew when needed."),
    ] = None
    ca_file: Annotated[
        str | None, Meta(description="Kafka: certificates to trust, in place of the system's.")
    ] = None
    cert_file: Annotated[str | None, Meta(description="Kafka: client certificate.")] = None
    key_file: Annotated[str | None, Meta(description="Kafka: key of the client certificate.")] = None
    rack: Annotated[
        str | None, Meta(description="Kafka: rack of this worker, to read from near replicas.")
    ] = None
    instance: Annotated[
        str | None,
        Meta(description="Kafka: this worker's name in its group (static membership); keep it on a restart."),
    ] = None
    transactions: Annotated[
        bool,
        Meta(description="Kafka: flushes are transactions, so every output comes exactly once."),
    ] = True
    transaction_timeout_ms: Annotated[
        int, Meta(ge=1_000, le=900_000, description="Kafka: after so long the broker ends a flush.")
    ] = 30_000
    session_timeout_ms: Annotated[
        int,
        Meta(
            ge=1_000, le=300_000, description="Kafka: after so long without a sign of life a worker is out."
        ),
    ] = 10_000
    max_batch_bytes: Annotated[
        int,
        Meta(
            ge=16_384,
            le=100_000_000,
            description="Kafka: largest batch, below the topics' max.message.bytes.",
        ),
    ] = 900_000
    chunk_records: Annotated[
        int, Meta(ge=1, le=1_000_000, description="Kafka: about so many records are processed at a time.")
    ] = 5_000
    read_ahead_bytes: Annotated[
        int, Meta(ge=65_536, description="Kafka: so much of a partition is read before it is processed.")
    ] = 8 * 1024 * 1024
    watchdog_s: Annotated[
        int,
        Meta(ge=1, description="Kafka: a worker that stands still for so long, though there is work, ends."),
    ] = 90
    metrics_port: Annotated[
        int,
        Meta(ge=0, le=65535, description="Kafka: port of a worker's metrics and health; 0 takes a free one."),
    ] = 9108

    dashboard_timeline: Annotated[
        bool,
        Meta(description="Kafka: the dashboard keeps recent touchpoints of each customer, too."),
    ] = False

    @property
    def guarded(self) -> bool:
        """Return whether the port asks for a token."""
        return self.token is not None or self.tokens_file is not None


def load(
    environment: Mapping[str, str],
    *,
    file: Path = Path(FILE_NAME),
    options: Mapping[str, object] | None = None,
) -> Settings:
    """Read the settings; a missing file, an empty variable and an option that is None say nothing.

    Raises:
        SettingsError: A source cannot be read, names an unknown setting or holds a bad value.
    """
    given = {name: value for name, value in (options or {}).items() if value is not None}
    chosen = _from_file(file) | _from_environment(environment) | _checked(given, source="the command line")
    settings = msgspec.convert(chosen, Settings)
    if not settings.guarded and not is_loopback(settings.host):
        raise SettingsError(
            f"host {settings.host} can be reached from other machines, so a token is needed: "
            f"set {variable('token')} (at least 16 characters) or {variable('tokens_file')}, "
            "or leave host at 127.0.0.1"
        )
    _check_connection(settings)
    return settings


def _check_connection(settings: Settings) -> None:
    """Refuse a way to connect for which something is missing, or that would not do what was asked for.

    Raises:
        SettingsError: what.
    """
    sasl, tls = settings.security.startswith("sasl"), settings.security.endswith("tls")
    user = ("sasl_username", "sasl_password")
    needed = ("oauth_token_file",) if settings.sasl_mechanism == "OAUTHBEARER" else user
    for name in needed if sasl else ():
        if getattr(settings, name) is None:
            how = f"security {settings.security} with {settings.sasl_mechanism}"
            raise SettingsError(f"{how} needs {name}: set {variable(name)}")
    if (settings.cert_file is None) != (settings.key_file is None):
        raise SettingsError("cert_file and key_file go together: set both, or neither")
    # A name or a certificate that is left unused means a connection less safe than somebody believes.
    certificates = ("ca_file", "cert_file", "key_file")
    unused = [*(() if sasl else (*user, "oauth_token_file")), *(() if tls else certificates)]
    for name in unused:
        if getattr(settings, name) is not None:
            better = "tls or sasl_tls" if name in certificates else "sasl_tls"
            raise SettingsError(
                f"{name} is set, and security {settings.security} makes no use of it: "
                f"set {variable('security')} to {better}, or leave {name} out"
            )


def is_loopback(host: str) -> bool:
    """Return whether only this machine can reach `host`."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def variable(name: str) -> str:
    """Return the environment variable of a setting: that of `max_body_bytes` is `RAPPORT_MAX_BODY_BYTES`."""
    return PREFIX + name.upper()


def _from_file(file: Path) -> dict[str, object]:
    try:
        text = file.read_text(encoding="utf-8")
        return _checked(tomllib.loads(text), source=str(file))
    except FileNotFoundError:
        return {}
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as problem:
        raise SettingsError(f"{file} cannot be read: {problem}") from problem


def _from_environment(environment: Mapping[str, str]) -> dict[str, object]:
    """Read the variables; a list is parted by commas, and text becomes a number where one is asked for."""
    names = {variable(name): name for name in Settings.__struct_fields__}
    chosen: dict[str, object] = {}
    for key, text in environment.items():
        if not key.startswith(PREFIX) or not text.strip():
            continue
        if key not in names:
            raise SettingsError(f"there is no setting {key}: {_hint(key, names)}")
        is_list = isinstance(getattr(Settings(), names[key]), list)
        value = [part.strip() for part in text.split(",") if part.strip()] if is_list else text.strip()
        chosen[names[key]] = _value(names[key], value, source=key, strict=False)
    return chosen


def _checked(values: Mapping[str, object], *, source: str) -> dict[str, object]:
    for name in values:
        if name not in Settings.__struct_fields__:
            hint = _hint(name, Settings.__struct_fields__)
            raise SettingsError(f"{source}: there is no setting {name}: {hint}")
    return {
        name: _value(name, value, source=f"{source}: {name}", strict=True) for name, value in values.items()
    }


def _value(name: str, value: object, *, source: str, strict: bool) -> object:
    kind = get_type_hints(Settings, include_extras=True)[name]
    try:
        return msgspec.convert(value, kind, strict=strict)
    except msgspec.ValidationError as problem:
        shown = "" if name in SECRETS else f", not {value!r}"
        raise SettingsError(f"{source}: {problem}{shown}") from problem


def _hint(name: str, names: Iterable[str]) -> str:
    return did_you_mean(name, names) or f"the settings are {', '.join(sorted(names))}"
