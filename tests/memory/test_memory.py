"""What a model takes in memory, in a process of its own, against what is counted before it is loaded."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from atom_core.checkpoint.checkpoint import open_checkpoint
from atom_core.checkpoint.export import save_quantized
from atom_core.checkpoint.recipes import RECIPES
from atom_core.families import family_of
from atom_core.loader.plan import fit
from atom_core.settings import Settings
from atom_core.testing.models import make_checkpoint
from atom_core.testing.videos import Shot, write_video

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="memory is read from /proc")

PROGRAM = """
import json, re, sys
from pathlib import Path
import atom_core as atom

def held(what):
    return int(re.search(what + r":\\s+(\\d+)", Path("/proc/self/status").read_text())[1]) * 1024

def work(model, recipe, name):
    with atom.open_host(
        model=model, quantize=recipe, cache=f"{cache}/{name}", segment="whole", frames=2, threads=1, load_plugins=(),
        prefix_cache_bytes=0,
    ) as host:
        features = host.encoder.encode(atom.Clip.whole(host.video(video)))
        host.decoder.generate([features, "What happens?"], max_new_tokens=3)
        return held("VmRSS")

toy, model, recipe, video, cache = sys.argv[1:]
work(toy, recipe, "toy")  # what is imported, and room to work in
before = held("VmRSS")
Path("/proc/self/clear_refs").write_text("5")  # the peak starts anew
after = work(model, recipe, "model")
print(json.dumps({"peak": held("VmHWM") - before, "after": after - before}))
"""
SIZES = {
    "text_width": 768,
    "text_layers": 4,
    "text_heads": 12,
    "text_kv_heads": 4,
    "text_mlp": 2048,
    "vision_width": 384,
    "vision_layers": 4,
    "vision_heads": 6,
    "vision_mlp": 1536,
    "image_size": 128,
    "patch_size": 16,
    "vocab_size": 12000,
}
SLACK_BYTES = 24 * 2**20


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """A toy model, one of 190 MB as float32, the same as int8, and a video."""
    folder = tmp_path_factory.mktemp("memory")
    toy, model = (make_checkpoint(folder / name, "smolvlm", **sizes) for name, sizes in (("toy", {}), ("m", SIZES)))
    saved = save_quantized(open_checkpoint(str(model)), folder / "saved", recipe=RECIPES["int8"], source_hash="x")
    video = write_video(folder / "video.mp4", shots=[Shot(12, (200, 30, 30))])
    return {"toy": toy, "model": model, "saved": saved, "video": video}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "recipe"), [("model", "none"), ("model", "int8"), ("model", "int4"), ("saved", "int8")]
)
def test_a_model_takes_what_was_counted(folders: dict[str, Path], tmp_path: Path, name: str, recipe: str) -> None:
    """Loading included, the peak is no higher than the plan; what is held is not far below the weights."""
    checkpoint = open_checkpoint(str(folders[name]))
    settings = Settings(memory="64GiB", frames=2, prefix_cache_bytes=0, batch=1)
    need = fit(checkpoint, family_of(checkpoint), RECIPES[recipe], settings, "cpu").need
    command = [sys.executable, "-c", PROGRAM, *map(str, (folders["toy"], folders[name], recipe, folders["video"]))]
    done = subprocess.run([*command, str(tmp_path)], capture_output=True, text=True, check=True)
    found = json.loads(done.stdout)
    assert found["peak"] < need.total - need.program + SLACK_BYTES
    # of a token table that is stored as it is used only the rows that are looked up are read
    table = 4 * SIZES["vocab_size"] * SIZES["text_width"] if (name, recipe) == ("model", "none") else 0
    assert found["after"] > 0.9 * (need.weights - table)
