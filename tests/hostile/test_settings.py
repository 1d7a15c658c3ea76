"""Settings that nobody would write: files, variables and options by seeded chance."""

from __future__ import annotations

import random
import shutil
import string
from collections.abc import Callable
from pathlib import Path
from typing import Any

import attrs

from atom_core.settings import Settings

FIELDS = tuple(field.name for field in attrs.fields(Settings))
TASKS = {
    "caption": ("prompt", "max_new_tokens"),
    "answer": ("max_new_tokens",),
    "film": ("path", "sound"),
    "search": ("limit",),
}
COMMANDS = ("config", "library", "plugins", "caption")
WORDS = (
    "",
    " ",
    "auto",
    "none",
    "shots",
    "true",
    "0",
    "-1",
    "1e309",
    "nan",
    "inf",
    "0x10",
    "1_0",
    "9" * 5000,
    "4 GB",
    "-5kB",
)
ODD = ("\0", "\x1b[31m", "\u202e", "é" * 300, "x" * 20_000, "\n\n", "%s{0}$HOME", "a=b", "@nobody", "--", "../" * 2000)
FILES = ("/dev/null", "/dev/zero", "/proc/self/mem", "/dev/null/x", ".", "not there.toml")
MOST_BYTES = 2**30
"""Most memory that settings may take, above what the command takes without any."""


def _text(rng: random.Random) -> str:
    chance = rng.random()
    if chance < 0.7:
        return rng.choice(WORDS + ODD)
    return "".join(rng.choice(string.printable + "äß漢😀") for _ in range(rng.randrange(40)))


def _quoted(text: str) -> str:
    return '"' + "".join(c if c.isalnum() and c.isascii() else f"\\U{ord(c):08x}" for c in text) + '"'


def _value(rng: random.Random, depth: int = 3) -> str:
    """A TOML value of any type, most often of the wrong one."""
    kind = rng.randrange(8 if depth else 5)
    if kind == 0:
        return rng.choice(("0", "-1", "1", "7", str(2**31), str(-(2**63)), str(2**64), "9" * 400, "9" * 6000, "0xff"))
    if kind == 1:
        return rng.choice(("0.0", "-0.5", "1e308", "1e999", "nan", "inf", "-inf", "1e-320"))
    if kind == 2:
        return rng.choice(("true", "false", "1979-05-27T07:32:00Z", "1979-05-27", "07:32:00"))
    if kind in (3, 4):
        return _quoted(_text(rng))
    many = rng.choice((0, 1, 3, 300 if depth == 3 else 5))
    if kind == 5:
        return "[" + ", ".join(_value(rng, depth - 1) for _ in range(many)) + "]"
    if kind == 6:
        return "{" + ", ".join(f"k{n} = {_value(rng, depth - 1)}" for n in range(many)) + "}"
    deep = rng.choice((5, 50, 400, 3000))
    return rng.choice(("[" * deep + "]" * deep, "{a = " * deep + "1" + "}" * deep, "[" * deep))


def _key(rng: random.Random) -> str:
    if rng.random() < 0.7:
        return rng.choice(FIELDS)
    task = rng.choice(list(TASKS))
    names = (rng.choice(TASKS[task]), f"tasks.{task}.{rng.choice(TASKS[task])}", f"{task}.x", _quoted(_text(rng)))
    return rng.choice((*names, ".".join("a" * rng.choice((5, 31, 33, 2000))), f"tasks.{_quoted(_text(rng))}.x"))


def _toml(rng: random.Random) -> bytes:
    """Bytes of ``atom.toml``: mostly TOML, in part of the right names, at times damaged."""
    lines = [f"{_key(rng)} = {_value(rng)}" for _ in range(rng.choice((1, 1, 2, 5)))]
    for _ in range(rng.choice((0, 0, 1, 2))):
        header = rng.choice((f"[tasks.{rng.choice(list(TASKS))}]", "[tasks]", "[[tasks]]", f"[{rng.choice(FIELDS)}]"))
        lines += [header, *(f"{_key(rng)} = {_value(rng)}" for _ in range(rng.randrange(3)))]
    if rng.random() < 0.1:
        lines += [f"key{number} = {number}" for number in range(rng.choice((1000, 20_000)))]
    content = "\n".join(lines).encode()
    damage = rng.random()
    if damage < 0.1:
        return content[: rng.randrange(len(content))]
    if damage < 0.2:
        at = rng.randrange(len(content))
        return content[:at] + rng.choice((b"\0", b"\xff\xfe", b"\r", b"\xc3")) + content[at:]
    if damage < 0.25:
        return rng.choice((b"\xef\xbb\xbf", b"\xff\xfe")) + content
    return rng.randbytes(rng.randrange(3000)) if damage < 0.3 else content


def _variables(rng: random.Random) -> dict[str, str]:
    names = [f"ATOM_{name.upper()}" for name in FIELDS]
    names += [f"ATOM_{task.upper()}_{name.upper()}" for task, own in TASKS.items() for name in own]
    names += ["ATOM_", "ATOM_TASKS_CAPTION", "ATOM_NOBODY"]
    found = {rng.choice(names): rng.choice((_text(rng), "\udcff\udcc0")) for _ in range(rng.choice((1, 1, 2, 4)))}
    if rng.random() < 0.1:
        found["ATOM_CONFIG"] = rng.choice(FILES)
    return {name: value.replace("\0", "") for name, value in found.items()}


def _options(rng: random.Random) -> list[str]:
    words: list[str] = []
    for _ in range(rng.choice((1, 1, 2, 4))):
        name, task = rng.choice(FIELDS).replace("_", "-"), rng.choice(list(TASKS))
        words += rng.choice(
            (
                [f"--{name}", _text(rng)],
                [f"--{name}={_text(rng)}"],
                ["--set", f"{task}.{rng.choice(TASKS[task])}={_text(rng)}"],
                ["--set", _text(rng)],
                ["--config", rng.choice(FILES)],
                [f"--{_text(rng)}"],
            )
        )
    return [word.replace("\0", "") for word in words]


def _told(ended: Any, what: str) -> list[str]:
    """A mistake is one line, after remarks at most, and does not repeat all of what was absurd."""
    if ended.code != 2:
        return []
    lines = ended.text.strip().splitlines()
    shown = f"{what}: {ended.text[:300]!r}"
    found = [f"no line; {shown}"] * (not lines)
    found += [f"{len(lines)} lines; {shown}"] * any(not line.startswith("atom: ") for line in lines)
    return found + [f"{max(map(len, lines), default=0)} characters; {shown}"] * any(len(line) > 2000 for line in lines)


def test_absurd_settings(
    atom: Any, footage: Path, tmp_path: Path, tally: Any, rng: random.Random, rounds: Callable[..., Any]
) -> None:
    """Settings by chance, in files, variables and options: deep, wide, huge, of wrong types, no text at all.

    A result, or one line and exit 2; no trace, no hang, and less than a gigabyte more memory.
    """
    video = sorted(footage.glob("*.mp4"))[0]
    usual_bytes: dict[str, int] = {}
    for number in rounds(0.06):
        name = COMMANDS[number % len(COMMANDS)]
        words = (name, video, "--model", "tiny") if name == "caption" else (name,)
        folder = tmp_path / str(number)
        folder.mkdir()
        if name not in usual_bytes:
            usual_bytes[name] = atom(*words, cwd=folder).peak_bytes
        way, options, variables = rng.choice(("file", "variables", "options", "all")), [], {}
        if way in ("file", "all"):
            (folder / "atom.toml").write_bytes(_toml(rng))
        if way in ("variables", "all"):
            variables = _variables(rng)
        if way in ("options", "all"):
            options = _options(rng)
        ended = atom(*words, *options, cwd=folder, environ=variables, limit_s=60)
        what = f"{number} {name} by {way}, {str(options)[:200]} {str(variables)[:200]}"
        more = ended.peak_bytes - usual_bytes[name]
        faults = ended.faults(what, lines=1000) + _told(ended, what) + [f"{more} bytes; {what}"] * (more > MOST_BYTES)
        tally.case(*faults)
        shutil.rmtree(folder)
    tally.judge(3)
