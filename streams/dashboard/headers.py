"""What is said with every answer, so that a browser neither guesses, keeps, embeds nor leaks what it gets."""

from typing import Final

Header = tuple[bytes, bytes]

SAFE: Final[list[Header]] = [
    (b"x-content-type-options", b"nosniff"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"cache-control", b"no-store"),
]
_POLICY: Final = (
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self' 'unsafe-inline'",  # Plotly writes styles
    "img-src 'self' data: blob:",
    "connect-src 'self'",
    "font-src 'self'",
    "base-uri 'none'",
    "form-action 'self'",
    "frame-ancestors 'none'",
)
_PAGE: Final[list[Header]] = [
    (b"content-security-policy", "; ".join(_POLICY).encode()),
    (b"referrer-policy", b"no-referrer"),
]


def with_safe(sent: list[Header]) -> list[Header]:
    """Return the headers of an answer and what is missing among them; what a route says itself stays."""
    said = {name.lower(): value for name, value in sent}
    wanted = SAFE + _PAGE if said.get(b"content-type", b"").lower().startswith(b"text/html") else SAFE
    return [*sent, *(header for header in wanted if header[0] not in said)]
