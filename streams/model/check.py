"""Check a model as a whole; what reads a single value has been checked while reading it."""

from streams.model.fields import Notes
from streams.model.sections import Draft


def check_draft(notes: Notes, draft: Draft) -> None:
    """Note everything that is wrong or probably not meant, at its place."""
