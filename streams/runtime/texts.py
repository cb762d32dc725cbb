"""The texts of traits that somebody sees: rules need only their codes. Pure."""

from streams.model.compile_rules import text_code
from streams.model.compiled import Compiled

MOST_KEPT = 100_000
LONGEST = 256


class Texts(dict[int, str]):
    """Codes to texts: the first `MOST_KEPT` that come, of each the first `LONGEST` characters.

    The code of a text that is not kept is shown itself, as `#` and eight digits. `new` holds what came since
    the last flush.
    """

    def __init__(self) -> None:
        super().__init__()
        self.new: dict[int, str] = {}

    def note(self, text: str) -> int:
        """Return the code of a text, never 0, and keep the text while there is room."""
        code = text_code(text)
        if code not in self and len(self) < MOST_KEPT:
            self[code] = self.new[code] = text[:LONGEST]
        return code

    def __missing__(self, code: int) -> str:
        return f"#{code & 0xFFFF_FFFF:08x}"


def shown_traits(compiled: Compiled) -> set[str]:
    """Return the traits whose texts are seen: those that a rule compares as texts, and the segments."""
    leaves = (leaf for program in compiled.programs for leaf in program.leaves)
    return {leaf.name for leaf in leaves if leaf.shown == "text"} | set(compiled.model.segments)
