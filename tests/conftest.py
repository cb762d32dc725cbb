"""What holds for every test: settings of the machine stay out, random examples are the same on every run."""

import os

import pytest
from hypothesis import Phase, settings

from streams.settings import PREFIX

# `steady` finds the same examples everywhere; HYPOTHESIS_PROFILE=explore looks for new ones.
# Only `explore` makes a failing example small: with whole models that can take many minutes.
FOUND = (Phase.explicit, Phase.reuse, Phase.generate)
settings.register_profile("steady", deadline=None, derandomize=True, print_blob=True, phases=FOUND)
settings.register_profile("explore", deadline=None, print_blob=True)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "steady"))


@pytest.fixture(autouse=True)
def no_settings_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    """Take away the `RAPPORT_…` variables of whoever runs the tests."""
    for name in os.environ:
        if name.startswith(PREFIX):
            monkeypatch.delenv(name)
