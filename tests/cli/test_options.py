"""How the arguments of commands are read."""

from __future__ import annotations

import argparse

import pytest

from atom_core.cli.commands import builtin
from atom_core.cli.options import Parser
from atom_core.errors import SettingsError
from atom_core.host import BUILTINS
from atom_core.plugins import load_plugins
from atom_core.settings import Settings


@pytest.fixture
def parser() -> Parser:
    """Of a command that works on a thing and on further ones."""
    parser = Parser(prog="atom work", allow_abbrev=False)
    parser.add_argument("first")
    parser.add_argument("others", nargs="*")
    either = parser.add_mutually_exclusive_group()
    either.add_argument("--loud", action="store_true")
    either.add_argument("--still", action="store_true")
    parser.add_argument("--tag", action="append", default=[])
    parser.add_argument("-k", type=int, required=True)
    return parser


@pytest.mark.parametrize(
    "line", ["-k 1 --loud a b c", "a b c -k 1 --loud", "a -k 1 b --loud c", "a -k 1 b --loud -- c", "a --loud b -k1 c"]
)
def test_words_stand_anywhere(parser: Parser, line: str) -> None:
    """Before, between and behind options, they are the same."""
    args = parser.parse_args(line.split())
    assert (args.first, args.others, args.k, args.loud) == ("a", ["b", "c"], 1, True)


def test_words_that_begin_with_a_dash(parser: Parser) -> None:
    """They are words behind ``--``, whatever stands before; what is repeated counts once for each time."""
    args = parser.parse_args(["a", "--tag", "x", "b", "-k", "1", "--tag", "y", "--", "-k", "--loud"])
    assert (args.others, args.tag, args.loud) == (["b", "-k", "--loud"], ["x", "y"], False)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("a -k 1 b --lood c", "there is no option --lood, did you mean '--loud'?"),
        ("-k 1 --loud", "the following arguments are required: first"),
        ("a --loud b", "the following arguments are required: -k"),
        ("a -k 1 b --loud --still c", "argument --still: not allowed with argument --loud"),
        ("a -k x b", "argument -k: invalid int value: 'x'"),
    ],
)
def test_mistakes_between_words(parser: Parser, line: str, said: str) -> None:
    """Are told as they are elsewhere."""
    with pytest.raises(SettingsError) as caught:
        parser.parse_args(line.split())
    assert str(caught.value).startswith(said)


def test_a_word_too_many() -> None:
    """Is told, where a command takes none."""
    parser = Parser(prog="atom work")
    parser.add_argument("-k", type=int)
    with pytest.raises(SettingsError, match="unrecognized arguments: a"):
        parser.parse_args(["-k", "1", "a"])


def test_options_of_several_values_take_all() -> None:
    """Of each occurrence, in every command there is."""
    pytest.importorskip("atom_indexing")
    plugins = load_plugins(Settings(keep_going=True), builtins=[*BUILTINS, ("commands", builtin)])
    found = set()
    for name, spec in plugins.commands().items():
        parser = argparse.ArgumentParser(add_help=False)
        plugins.load(spec)().add_arguments(parser)
        for action in parser._actions:
            if action.option_strings and (action.nargs in ("+", "*") or isinstance(action.nargs, int)) and action.nargs:
                option = action.option_strings[0]
                found.add((name, option))
                args, _ = parser.parse_known_args([option, "a", option, "b"])
                assert getattr(args, action.dest) == ["a", "b"], (name, option)
    assert {("library", "--merge"), ("library", "--remove")} <= found
