"""Installed distributions that never were: a folder on the path that looks as if a plugin had been installed there."""

from __future__ import annotations

import importlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from textwrap import dedent


def write_distribution(
    folder: Path,
    name: str,
    *,
    plugins: Mapping[str, str],
    files: Mapping[str, str],
    version: str = "1.0",
    requires: Sequence[str] = (),
) -> None:
    """Write a distribution into `folder`, which belongs on `sys.path`.

    :param plugins: entry points of group ``atom``: name and ``module`` or ``module:object``
    :param files: path below `folder` and text of each file, indented as it pleases
    :param requires: requirements, as in ``Requires-Dist``
    """
    metadata = folder / f"{name.replace('-', '_')}-{version}.dist-info"
    metadata.mkdir(parents=True)
    lines = ["Metadata-Version: 2.1", f"Name: {name}", f"Version: {version}"]
    lines += [f"Requires-Dist: {requirement}" for requirement in requires]
    (metadata / "METADATA").write_text("\n".join(lines) + "\n", encoding="utf-8")
    entries = [f"{plugin} = {target}" for plugin, target in plugins.items()]
    (metadata / "entry_points.txt").write_text("\n".join(["[atom]", *entries]) + "\n", encoding="utf-8")
    for path, text in files.items():
        file = folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(dedent(text), encoding="utf-8")
    importlib.invalidate_caches()
