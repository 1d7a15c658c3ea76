"""What is imported looks for nothing in the current folder."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

CODE = """
import os, sys, threading
here, seen = os.getcwd(), []
def noting(real):
    def look(path, *args, **more):
        if isinstance(path, (str, os.PathLike)) and os.path.dirname(os.path.join(os.getcwd(), path)) == here:
            seen.append(str(path))
        return real(path, *args, **more)
    return look
from atom_core.imports import import_apart
os.stat, os.lstat = noting(os.stat), noting(os.lstat)
import_apart()
import torch
import transformers.utils.auto_docstring
print(seen, os.getcwd() == here)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="threads share the current folder")
def test_nothing_of_the_current_folder_is_looked_at(tmp_path: Path) -> None:
    """torch and transformers are imported, none of the names they look for is there, and the program stays in it."""
    environ = {**os.environ, "PYTHONSAFEPATH": "1"}
    done = subprocess.run([sys.executable, "-c", CODE], cwd=tmp_path, env=environ, capture_output=True, text=True)
    assert (done.stdout.strip(), done.stderr) == ("[] True", "")
