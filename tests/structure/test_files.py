"""What the repository holds."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TOP = {
    *(".ci", ".gitignore", "CHANGELOG.md", "CONTRIBUTING.md", "LICENSE", "README.md", "atom_core", "docs", "plugins"),
    *("pyproject.toml", "tests", "tox.ini"),
}


def test_the_top_level_is_as_it_is_meant_to_be() -> None:
    """What a demo or a build leaves in the working tree is committed by nobody."""
    if shutil.which("git") is None or not (ROOT / ".git").exists():
        pytest.skip("this is no git checkout")
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True, timeout=60)
    assert {line.split("/")[0] for line in listed.stdout.splitlines()} <= TOP
