"""Writes families_reference.json: what transformers' own processors make of the frames that the tests use.

They need torchvision, which neither Atom nor its tests do; run this by hand where it is installed:
``python tests/modules/families_reference.py [FAMILY ...]``
"""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path
from typing import Any

FAMILIES = (
    "gemma4",
    "idefics3",
    "internvl",
    "lfm2_vl",
    "llava_next_video",
    "llava_onevision",
    "qwen2_5_vl",
    "qwen2_vl",
    "qwen3_5",
    "qwen3_vl",
    "smolvlm",
    "video_llama_3",
    "video_llava",
)
"""Those whose frames Atom prepares itself."""
CASES = ((5, 40, 56), (1, 40, 56), (4, 90, 30), (3, 200, 320))
"""Number, height and width of frames."""
NUM_VALUES = 17
QUESTION = "What colour is it?"
PROMPTED = ("idefics3", "smolvlm")
"""Those whose processors are asked for the ids of a prompt, too."""


def import_torchvision() -> None:
    """Import it also where its compiled operators do not load, of which no processor needs one."""
    import torch

    library = torch.library.Library("torchvision", "FRAGMENT")
    for name in ("nms", "qnms"):
        if not hasattr(torch.ops.torchvision, name):
            library.define(f"{name}(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
    import torchvision  # noqa: F401


def summary(tensor: Any) -> dict[str, Any]:
    """Shape, mean, deviation and some values of a tensor."""
    flat = tensor.flatten().double()
    step = max(1, flat.numel() // NUM_VALUES)
    return {
        "shape": list(tensor.shape),
        "mean": round(float(flat.mean()), 6),
        "deviation": round(float(flat.std()), 6) if flat.numel() > 1 else 0.0,
        "values": [round(float(value), 5) for value in flat[::step][:NUM_VALUES]],
    }


def reference(folder: Path, name: str, case: tuple[int, int, int]) -> dict[str, Any]:
    """What the family's processor returns for a case."""
    import numpy as np
    import torch
    from transformers import AutoImageProcessor, AutoVideoProcessor
    from transformers.video_utils import VideoMetadata

    from atom_core.testing.families import make_frames

    count, height, width = case
    frames = make_frames(count, seed=count, height=height, width=width)
    # every second frame of twice as many: they lie where Atom samples them, in the middle of their share
    odd = [2 * index + 1 for index in range(count)]
    halves = VideoMetadata(total_num_frames=2 * count, fps=2 * count / 10, duration=10.0, frames_indices=odd)
    if name in ("lfm2_vl", "idefics3"):
        processor = AutoImageProcessor.from_pretrained(folder)
        images = list(frames.images) if name == "lfm2_vl" else [list(frames.images)]
        found = processor(images=images, do_image_splitting=False, return_tensors="pt")
    else:
        about = VideoMetadata(total_num_frames=count, fps=count / 10, duration=10.0, frames_indices=[*range(count)])
        more = {"cap_pixels_per_frame": True} if name.startswith("qwen") else {}
        processor = AutoVideoProcessor.from_pretrained(folder)
        found = processor(
            [np.stack(frames.images)], video_metadata=[about], do_sample_frames=False, return_tensors="pt", **more
        )
    if name == "internvl":
        found = {"pixel_values": found["pixel_values_videos"][0]}
    made = {key: summary(value) for key, value in found.items() if torch.is_tensor(value)}
    return {**made, "prompt": prompt(folder, name, frames, halves)} if name in PROMPTED else made


def prompt(folder: Path, name: str, frames: Any, about: Any) -> list[int]:
    """The ids that the family's processor makes of a question about a clip."""
    import numpy as np
    from transformers import AutoProcessor

    processor = AutoProcessor.from_pretrained(folder)
    native = name == "smolvlm"
    shown = [{"type": "video"}] if native else [{"type": "image"} for _ in frames.images]
    messages = [{"role": "user", "content": [*shown, {"type": "text", "text": QUESTION}]}]
    # without sampling: the frames are those that are shown
    text = processor.apply_chat_template(messages, add_generation_prompt=True, num_frames=1, fps=1)
    if native:
        more = {"videos": [np.stack(frames.images)], "video_metadata": [about], "do_sample_frames": False}
    else:
        more = {"images": [list(frames.images)], "do_image_splitting": False}
    return [int(token) for token in processor(text=text, return_tensors="pt", **more)["input_ids"][0]]


def main() -> None:
    """Write the file beside this one."""
    import_torchvision()
    from atom_core.testing.models import make_checkpoint

    path = Path(__file__).with_suffix(".json")
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    for name in sys.argv[1:] or FAMILIES:
        with tempfile.TemporaryDirectory() as folder:
            make_checkpoint(Path(folder), name)
            cases = [case for case in CASES if case[0] > 1 or not name.startswith("qwen3")]
            found[name] = {" ".join(map(str, case)): reference(Path(folder), name, case) for case in cases}
    path.write_text(json.dumps(found) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
