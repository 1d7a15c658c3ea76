"""What `atom run --on ray` says where it cannot."""

from __future__ import annotations

import socket
from importlib.util import find_spec
from pathlib import Path

import pytest
from atom_ray.executor import RayExecutor

import atom_core as atom
from atom_core.testing.terminal import run_here

needs_ray = pytest.mark.skipif(find_spec("ray") is None, reason="ray is not installed")


def test_listed() -> None:
    """`atom plugins` lists the executor."""
    assert "executor ray: The nodes of a Ray cluster" in run_here("plugins", "ray").out


@needs_ray
@pytest.mark.parametrize("address", ["10.0.0.1", "10.0.0.1:x", ":6379", "a b:1", "host:70000", "host:0", "x/y:1"])
def test_no_address(address: str) -> None:
    """What is no address is refused, with what one is."""
    with pytest.raises(atom.SettingsError, match=r"expected ray://HOST:PORT"):
        RayExecutor(address)


def test_not_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without Ray it is one line, with the command that installs it."""
    monkeypatch.setattr("atom_ray.cluster.find_spec", lambda name: None)
    with pytest.raises(atom.SettingsError, match=r"python -m pip install 'atom-ray\[ray\]'"):
        RayExecutor("")


@needs_ray
def test_no_cluster(tmp_path: Path) -> None:
    """Where nobody answers it is one line and exit code 2, and nothing is made."""
    (tmp_path / "steps.toml").write_text('[[steps]]\ntask = "index-video"\n')
    (tmp_path / "a.mp4").write_bytes(b"no video")
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    places = ["--library", tmp_path / "library", "--cache", tmp_path / "cache", "--model", "tiny"]
    ran = run_here("run", tmp_path / "steps.toml", tmp_path / "a.mp4", *places, "--on", f"ray://127.0.0.1:{port}")
    assert (ran.code, ran.out, len(ran.remarks)) == (2, "", 1)
    assert f"no Ray cluster answers at 127.0.0.1:{port}: Connection refused; start one: ray start --head" in ran.err
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.mp4", "steps.toml"]
