"""``atom export``: a model's folder for phones, whole or not at all."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from attrs import frozen

import atom_core as atom
from atom_core.providers.split import Checkpoint, Family, check_place, new_folder, open_model
from atom_executorch.exporting.lowering import write_programs
from atom_executorch.exporting.quantizing import PRECISIONS, quantize
from atom_executorch.exporting.sizes import Sizes, check_family
from atom_executorch.exporting.weights import modules
from atom_executorch.manifest import (
    NAME,
    PROGRAMS,
    ExportedSizes,
    Manifest,
    Sampling,
    checksum,
    is_exported,
)
from atom_executorch.runtime import installed_version

if TYPE_CHECKING:
    from atom_core.providers.split import FamilySpec

CONTEXT, PREFILL = 2048, 512
TEMPLATE, EXAMPLE = "chat_template.jinja", "example_prompt.json"
_COPIED = ("*.json", "*.model", "*.txt", "LICENSE*", "NOTICE*")
_WHAT = "model written by `atom export`"
_LEFT = ("model.safetensors.index.json", NAME)


@frozen(kw_only=True)
class ExportOptions:
    """How a model is exported."""

    precision: str = "fp32"
    """One of `PRECISIONS`."""
    context: int = 0
    """Most tokens of a prompt and its answer; 0 is the model's own, at most `CONTEXT`."""
    overwrite: bool = False
    """Replace a folder that was exported before."""


def export(
    source: str,
    name: str,
    folder: Path,
    options: ExportOptions,
    settings: atom.Settings,
    families: Mapping[str, FamilySpec],
) -> Manifest:
    """Write a model's programs and what they need to `folder`.

    :param source: folder or hub id of the model
    :param name: the model as the user named it
    :raises ModelError: if it cannot be exported or written
    """
    check_place(folder, overwrite=options.overwrite, is_ours=is_exported, what=_WHAT)
    if options.precision not in PRECISIONS:
        raise atom.ModelError(f"there is no precision {options.precision!r} to export to; use {', '.join(PRECISIONS)}")
    version = installed_version()
    checkpoint, family, content = open_model(source, settings, families)
    check_family(name, checkpoint.config)
    sizes = Sizes.of(name, checkpoint.config, side=_frame_side(family))
    context = _context(sizes, options)
    with new_folder(folder, overwrite=options.overwrite, is_ours=is_exported, what=_WHAT) as fresh:
        prefill = min(PREFILL, context - 1)
        programs = modules(checkpoint, sizes, context)
        quantize(programs[0], programs[2], options.precision)
        constants = _constants(family, sizes, context, prefill)
        write_programs(programs, sizes, fresh / PROGRAMS, prefill=prefill, constants=constants)
        _copy(checkpoint, family, fresh)
        manifest = Manifest(
            model=Path(name).name if Path(name).exists() else name,
            source_hash=content,
            precision=options.precision,
            backend="xnnpack",
            executorch=version,
            sizes=ExportedSizes(
                context=context,
                prefill=prefill,
                frame_side=sizes.tower.side,
                frame_rows=sizes.tower.rows,
                width=sizes.text.width,
                vocabulary=sizes.text.vocabulary,
            ),
            sampling=_sampling(family),
            files={path.name: checksum(path) for path in sorted(fresh.iterdir())},
        )
        manifest.write(fresh)
    return manifest


def _context(sizes: Sizes, options: ExportOptions) -> int:
    """
    :raises ModelError: if the model was not made for so many tokens
    """
    most = sizes.text.context
    if not 0 <= options.context <= most or options.context == 1:
        raise atom.ModelError(f"--context {options.context} is not 2 to {most}, which the model was made for")
    return options.context or min(CONTEXT, most)


def _frame_side(family: Family) -> int:
    """The side of the square that a frame becomes, pixels."""
    import numpy as np

    frames = atom.Frames(clip=_clip(), images=(np.zeros((32, 32, 3), np.uint8),), timestamps_s=(0.0,), rule="uniform:1")
    return int(family.inputs(frames)["pixel_values"].shape[-1])


def _clip() -> atom.Clip:
    """Four seconds of a video that is not there."""
    video = atom.Video(path=Path("clip.mp4"), content_hash="0" * 64, duration_s=4.0, width=32, height=32, fps=25.0)
    return atom.Clip(video=video, start_s=0.0, end_s=4.0)


def _constants(family: Family, sizes: Sizes, context: int, prefill: int) -> dict[str, object]:
    """What ExecuTorch's own runner asks a program for, under its names."""
    start = family.tokenizer.bos_token_id
    return {
        "get_bos_id": 0 if start is None else int(start),
        "get_eos_ids": sorted(family.end_ids),
        "get_max_seq_len": prefill,
        "get_max_context_len": context,
        "get_vocab_size": sizes.text.vocabulary,
        "use_kv_cache": True,
        "enable_dynamic_shape": True,
    }


def _sampling(family: Family) -> Sampling:
    rules = family.rules
    return Sampling(
        repetition_penalty=rules.repetition_penalty,
        suppress_tokens=rules.suppress_tokens,
        end_tokens=sorted(family.end_ids),
    )


def _copy(checkpoint: Checkpoint, family: Family, fresh: Path) -> None:
    """The model's texts and tables, its chat template, and a prompt written out."""
    for pattern in _COPIED:
        for file in checkpoint.folder.glob(pattern):
            if file.name not in _LEFT:
                shutil.copyfile(file, fresh / file.name)
    template = family.chat_template or family.tokenizer.chat_template
    if isinstance(template, str):
        (fresh / TEMPLATE).write_text(template, encoding="utf-8")
    (fresh / EXAMPLE).write_text(json.dumps(_example(family), indent=2) + "\n", encoding="utf-8")


def _example(family: Family) -> dict[str, object]:
    """A prompt as text and token ids, for whoever writes prompts on a phone to compare with."""
    import torch

    times_s, question = (0.5, 2.5), family.wordings.get("caption", "Describe this clip in one sentence.")
    layout = family.expected_layout(times_s, 32, 32) or {"runs": [1, 1]}
    values = torch.empty(0).expand(sum(layout["runs"]), 0)
    features = atom.Features(clip=_clip(), values=values, timestamps_s=times_s, rule="", key="", layout=layout)
    prompt = family.prompt([features, question])
    return {
        "question": question,
        "clip_s": [0.0, 4.0],
        "frames_at_s": list(times_s),
        "rows_of_each_frame": layout["runs"],
        "image_token": family.image_token_id,
        "text": family.render([features, question]),
        "tokens": list(prompt.ids),
    }
