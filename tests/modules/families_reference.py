"""Writes families_reference.json: what transformers' own processors make of the frames that the tests use.

They need torchvision, which neither Atom nor its tests do; run this by hand where it is installed:
``python tests/modules/families_reference.py``
"""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import Any

FAMILIES = (
    "gemma4",
    "internvl",
    "lfm2_vl",
    "llava_next_video",
    "llava_onevision",
    "qwen2_5_vl",
    "qwen2_vl",
    "qwen3_5",
    "qwen3_vl",
    "video_llama_3",
    "video_llava",
)
"""Those whose frames Atom prepares itself."""
CASES = ((5, 40, 56), (1, 40, 56), (4, 90, 30), (3, 200, 320))
"""Number, height and width of frames."""
NUM_VALUES = 17


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
    if name == "lfm2_vl":
        processor = AutoImageProcessor.from_pretrained(folder)
        found = processor(images=list(frames.images), do_image_splitting=False, return_tensors="pt")
    else:
        about = VideoMetadata(total_num_frames=count, fps=count / 10, duration=10.0, frames_indices=[*range(count)])
        more = {"cap_pixels_per_frame": False} if name.startswith("qwen") else {}
        processor = AutoVideoProcessor.from_pretrained(folder)
        found = processor(
            [np.stack(frames.images)], video_metadata=[about], do_sample_frames=False, return_tensors="pt", **more
        )
    if name == "internvl":
        found = {"pixel_values": found["pixel_values_videos"][0]}
    return {key: summary(value) for key, value in found.items() if torch.is_tensor(value)}


def main() -> None:
    """Write the file beside this one."""
    from atom_core.testing.models import make_checkpoint

    found: dict[str, Any] = {}
    for name in FAMILIES:
        with tempfile.TemporaryDirectory() as folder:
            make_checkpoint(Path(folder), name)
            cases = [case for case in CASES if case[0] > 1 or not name.startswith("qwen3")]
            found[name] = {" ".join(map(str, case)): reference(Path(folder), name, case) for case in cases}
    path = Path(__file__).with_suffix(".json")
    path.write_text(json.dumps(found) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
