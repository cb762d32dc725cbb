"""The command `rapport`: names its commands and imports the one that is called, and nothing else."""

import importlib

import click

# Command -> its line in `rapport --help`. Each is a module beside this one (`_` for `-`), with a click
# command `command`.
COMMANDS = {
    "up": "Run everything in one process: collector, engine, API and metrics.",
    "demo": "Watch a made-up company live: the same process, fed by a seeded population.",
    "replay": "Run files of past events through a model, and write down what came of them.",
    "worker": "Run one worker of a fleet on Kafka.",
    "dashboard": "Serve the API and the page of a fleet on Kafka.",
    "topics": "Show or make the topics of a fleet on Kafka.",
    "send": "Send files of touchpoints to Kafka.",
    "tail": "Follow what a fleet tells on Kafka.",
    "dead-letters": "Send again what could not be read on Kafka.",
    "doctor": "Examine Kafka: permissions, topics, sizes, state, lag.",
    "backup": "Copy a data directory into one file, also while `rapport up` works on it.",
    "restore": "Make a data directory of a backup.",
    "token": "Make, list and revoke access tokens.",
    "explain": "Say why a customer is where it is.",
    "model": "Check, show, compare and list models.",
}


class LazyGroup(click.Group):
    """A group that knows its commands by name and imports one only when it is called."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the commands in the order in which a newcomer meets them."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import the module of a command; None for an unknown one."""
        if cmd_name not in COMMANDS:
            return None
        module = cmd_name.replace("-", "_")
        command: click.Command = importlib.import_module(f"streams.cli.{module}").command
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command that was called; suggest the nearest one for a misspelt name."""
        if args[0] not in COMMANDS and not args[0].startswith("-"):
            from streams.model.problems import did_you_mean

            hint = did_you_mean(args[0], COMMANDS) or f"the commands are {', '.join(COMMANDS)}"
            ctx.fail(f"No such command {args[0]!r}: {hint}")
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the list of commands from the table, so that help imports none of them."""
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))

    def invoke(self, ctx: click.Context) -> object:
        """Run the command; a bad setting or model ends it with exit code 2 and says what to change."""
        from streams.cli.refusal import Refusal
        from streams.model.problems import ModelError
        from streams.settings import SettingsError

        try:
            return super().invoke(ctx)
        except (SettingsError, ModelError) as problem:
            raise Refusal(str(problem)) from problem


@click.group("rapport", cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="rapport", message="%(prog)s %(version)s")
def main() -> None:
    """Touchpoints in, live customers out.

    Rapport turns the events that your product already emits into a live picture of
    every customer: how engaged they are, which stage they are in, what changed and why.
    """
