"""Which tokens open the port now: the setting's, and those of a file that is read again when it changes."""

import hashlib
import hmac
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

from schemas.http import TokenScope
from streams.dashboard.tokens import SETTING, Token, TokensError, describe, read
from streams.instrumentation import Instrumentation

_LOOK_EVERY_S: Final = 1.0

Version = tuple[int, int, int]


class TokenFile:
    """The tokens of a file, as it was when it could last be read: they rotate without a restart.

    Whether it changed (instant, size, inode) is looked at once a second at most.
    """

    def __init__(
        self, path: Path, told: Instrumentation, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        """Read it; at the start it must be there.

        Raises:
            TokensError: It cannot be used.
        """
        self._path = path
        self._told = told
        self._clock = clock
        self._tokens, found = read(path)
        self._version: Version | None = (found.st_mtime_ns, found.st_size, found.st_ino)
        self._looked = clock()

    def tokens(self) -> tuple[Token, ...]:
        """Return the tokens that hold now."""
        now = self._clock()
        if now - self._looked >= _LOOK_EVERY_S:
            self._looked = now
            self._look()
        return self._tokens

    def _look(self) -> None:
        """Read the file if it is another than the last one, and tell once what came of it."""
        version = self._current()
        if version == self._version:
            return
        self._version = version
        try:
            self._tokens, _ = read(self._path)
        except TokensError as problem:
            self._told.tokens_unreadable(problem=str(problem))
        else:
            self._told.tokens_read(tokens=len(self._tokens))

    def _current(self) -> Version | None:
        try:
            found = self._path.stat()
        except OSError:
            return None
        return found.st_mtime_ns, found.st_size, found.st_ino


class Keyring:
    """The tokens that open the port; with neither of them it is open to whoever reaches it."""

    def __init__(self, setting: str | None, file: TokenFile | None, *, clock: Callable[[], float]) -> None:
        self._setting = (
            None if setting is None else describe(setting.encode(), name=SETTING, scope=TokenScope.ADMIN)
        )
        self._file = file
        self._clock = clock

    @property
    def guarded(self) -> bool:
        """Return whether a token is asked for."""
        return self._setting is not None or self._file is not None

    def holder(self, secret: bytes) -> Token | None:
        """Return which valid token this is; how long that takes says nothing about any of them."""
        given = hashlib.sha256(secret).hexdigest()
        found = [token for token in self._tokens() if hmac.compare_digest(token.sha256, given)]
        return self._valid(found[0]) if found else None

    def named(self, name: str) -> Token | None:
        """Return the valid token of this name."""
        found = [token for token in self._tokens() if token.name == name]
        return self._valid(found[0]) if found else None

    def _tokens(self) -> Iterator[Token]:
        if self._setting is not None:
            yield self._setting
        if self._file is not None:
            yield from self._file.tokens()

    def _valid(self, token: Token) -> Token | None:
        return token if token.is_valid(self._clock()) else None
