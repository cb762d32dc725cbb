"""How a command ends that cannot work with what it was given."""

import click


class Refusal(click.ClickException):
    """A setting, a model or a mapping cannot be used; the message says what to change."""

    exit_code = 2
