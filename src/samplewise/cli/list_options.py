"""Options that take several values in a row: `--segments sex race` as well as `--segments sex --segments race`."""

from collections.abc import Sequence
from typing import Any

from typer.core import TyperCommand

from samplewise.cli.command_options import READ_AS, SPELLED, flag_name

LIST_OPTIONS = (
    *(flag_name(name) for name, flag in SPELLED.items() if flag.kind == list[str] | None),
    *READ_AS.values(),
)


class ListedCommand(TyperCommand):
    """A command whose list options take all words up to the next option, once PATH has been given."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Parse after repeating the name of a list option before each of its values."""
        parsed: list[str] = super().parse_args(ctx, spelled_out(args))
        return parsed


def spelled_out(args: Sequence[str], names: Sequence[str] = LIST_OPTIONS) -> list[str]:
    """Arguments with every value of a list option preceded by its name.

    Only where the first argument is PATH: before it, the last word after a list option might be the path itself.

    >>> spelled_out(["a.csv", "--segments", "sex", "race", "--quiet"])
    ['a.csv', '--segments', 'sex', '--segments', 'race', '--quiet']
    """
    if not args or args[0].startswith("-"):
        return list(args)
    spelled: list[str] = []
    current, values = "", 0
    for index, word in enumerate(args):
        if word == "--":
            return spelled + list(args[index:])
        if word.startswith("-"):
            current, values = (word, 0) if word in names else ("", 0)
        elif current:
            if values:
                spelled.append(current)
            values += 1
        spelled.append(word)
    return spelled
