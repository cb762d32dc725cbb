"""Access tokens, and the file that keeps them: what each may do, and its digests; never a token itself.

A token is 256 random bits. Nobody can try them all, however fast the hash, so plain SHA-256 is right here:
the slow hashes for passwords would only slow every request down.
"""

import fcntl
import hashlib
import os
import secrets
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Final

import msgspec
from msgspec import Meta

from schemas.http import TokenScope

NAME: Final = "^[a-zA-Z0-9][a-zA-Z0-9_-]{0,63}\\Z"
SETTING: Final = "token"  # the name of the token that is a setting; no token of a file may have it
_PREFIX: Final = "rapport_"  # what is found in a log or a repository is known for what it is
EPOCH: Final = datetime.fromtimestamp(0, UTC)
_MOST_BYTES: Final = 1024 * 1024

Digest = Annotated[str, Meta(pattern="^[0-9a-f]{64}$")]


class TokensError(Exception):
    """The file of tokens cannot be used. Mend it, or make it anew with `rapport token add`."""


class Token(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """What is kept of a token.

    sha256: of the token. session_sha256: of its session proof, which a session cookie carries; with the
    digests alone nobody can make either.
    """

    name: Annotated[str, Meta(pattern=NAME)]
    scope: TokenScope
    sha256: Digest
    session_sha256: Digest
    created: Annotated[datetime, Meta(tz=True)]
    expires: Annotated[datetime, Meta(tz=True)] | None = None

    def is_valid(self, now_s: float) -> bool:
        """Return whether it has not expired by `now_s` (seconds since the epoch)."""
        return self.expires is None or now_s < self.expires.timestamp()


class _File(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The whole file."""

    tokens: list[Token]


def new_secret() -> str:
    """Return a token that nobody has."""
    return _PREFIX + secrets.token_urlsafe(32)


def session_proof(secret: bytes) -> str:
    """Return what a session cookie carries in place of the token, which cannot be found from it."""
    return hashlib.sha256(b"rapport session\n" + secret).hexdigest()


def describe(
    secret: bytes,
    *,
    name: str,
    scope: TokenScope,
    created: datetime = EPOCH,
    expires: datetime | None = None,
) -> Token:
    """Return what is kept of a token."""
    return Token(
        name=name,
        scope=scope,
        sha256=hashlib.sha256(secret).hexdigest(),
        session_sha256=hashlib.sha256(session_proof(secret).encode()).hexdigest(),
        created=created,
        expires=expires,
    )


def parse(content: bytes, path: Path) -> tuple[Token, ...]:
    """Read the content of a file of tokens.

    Raises:
        TokensError: It is not what `rapport token` writes.
    """
    try:
        tokens = msgspec.json.decode(content, type=_File).tokens
    except msgspec.DecodeError as problem:
        raise TokensError(f"{path} is no file of tokens: {problem}") from problem
    names = [token.name for token in tokens]
    for name in names:
        if names.count(name) > 1 or name == SETTING:
            raise TokensError(f"{path} is no file of tokens: there must be only one token named {name!r}")
    return tuple(tokens)


def read(path: Path) -> tuple[tuple[Token, ...], os.stat_result]:
    """Read a file of tokens, and which version of it that was.

    Raises:
        TokensError: It is missing, cannot be read, or is not what `rapport token` writes.
    """
    try:
        with path.open("rb") as file:
            version = os.fstat(file.fileno())
            content = file.read(_MOST_BYTES + 1)
    except OSError as problem:
        raise TokensError(f"{path} cannot be read: {problem.strerror}") from problem
    if len(content) > _MOST_BYTES:
        raise TokensError(f"{path} is no file of tokens: it is larger than {_MOST_BYTES} bytes")
    return parse(content, path), version


def change(path: Path, changed: Callable[[Sequence[Token]], Sequence[Token]]) -> None:
    """Replace the file as a whole, by one writer at a time; a missing one counts as empty.

    A new file is its owner's alone (0600); another mode or owner that somebody gave it stays.

    Raises:
        TokensError: It cannot be read or written, or `changed` says so.
    """
    path = path.resolve()  # a link stays one
    try:
        with _only_writer(path.parent):
            before = read(path) if path.exists() else None
            tokens = changed(before[0] if before else ())
            _replace(path, msgspec.json.encode(_File(list(tokens))), before[1] if before else None)
    except OSError as problem:
        raise TokensError(f"{path} cannot be written: {problem.strerror}") from problem


@contextmanager
def _only_writer(directory: Path) -> Iterator[None]:
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _replace(path: Path, content: bytes, before: os.stat_result | None) -> None:
    descriptor, written = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")  # 0600
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(msgspec.json.format(content, indent=2) + b"\n")
            if before is not None:
                with suppress(PermissionError):
                    os.fchown(file.fileno(), before.st_uid, before.st_gid)
                os.fchmod(file.fileno(), before.st_mode & 0o777)
            file.flush()
            os.fsync(file.fileno())
        Path(written).replace(path)
    except BaseException:
        Path(written).unlink(missing_ok=True)
        raise
