"""Chat templates and tokenizers are programs of whoever made the model: refuse those that make too much of little."""

from __future__ import annotations

import hashlib
import json
import math
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

from atom_core.checkpoint import template_probe
from atom_core.errors import ModelError
from atom_core.hub.hashes import Hashes

_MOST_GROWTH = 256
"""How many characters a tokenizer may make of one, and how many tokens it may add to a text."""
_PROBE_S = 30.0
_CLIP = [{"type": "image"}, {"type": "video"}]
_ASK = {"type": "text", "text": "Describe this clip in one sentence."}
_CONVERSATIONS = [
    [{"role": "user", "content": [*_CLIP, _ASK]}],
    [{"role": "user", "content": [_ASK]}],
    [
        {"role": "user", "content": [*_CLIP, _ASK, *_CLIP, _ASK]},
        {"role": "assistant", "content": [{"type": "text", "text": "A dog."}]},
        {"role": "user", "content": [_ASK]},
    ],
]


def check_template(source: str, template: str, tokens: Mapping[str, str], hashes: Hashes) -> None:
    """Render a chat template once, in a process that may use little memory and time; that it could is remembered.

    :param tokens: what else it is told, for example ``bos_token``
    :raises ModelError: if it needs more
    """
    name = f"chat template {hashlib.sha256(template.encode()).hexdigest()}"
    if hashes.knows(name):
        return
    job = {"template": template, "conversations": _CONVERSATIONS, "tokens": dict(tokens)}
    command = [sys.executable, "-P", template_probe.__file__]
    try:
        done = subprocess.run(
            command, input=json.dumps(job).encode(), capture_output=True, timeout=_PROBE_S, check=False
        )
        within = done.returncode == 0
    except subprocess.TimeoutExpired:
        within = False
    except OSError:  # no process can be had; it is rendered as it is
        return
    if not within:
        raise ModelError(
            f"model {source}: its chat template takes more memory or time than a conversation is worth;"
            " fetch the model from whom you trust",
            source=source,
        )
    hashes.note(name)
    hashes.save()


def check_tokenizer(source: str, folder: Path) -> None:
    """
    :raises ModelError: if tokenizer.json makes very much text, or very many tokens, of little
    """
    try:
        text = (folder / "tokenizer.json").read_text(encoding="utf-8")
        found = json.loads(text)
        parts = {name: found.get(name) for name in ("normalizer", "pre_tokenizer", "decoder")}
        growth = max((math.prod(_growths(part)) for part in parts.values()), default=1.0)
        added = _added_tokens(found.get("post_processor"))
    except (OSError, ValueError, AttributeError, TypeError):
        return  # what cannot be read is told where it is opened
    except RecursionError:
        growth, added = math.inf, 0
    if growth > _MOST_GROWTH or added > _MOST_GROWTH:
        raise ModelError(
            f"model {source}: its tokenizer (tokenizer.json) makes far too much of a text;"
            " fetch the model from whom you trust",
            source=source,
        )


def _growths(part: object) -> Iterator[float]:
    """How many characters each step may make of one."""
    if isinstance(part, list):
        for one in part:
            yield from _growths(one)
    elif isinstance(part, dict):
        if part.get("type") == "Replace":
            pattern, content = part.get("pattern"), str(part.get("content", ""))
            literal = pattern.get("String") if isinstance(pattern, dict) else None
            yield max(1.0, len(content) / max(1, len(literal or "")))
        for name, one in part.items():
            if name in ("normalizers", "pretokenizers", "decoders"):
                yield from _growths(one)


def _added_tokens(part: object) -> int:
    """How many tokens a post-processor adds to a text at most."""
    if not isinstance(part, dict):
        return 0
    num = sum(_added_tokens(one) for one in part.get("processors") or ())
    ids = {name: len(one.get("ids") or ()) for name, one in (part.get("special_tokens") or {}).items()}
    pieces = [*(part.get("single") or ()), *(part.get("pair") or ())]
    return num + sum(ids.get((piece.get("SpecialToken") or {}).get("id"), 0) for piece in pieces)
