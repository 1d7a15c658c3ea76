"""The programs run in a process without torch: the example in C++ answers as Python's runtime does."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest
import torch
from atom_executorch.exporting.export import EXAMPLE
from atom_executorch.manifest import PROGRAMS, read_manifest
from atom_executorch.runtime import Program, package_folder

SOURCE = Path(__file__).parents[1] / "examples" / "describe"
MOST = 24


@pytest.fixture(scope="session")
def describe(engine: None, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The example, built as the page on phones says."""
    for tool in ("cmake", "c++"):
        if shutil.which(tool) is None:
            pytest.skip(f"{tool} is not installed: apt-get install cmake g++")
    build = tmp_path_factory.mktemp("describe")
    found = f"-DCMAKE_PREFIX_PATH={package_folder() / 'share' / 'cmake'}"
    for command in (["cmake", "-S", str(SOURCE), "-B", str(build), found], ["cmake", "--build", str(build)]):
        done = subprocess.run(command, capture_output=True, text=True, timeout=600)
        assert done.returncode == 0, done.stdout + done.stderr
    return build / "describe"


@pytest.fixture(scope="session")
def asked(exported: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Files of the example prompt and of frames for it: a square that moves over a plain ground."""
    folder = tmp_path_factory.mktemp("asked")
    example = json.loads((exported / EXAMPLE).read_text(encoding="utf-8"))
    ids = [-1 if token == example["image_token"] else token for token in example["tokens"]]
    (folder / "prompt.txt").write_text(" ".join(map(str, ids)))
    side = read_manifest("it", exported).sizes.frame_side
    frames_FSSC = np.full((len(example["rows_of_each_frame"]), side, side, 3), (20, 60, 200), np.uint8)
    for number, frame_SSC in enumerate(frames_FSSC):
        left = side // 8 + number * side // 4
        frame_SSC[side // 3 : side // 2, left : left + side // 5] = (230, 30, 30)
    frames_FSSC.tofile(folder / "frames.rgb")
    return folder / "prompt.txt", folder / "frames.rgb"


def greedy(exported: Path, prompt: Path, frames: Path) -> list[int]:
    """The answer by the programs in Python."""
    sizes = read_manifest("it", exported).sizes
    program = Program("it", exported / PROGRAMS)
    ids = [int(token) for token in prompt.read_text().split()]
    frames_FSSC = np.fromfile(frames, np.uint8).reshape(-1, sizes.frame_side, sizes.frame_side, 3)
    pixels_FCSS = torch.from_numpy(frames_FSSC).permute(0, 3, 1, 2).contiguous().float() / 255 * 2 - 1
    rows = [program.run("vision_encoder", frame[None])[0].reshape(-1, sizes.width) for frame in pixels_FCSS]
    (embeddings,) = program.run("token_embedding", torch.tensor([[max(0, token) for token in ids]]))
    embeddings[0, [place for place, token in enumerate(ids) if token == -1]] = torch.cat(rows)
    (end,) = read_manifest("it", exported).sampling.end_tokens
    answer: list[int] = []
    logits = program.run("text_decoder", embeddings, torch.tensor([0]))[0]
    while len(answer) < MOST and end not in answer:
        answer.append(int(logits.argmax()))
        (embedding,) = program.run("token_embedding", torch.tensor([answer[-1:]]))
        logits = program.run("text_decoder", embedding, torch.tensor([len(ids) + len(answer) - 1]))[0]
    return answer


def test_the_answer_is_the_same(describe: Path, exported: Path, asked: tuple[Path, Path]) -> None:
    """Token for token; memory and times are told beside it, and no library of torch is loaded."""
    command = [str(describe), str(exported / PROGRAMS), *map(str, asked), str(MOST)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    assert [int(token) for token in done.stdout.split()] == greedy(exported, *asked)
    assert "MiB at its peak" in done.stderr
    assert "torch" not in subprocess.run(["ldd", str(describe)], capture_output=True, text=True).stdout.replace(
        "executorch", ""
    )


@pytest.mark.parametrize(
    ("prompt", "frames", "said"),
    [
        ("", None, "no token ids"),
        ("8 -1 -1 -1 -1 -1 -1 -1", None, "more places"),
        ("8", None, "more rows"),
        (None, b"few", "3 bytes"),
    ],
)
def test_what_does_not_fit_is_said(
    describe: Path,
    exported: Path,
    asked: tuple[Path, Path],
    tmp_path: Path,
    prompt: str | None,
    frames: bytes | None,
    said: str,
) -> None:
    """A prompt and frames that do not belong together, or are none, end it with one line."""
    paths = []
    for name, given, usual in (
        ("prompt.txt", None if prompt is None else prompt.encode(), asked[0]),
        ("frames.rgb", frames, asked[1]),
    ):
        paths.append(usual if given is None else tmp_path / name)
        if given is not None:
            (tmp_path / name).write_bytes(given)
    done = subprocess.run([str(describe), str(exported / PROGRAMS), *map(str, paths)], capture_output=True, text=True)
    assert done.returncode == 2
    assert said in done.stderr
