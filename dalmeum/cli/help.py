"""`--help` in the terminal's language: the commands' own texts, and the few words of the command line."""

import sys
from collections.abc import Callable, Iterator, Sequence
from typing import Any, TypeVar

from typer.core import TyperCommand, TyperGroup
from typer.exceptions import TyperException

from dalmeum.languages import Text
from dalmeum.terminal import columns, terminal_width, wrapped

WIDEST = 98
"""Columns of a line, however wide the terminal is."""

FIRST = 30
"""Columns of an option's name, from which its text goes to the next line."""

HELP_OPTIONS = {"help_option_names": ["-h", "--help"]}

HELP = "Show this message and exit."
WORDS = {
    HELP: Text(HELP, "이 도움말을 보여 주고 끝냅니다."),
    "[default: ": Text("[default: ", "[기본값: "),
    "required]": Text("required]", "필수]"),
}
"""What Typer itself writes into the line of an option."""

Function = TypeVar("Function", bound=Callable[..., None])


def help_text(en: str, ko: str) -> str:
    return str(Text(en, ko))


def documented(en: str, ko: str) -> Callable[[Function], Function]:
    """Give a command its help, which Typer reads from the docstring."""

    def tell(command: Function) -> Function:
        command.__doc__ = help_text(en, ko)
        return command

    return tell


class Command(TyperCommand):
    """A command whose help is laid out by `help_lines`."""

    def format_help(self, ctx: Any, formatter: Any) -> None:
        formatter.write("\n".join(help_lines(self, ctx)) + "\n")


class Group(TyperGroup):
    """The same for the whole of the commands."""

    def format_help(self, ctx: Any, formatter: Any) -> None:
        formatter.write("\n".join(help_lines(self, ctx)) + "\n")


def call_error(error: TyperException) -> str:
    """What is wrong with a call, below how the command is called."""
    context: Any = getattr(error, "ctx", None)
    usage = "" if context is None else f"{_usage(context.command, context)}\n"
    told = error.format_message().replace(": Value error, ", ": ")  # pydantic's own word
    return f"{usage}Error: {setting_of(error) or missing_arguments(error) or told}"


def setting_of(error: TyperException) -> str:
    """For an option that is a key of a recipe, as `--batch-size 16`, how to write it; else nothing."""
    name, context = getattr(error, "option_name", None), getattr(error, "ctx", None)
    if not name or context is None or context.info_name not in {"train", "study"}:
        return ""
    from dalmeum.recipe import recipe_key

    key = recipe_key(name.lstrip("-").replace("-", "_"))
    if key is None:
        return ""
    before = "baseline." if context.info_name == "study" else ""
    setting = key if "=" in key else f"{key}={_value_of(name)}"
    return f"No such option: {name}; settings are written key=value: {before}{setting}"


def missing_arguments(error: TyperException) -> str:
    """For a call with too few arguments, where one takes any number: what was given may be any of them."""
    missing, context = getattr(error, "param", None), getattr(error, "ctx", None)
    if getattr(missing, "nargs", 1) != -1 or context is None:
        return ""
    needed = [
        each.metavar or each.name
        for each in context.command.params
        if each.param_type_name == "argument" and each.required
    ]
    return f"Missing argument: {' and '.join(needed)} are needed" if len(needed) > 1 else ""


def _value_of(option: str) -> str:
    """What the call gives an option that is none: `--seed 7`, `--seed=7`."""
    for word, following in zip(sys.argv, [*sys.argv[1:], ""], strict=True):
        if word.startswith(f"{option}="):
            return word.removeprefix(f"{option}=")
        if word == option:
            return following if following and not following.startswith("--") else "..."
    return "..."


def _usage(command: Any, context: Any) -> str:
    return " ".join(
        [f"{Text('Usage', '사용법')}: {context.command_path}", *command.collect_usage_pieces(context)]
    )


def help_lines(command: Command | Group, context: Any) -> Iterator[str]:
    width = min(terminal_width(), WIDEST)
    yield from wrapped(_usage(command, context), width, rest="    ")
    for paragraph in (command.help or "").split("\n\n"):
        yield ""
        yield from wrapped(paragraph, width, first="  ", rest="  ")
    records: dict[str, list[tuple[str, str]]] = {"argument": [], "option": []}
    for parameter in command.get_params(context):
        if record := parameter.get_help_record(context):
            records[parameter.param_type_name].append(record)
    yield from _section(Text("Arguments", "인자"), records["argument"], width)
    yield from _section(Text("Options", "옵션"), records["option"], width)
    commands = command.commands if isinstance(command, Group) else {}
    told = [(name, (each.help or "").split("\n\n")[0]) for name, each in commands.items()]
    yield from _section(Text("Commands", "명령"), told, width)


def _section(title: Text, rows: Sequence[tuple[str, str]], width: int) -> Iterator[str]:
    """Names on the left, what they are on the right."""
    if not rows:
        return
    yield ""
    yield f"{title}:"
    left = min(FIRST, max(columns(name) for name, _ in rows)) + 4
    for name, text in rows:
        first = f"  {name}"
        if columns(first) + 2 > left:
            yield first
            first = ""
        lead = first + " " * (left - columns(first))
        yield from wrapped(_translated(text), width, first=lead, rest=" " * left)


def _translated(text: str) -> str:
    for english, word in WORDS.items():
        text = text.replace(english, str(word))
    return text
