"""A site folder to install plugins into, and a loader that sees only those."""

import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from attrs import frozen

from atom_core.plugins import PluginInfo, PluginSet, load_plugins
from atom_core.settings import Settings
from atom_core.testing.distributions import write_distribution


@frozen
class Site:
    """A folder on `sys.path` with fake distributions."""

    folder: Path

    def install(
        self, name: str, code: str, *, distribution: str = "", target: str = "", requires: Sequence[str] = ()
    ) -> None:
        """A distribution ``dist-<name>`` with plugin `name`, whose module is `code`."""
        distribution = distribution or f"dist-{name}"
        module = f"fake_{distribution.replace('-', '_')}"
        code = f"import atom_core as atom\nfrom pathlib import Path\n{code}"
        write_distribution(
            self.folder, distribution, plugins={name: target or module}, files={f"{module}.py": code}, requires=requires
        )

    def load(self, *, builtins: Sequence[tuple[str, object]] = (), trace: Any = None, **settings: Any) -> PluginSet:
        """Load the plugins of this folder alone."""
        names = {file.parent.name for file in self.folder.glob("*.dist-info/entry_points.txt")}
        texts = [(self.folder / name / "entry_points.txt").read_text().split() for name in names]
        allowed = tuple(sorted({words[1] for words in texts}))
        return load_plugins(Settings(**{"load_plugins": allowed, **settings}), builtins=builtins, trace=trace)

    def info(self, plugins: PluginSet, name: str) -> PluginInfo:
        """What is known of the plugin called `name`."""
        return next(info for info in plugins.infos if info.name == name)


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    """An empty site folder; modules imported from it are forgotten afterwards."""
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    yield Site(tmp_path)
    for name in [name for name in sys.modules if name.startswith("fake_")]:
        del sys.modules[name]


GOOD = """
@atom.hookimpl
def atom_register_tasks(register):
    register("{task}", "fake_dist_{task}:Task", summary="A task", memory_bytes=1000)

class Task:
    consumes = produces = atom.Clip
    def run(self, clip):
        return clip
"""


@pytest.fixture
def good() -> Callable[[str], str]:
    """Code of a plugin that registers one task."""
    return lambda task: GOOD.format(task=task)
