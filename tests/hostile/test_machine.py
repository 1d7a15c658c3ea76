"""Machines that lack something: disks that are full or read-only, limits of every kind."""

from __future__ import annotations

import os
import random
import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

REQUEST = "Everything"


@contextmanager
def disk(place: Path, size: str) -> Iterator[Path]:
    """A small disk of its own at `place`; skips where none may be mounted."""
    place.mkdir(exist_ok=True)
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "none", str(place)], capture_output=True)
    if mounted.returncode:
        pytest.skip("no disk can be mounted here; it takes root")
    try:
        yield place
    finally:
        subprocess.run(["umount", "-l", str(place)], check=True)


def _library(atom: Any, disk: Path, footage: Path, other: Path) -> list[str]:
    words = ("index", footage, "--model", "tiny", "--library", disk / "library", "--cache", other / "cache")
    faults = atom(*words).faults(f"index into a library on {disk.name}")
    subprocess.run(["mount", "-o", "remount,size=64m", str(disk)], check=True)
    return faults + atom(*words).faults("index again with room", (0,))


def _cache(atom: Any, disk: Path, footage: Path, other: Path) -> list[str]:
    words = ("caption", footage, "--model", "tiny", "--library", other / "library", "--cache", disk / "cache")
    ended = atom(*words)
    captions = sum(".mp4" in line for line in ended.text.splitlines())
    return ended.faults("caption with a cache on a full disk", (0,)) + ["not all are captioned"] * (captions < 6)


def _documents(atom: Any, disk: Path, footage: Path, other: Path) -> list[str]:
    words = ("caption", footage, "--model", "tiny", "--cache", other / "cache", "--library", other / "library")
    ended = atom(*words, "--format", "json", "-o", disk / "documents")
    half = [path for path in disk.rglob("*.json") if not path.read_text().strip().endswith("}")]
    return ended.faults("documents on a full disk") + [f"half a document, {path.name}" for path in half]


def _quantized(atom: Any, disk: Path, footage: Path, other: Path) -> list[str]:
    del footage
    ended = atom("quantize", "tiny", "-o", disk / "quantized", "--cache", other / "cache")
    left = [path.name for path in disk.iterdir() if path.name != "fill"]
    size = os.statvfs(disk).f_blocks * os.statvfs(disk).f_frsize
    whole = ended.code == 0 and size > 5e6
    return ended.faults("quantize onto a full disk") + [f"left over: {left}"] * (bool(left) and not whole)


PLACES = (_library, _cache, _documents, _quantized)
SIZES = ("16k", "64k", "200k", "400k", "800k", "1500k", "2m", "4m")


def test_full_disks(
    atom: Any, footage: Path, tmp_path: Path, tally: Any, rng: random.Random, rounds: Callable[..., Any]
) -> None:
    """Disks that are full at some point, under library, cache, documents and quantised models.

    One line each, nothing half written, and with room all is well.
    """
    for number in rounds(0.12):
        work, size = PLACES[number % len(PLACES)], rng.choice(SIZES)
        with disk(tmp_path / f"disk-{size}-{number}", size) as place:
            tally.case(*(f"{size}: {fault}" for fault in work(atom, place, footage, tmp_path)))
    tally.judge(3)


LIMITS: tuple[tuple[str, tuple[int, ...]], ...] = (
    ("NOFILE", (16, 24, 32, 64, 128)),
    ("FSIZE", (10_000, 100_000, 300_000)),
    ("STACK", (256 << 10,)),
    ("NPROC", (1, 8)),
    ("AS", (3 << 30, 4 << 30, 6 << 30)),
    ("CPU", (1, 3)),
    ("DATA", (1 << 30, 2 << 30, 4 << 30)),
    ("MEMLOCK", (0,)),
    ("SIGPENDING", (0, 1)),
)
LACKS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("HOME", ("/nowhere", "", "/proc/1")),
    ("TMPDIR", ("/nowhere", "/dev/null")),
    ("XDG_CACHE_HOME", ("/dev/null", "relative")),
    ("PATH", ("", "/nowhere")),
    ("COLUMNS", ("1", "0", "-5", "wide")),
)
"""Variables that name nothing which can be used."""


def test_limits(
    atom: Any, footage: Path, tmp_path: Path, tally: Any, rng: random.Random, rounds: Callable[..., Any]
) -> None:
    """Limits of nine kinds (files, memory, processor time ...), and five kinds of variables that name nothing.

    A result or a line; no trace, no hang, and without the limit all is well.
    """
    kinds = [("limits", *kind) for kind in LIMITS] + [("environ", *kind) for kind in LACKS]
    for number in rounds(0.12):
        how, kind, values = kinds[number % len(kinds)]
        value, folder = rng.choice(values), tmp_path / str(number)
        places = ("--model", "tiny", "--library", folder / "library", "--cache", folder / "cache")
        words = (("index", footage), ("caption", footage), ("assemble", REQUEST, "-o", folder / "film.mp4"))[number % 3]
        folder.mkdir()
        if words[0] == "assemble":
            atom("index", footage, *places)
        codes = {"CPU": (0, 1, 2, 130, -24)}.get(kind, (0,) if how == "environ" else (0, 1, 2, 130))
        limited = atom(*words, *places, cwd=folder, **{how: {kind: value}})
        faults = limited.faults(f"{words[0]} with {kind} {value}", codes)
        faults += atom(*words, *places).faults(f"{words[0]} again without {kind}", (0,))
        tally.case(*faults)
        shutil.rmtree(folder)
    tally.judge(3)
