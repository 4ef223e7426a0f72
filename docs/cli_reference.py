"""Prints the CLI reference as Markdown, from the Click commands; `make docs` writes it to docs/cli.md.

Nothing is asked of Click's formatter but the names of options, so the text does not follow the terminal's width.
"""

from __future__ import annotations

import inspect
import sys
from dataclasses import dataclass

import click

from pipeline.cli import main

PROGRAM = "servicebanken"

HEAD = f"""# Commands

<!-- Generated from pipeline/cli/ by `make docs`. Edit the help texts there, not this page. -->

`{PROGRAM} --help` and `{PROGRAM} COMMAND --help` print the same texts. What a message means is in
[errors.md](errors.md).
"""


@dataclass(frozen=True)
class Help:
    """A help text in its parts: `paragraphs`, each one line, and the lines of its `Example:` block."""

    paragraphs: list[str]
    examples: list[str]


def reference() -> str:
    """The whole page."""
    context = click.Context(main, info_name=PROGRAM, **main.context_settings)
    names = main.list_commands(context)
    parts = [HEAD, _group(context, names)]
    parts += [_command(main.commands[name], context) for name in names]
    return "\n".join(parts)


def _group(context: click.Context, names: list[str]) -> str:
    lines = [*_usage(context), *_text(main)]
    lines += ["| Command | What it does |", "| --- | --- |"]
    for name in names:
        first = help_of(main.commands[name]).paragraphs[0]
        lines.append(f"| [`{name}`](#{name}) | {_cell(first)} |")
    return "\n".join([*lines, "", *_options(context)])


def _command(command: click.Command, parent: click.Context) -> str:
    context = click.Context(command, info_name=command.name, parent=parent)
    lines = [f"## {command.name}", "", *_usage(context), *_text(command)]
    lines += [*_arguments(context), *_options(context), *_examples(command)]
    return "\n".join(lines)


def _usage(context: click.Context) -> list[str]:
    pieces = context.command.collect_usage_pieces(context)
    return ["```text", " ".join([context.command_path, *pieces]), "```", ""]


def _text(command: click.Command) -> list[str]:
    return [line for paragraph in help_of(command).paragraphs for line in (_escape(paragraph), "")]


def _arguments(context: click.Context) -> list[str]:
    arguments = [param for param in context.command.get_params(context) if isinstance(param, click.Argument)]
    if not arguments:
        return []
    lines = ["| Argument | Kind | Needed |", "| --- | --- | --- |"]
    lines += [
        f"| `{argument.human_readable_name}` | {argument.type.name} | {'yes' if argument.required else 'no'} |"
        for argument in arguments
    ]
    return [*lines, ""]


def _options(context: click.Context) -> list[str]:
    lines = ["| Option | Meaning | Default |", "| --- | --- | --- |"]
    for param in context.command.get_params(context):
        record = param.get_help_record(context) if isinstance(param, click.Option) else None
        if isinstance(param, click.Option) and record:
            meaning, default = _meaning(param, context)
            lines.append(f"| `{record[0]}` | {_cell(meaning)} | {_cell(default)} |")
    return [*lines, ""]


def _meaning(option: click.Option, context: click.Context) -> tuple[str, str]:
    """The option's help and its default: what the help says after `Default:`, else the value itself."""
    text = " ".join((option.help or "").split())
    meaning, stated, default = text.partition(" Default: ")
    if stated:
        return meaning, default.rstrip(".")
    if option.is_flag:
        return text, "off" if option.expose_value else ""
    value = option.get_default(context)  # None, or from Click 8.3 on a sentinel, where there is none
    return text, f"`{value}`" if isinstance(value, str | int | float) else ""


def _examples(command: click.Command) -> list[str]:
    examples = help_of(command).examples
    return [f"Example{'s' if len(examples) > 1 else ''}:", "", "```sh", *examples, "```", ""] if examples else []


def help_of(command: click.Command) -> Help:
    """The command's help text; a paragraph under a line with \\b alone is its example."""
    paragraphs, examples = [], []
    for paragraph in inspect.cleandoc(command.help or "").split("\n\n"):
        lines = paragraph.splitlines()
        if lines and lines[0] == "\b":
            examples += [line.strip() for line in lines[2:]]
        elif lines:
            paragraphs.append(" ".join(lines))
    return Help(paragraphs, examples)


def _escape(text: str) -> str:
    return text.replace("<", "\\<").replace("*", "\\*")


def _cell(text: str) -> str:
    return _escape(text).replace("|", "\\|")


if __name__ == "__main__":
    sys.stdout.buffer.write(reference().rstrip("\n").encode() + b"\n")
