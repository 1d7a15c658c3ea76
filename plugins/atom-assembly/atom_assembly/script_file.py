"""Scripts in files: what a dry run writes, what people write, and both read again."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from attrs import asdict, evolve, fields

import atom_core as atom
from atom_assembly.requests.wanted import read_line

_LARGEST_BYTES = 1_000_000


def as_value(script: atom.Script) -> dict[str, Any]:
    """A script as JSON values: the lines with what is wanted of each, then what is asked of the film."""
    constraints = script.constraints
    wanted = constraints.wanted or (atom.Wanted(),) * len(script.lines)
    return {
        "request": script.request.text,
        "length_s": script.request.length_s,
        "lines": [{"line": line, **_changed(one)} for line, one in zip(script.lines, wanted, strict=True)],
        "constraints": _changed(evolve(constraints, wanted=())),
    }


def _changed(record: atom.Wanted | atom.Constraints) -> dict[str, Any]:
    plain = asdict(type(record)())
    values = asdict(record)
    return {
        name: list(value) if isinstance(value, tuple) else value
        for name, value in values.items()
        if value != plain[name]
    }


def read_script(path: Path | str, length_s: float | None = None) -> atom.Script:
    """The script in a file: JSON as a dry run writes it, alone or in a result of ``--json``, or text, one line a shot.

    In text, lines that begin with ``#`` are left out, and a line may say what a request may: "all red hearts".

    :param length_s: longest that the film may be, seconds, over what the file says
    :raises SettingsError: if the file cannot be read, or is no script
    """
    try:
        data = Path(path).read_bytes()[: _LARGEST_BYTES + 1]
        text = data.decode("utf-8-sig")
    except OSError as error:
        raise atom.SettingsError(f"--script '{path}' cannot be read: {error.strerror}; name another file") from None
    except UnicodeDecodeError:
        raise atom.SettingsError(f"--script '{path}' is no text in UTF-8; name a script") from None
    if len(data) > _LARGEST_BYTES:
        raise atom.SettingsError(f"--script '{path}' is larger than a script can be, {_LARGEST_BYTES} bytes")
    read = _of_json if text.lstrip()[:1] in ("{", "[") else _of_lines
    script = read(text, path)
    return script if length_s is None else evolve(script, request=evolve(script.request, length_s=length_s))


def _of_lines(text: str, path: Path | str) -> atom.Script:
    lines = [read_line(line) for line in text.splitlines() if line.strip() and not line.lstrip().startswith("#")]
    if not lines:
        raise atom.SettingsError(f"--script '{path}' has no lines; write one for each shot")
    whole = " then ".join(line.text for line in lines)
    wanted = tuple(line.wanted for line in lines)
    return atom.Script(
        request=atom.Request(text=whole or "anything"),
        lines=tuple(line.text for line in lines),
        constraints=atom.Constraints(wanted=wanted),
    )


def _of_json(text: str, path: Path | str) -> atom.Script:
    try:
        value = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise atom.SettingsError(f"--script '{path}' is no valid JSON: {str(error).splitlines()[0]}") from None
    if isinstance(value, list) and len(value) == 1:
        value = value[0]
    if isinstance(value, dict) and isinstance(value.get("script"), dict):
        value = value["script"]
    try:
        return _script(value)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        said = f"has no {error}" if isinstance(error, KeyError) else str(error).splitlines()[0]
        raise atom.SettingsError(
            f"--script '{path}' is no script: {said}; `atom assemble --dry-run -o FILE` writes one"
        ) from None


def _script(value: Any) -> atom.Script:
    if not isinstance(value, dict):
        raise ValueError('expected an object with "lines"')
    rows = [{"line": row} if isinstance(row, str) else row for row in value["lines"]]
    lines = [row["line"] for row in rows]
    if not lines or not all(isinstance(line, str) for line in lines):
        raise ValueError('expected "lines" with a text each')
    wanted = tuple(atom.Wanted(**_known(atom.Wanted, row, {"line"})) for row in rows)
    constraints = atom.Constraints(wanted=wanted, **_known(atom.Constraints, value.get("constraints") or {}, set()))
    length_s = value.get("length_s")
    asked = atom.Request(
        text=str(value.get("request") or "; ".join(lines) or "anything"),
        length_s=None if length_s is None else float(length_s),
    )
    return atom.Script(request=asked, lines=tuple(lines), constraints=constraints)


def _known(kind: type[Any], row: Mapping[str, Any], beside: set[str]) -> dict[str, Any]:
    names = {one.name for one in fields(kind)} - {"wanted"}
    if strange := row.keys() - names - beside:
        raise ValueError(f"unknown {', '.join(sorted(map(str, strange)))}; there are {', '.join(sorted(names))}")
    return {name: value for name, value in row.items() if name in names}
