"""Check a model as a whole; what concerns a single value has been checked while reading it."""

from streams.model.check_conditions import check_conditions
from streams.model.check_names import check_names
from streams.model.check_stages import check_stages
from streams.model.check_touchpoints import check_touchpoints
from streams.model.check_units import check_units
from streams.model.check_usage import check_usage
from streams.model.fields import Notes
from streams.model.interval import scales
from streams.model.limits import check_limits
from streams.model.logic import Facts, choices_of
from streams.model.names import names_of
from streams.model.sections import Draft


def check_draft(notes: Notes, draft: Draft) -> None:
    """Note everything that is wrong or probably not meant, at its place."""
    names = names_of(draft.model)
    facts = Facts(answers=scales(draft.model), choices=choices_of(names))
    check_names(notes, draft, names)
    faulty = check_units(notes, draft, names)
    check_conditions(notes, draft, facts, faulty)
    check_touchpoints(notes, draft)
    check_stages(notes, draft, facts, faulty)
    check_usage(notes, draft)
    check_limits(notes, draft)
