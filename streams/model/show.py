"""Write a model as YAML: what is in force after `extends`, defaults included; reading it gives the same."""

from streams.model.definition import Model
from streams.model.pieces import Piece, pieces

WIDTH = 100


def show(model: Model) -> str:
    """Return the effective model as the text of a model file."""
    text = ""
    for key, piece in pieces(model).items():
        gap = "\n" if text and not isinstance(piece, str) else ""
        text += gap + "\n".join(lines(key, piece, indent=0)) + "\n"
    return text


def lines(key: str, piece: Piece, *, indent: int) -> list[str]:
    """Return a key with its value: on one line where that fits, else laid out below it."""
    start = f"{' ' * indent}{key}:"
    one_line = f"{start} {flow(piece)}"
    is_section = indent == 0 and not isinstance(piece, str) and holds_pieces(piece)
    if isinstance(piece, str) or (len(one_line) <= WIDTH and not is_section):
        return [one_line]
    return [start, *below(piece, indent=indent + 2)]


def below(piece: Piece, *, indent: int) -> list[str]:
    """Return a mapping or a list laid out over lines."""
    if isinstance(piece, dict):
        return [line for key, value in piece.items() for line in lines(key, value, indent=indent)]
    return [line for item in piece for line in item_lines(item, indent=indent)]


def item_lines(item: Piece, *, indent: int) -> list[str]:
    """Return a member of a list, on one line where that fits."""
    one_line = f"{' ' * indent}- {flow(item)}"
    if isinstance(item, str) or len(one_line) <= WIDTH:
        return [one_line]
    laid_out = below(item, indent=indent + 2)
    return [f"{' ' * indent}- {laid_out[0].lstrip()}", *laid_out[1:]]


def holds_pieces(piece: dict[str, Piece] | list[Piece]) -> bool:
    """Whether a section holds more than plain values."""
    members = piece.values() if isinstance(piece, dict) else piece
    return any(not isinstance(member, str) for member in members)


def flow(piece: Piece) -> str:
    """Return a piece on one line."""
    if isinstance(piece, dict):
        return "{" + ", ".join(f"{key}: {flow(value)}" for key, value in piece.items()) + "}"
    if isinstance(piece, list):
        return "[" + ", ".join(flow(item) for item in piece) + "]"
    return piece
