"""Running a checkpoint folder on video files: features once per clip, then batched greedy answers and vectors.

Shape suffixes: F frames, D decoder width, N prompts.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, cast

import numpy as np
import torch
import torch.nn.functional as F
from atom_tiny import mp4, prompts
from PIL import Image
from torch import Tensor


class Answerer:
    """A checkpoint with its tokenizer and image processor, opened as any user would."""

    def __init__(self, folder: Path, device: str = "cpu") -> None:
        from transformers import AutoImageProcessor, AutoTokenizer

        from atom_tiny_training.model import load

        self.model: Any = cast("Any", load(folder))  # transformers decorates `to` beyond its types
        self.model.to(device).eval()
        self.tokenizer: Any = AutoTokenizer.from_pretrained(folder)
        self.tokenizer.padding_side = "left"
        self.images: Any = AutoImageProcessor.from_pretrained(folder)
        self.device = device

    @torch.no_grad()
    def features(self, pictures: list[list[Image.Image]]) -> list[Tensor]:
        """Features [F, D] of each clip's frames."""
        found: list[Tensor] = []
        for i in range(0, len(pictures), 16):
            values = self.images(pictures[i : i + 16], return_tensors="pt")["pixel_values"].to(self.device)
            found += self.model.get_image_features(pixel_values=values).pooler_output
        return found

    def clip(self, path: Path, start_s: float = 0.0, end_s: float | None = None) -> Tensor:
        """Features of one clip of a video file."""
        return self.features([mp4.read_frames(path, start_s, end_s)])[0]

    def _inputs(self, texts: list[str], clips: list[list[Tensor]]) -> dict[str, Tensor]:
        whole = [prompts.prompt(t, clips=len(c)) for t, c in zip(texts, clips, strict=True)]
        ids = self.tokenizer(whole, return_tensors="pt", padding=True).to(self.device)
        embeds = self.model.get_input_embeddings()(ids["input_ids"])
        frames = [frame for group in clips for frame in group]
        if frames:
            place = (ids["input_ids"] == self.model.config.image_token_id).unsqueeze(-1)
            embeds = embeds.masked_scatter(place, torch.cat(frames).to(embeds.dtype))
        return {"inputs_embeds": embeds, "attention_mask": ids["attention_mask"]}

    @torch.no_grad()
    def generate(
        self, texts: list[str], clips: list[list[Tensor]] | None = None, *, max_new_tokens: int = 48
    ) -> list[str]:
        """Greedy answers to prompts, each with its clips before it."""
        clips = clips or [[] for _ in texts]
        order = sorted(range(len(texts)), key=lambda i: len(texts[i]))
        answers = [""] * len(texts)
        for i in range(0, len(order), 64):
            part = order[i : i + 64]
            inputs = self._inputs([texts[j] for j in part], [clips[j] for j in part])
            out = self.model.generate(**inputs, max_new_tokens=max_new_tokens, do_sample=False)
            for j, text in zip(part, self.tokenizer.batch_decode(out, skip_special_tokens=True), strict=True):
                answers[j] = text.strip()
        return answers

    @torch.no_grad()
    def embed(self, texts: list[str], clips: list[list[Tensor]] | None = None) -> np.ndarray:
        """Unit vectors [N, D]: the last prompt state after the final norm."""
        clips = clips or [[] for _ in texts]
        found = []
        for i in range(0, len(texts), 64):
            inputs = self._inputs(texts[i : i + 64], clips[i : i + 64])
            positions = (inputs["attention_mask"].cumsum(-1) - 1).clamp(min=0)
            hidden = self.model.model(**inputs, position_ids=positions, use_cache=False).last_hidden_state[:, -1]
            found.append(F.normalize(hidden.float(), dim=-1).cpu().numpy())
        return np.concatenate(found)
