"""Signatures say what they take and return: `Any` is for what truly may be anything."""

import ast
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).parents[2]
FILES = [
    *sorted((ROOT / "atom_core").rglob("*.py")),
    *(path for path in sorted(ROOT.glob("plugins/*/atom_*/**/*.py")) if "tests" not in path.relative_to(ROOT).parts),
]
MOST = 0.12
"""Part of all signatures that may name `Any`."""
LONGEST_LINES = 50
"""Lines of a function of the core."""


def functions(path):
    """Every function and method of a file."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return [node for node in ast.walk(tree) if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))]


def names_any(function):
    """Whether a parameter's type, or the result's, has `Any` in it."""
    given = function.args
    parameters = (*given.posonlyargs, *given.args, *given.kwonlyargs, given.vararg, given.kwarg)
    types = [*(parameter.annotation for parameter in parameters if parameter is not None), function.returns]
    return any(
        (isinstance(part, ast.Name) and part.id == "Any")
        or (isinstance(part, ast.Constant) and isinstance(part.value, str) and "Any" in part.value)
        for kind in types
        if kind is not None
        for part in ast.walk(kind)
    )


def test_few_signatures_say_any():
    """At most 12 in 100; the files with most are named."""
    found = Counter({path: sum(map(names_any, functions(path))) for path in FILES})
    number, total = sum(found.values()), sum(len(functions(path)) for path in FILES)
    worst = ", ".join(f"{path.relative_to(ROOT)} {count}" for path, count in found.most_common(12))
    print(f"{number} of {total} signatures say Any, {number / total:.1%}; most: {worst}")
    assert number <= MOST * total, f"{number} of {total} signatures say Any, {number / total:.1%}; most: {worst}"


def test_no_function_of_the_core_is_long():
    """None has more than 50 lines."""
    long = [
        f"{path.relative_to(ROOT)} {function.name}: {function.end_lineno - function.lineno + 1} lines"
        for path in FILES
        if path.is_relative_to(ROOT / "atom_core")
        for function in functions(path)
        if function.end_lineno - function.lineno >= LONGEST_LINES
    ]
    assert long == []
