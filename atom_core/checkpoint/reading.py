"""Reads a checkpoint's small files; whatever is wrong with one is a line about the model."""

from __future__ import annotations

import json
import warnings
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar

from attrs import field, frozen

from atom_core.errors import ModelError
from atom_core.exhausted import exhausted
from atom_core.text.first_line import first_line

_T = TypeVar("_T")


@frozen(kw_only=True)
class Processing:
    """What a checkpoint's files say of preparation, in any of the hub's layouts; the rest is empty."""

    image: Mapping[str, Any] = field(factory=dict)
    """Of images: ``preprocessor_config.json``, or its part of ``processor_config.json``."""
    video: Mapping[str, Any] = field(factory=dict)
    """Of videos: ``video_preprocessor_config.json``, or its part of ``processor_config.json``."""
    generation: Mapping[str, Any] = field(factory=dict)
    """``generation_config.json``."""
    chat_template: Any = None
    """``chat_template.jinja`` or ``chat_template.json``, beside the tokenizer's own; None where there is neither."""

    @classmethod
    def read(cls, source: str, folder: Path) -> Processing:
        """What the files in `folder` say.

        :param source: how messages call the model
        :raises ModelError: if one is no JSON object
        """

        def read(name: str) -> dict[str, Any]:
            return read_json(source, folder / name) if (folder / name).is_file() else {}

        processor = read("processor_config.json")
        template = read("chat_template.json").get("chat_template")
        if (folder / "chat_template.jinja").is_file():
            template = (folder / "chat_template.jinja").read_text(encoding="utf-8")
        return cls(
            image=read("preprocessor_config.json") | processor.get("image_processor", {}),
            video=read("video_preprocessor_config.json") | processor.get("video_processor", {}),
            generation=read("generation_config.json"),
            chat_template=template,
        )

    @property
    def of_clips(self) -> Mapping[str, Any]:
        """What is said of videos, or else of images."""
        return self.video or self.image

    def get(self, name: str, default: object = None) -> Any:
        """A field by its name, as when this was a dict; for families of plugins, for one more release."""
        warnings.warn(f"read processing.{name} instead of processing.get({name!r})", DeprecationWarning, stacklevel=2)
        return getattr(self, name, default)


def read_json(source: str, path: Path) -> dict[str, object]:
    """The JSON object in one of a model's files.

    :raises ModelError: if there is none
    """
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        if not isinstance(content, dict):
            raise ValueError("it is no JSON object")
        return content
    except RecursionError:
        raise ModelError(
            f"model {source}: {path.name} is nested too deeply; fetch or export it again", source=source
        ) from None
    except (OSError, ValueError) as error:
        raise ModelError(
            f"model {source}: {path.name} cannot be read: {error}; fetch or export it again", source=source
        ) from None


def guarded(source: str, what: str, load: Callable[[], _T]) -> _T:
    """What `load` returns; whatever goes wrong inside becomes one line about the model's `what`.

    :raises ModelError: if it fails
    """
    from safetensors import SafetensorError

    try:
        return load()
    except ModelError:
        raise
    except SafetensorError as error:
        raise ModelError(
            f"model {source}: a weights file is damaged ({error}); fetch it again", source=source
        ) from None
    except Exception as error:  # the hub's client has errors of its own for configs
        if lacking := exhausted(error):
            raise ModelError(f"model {source}: its {what} cannot be loaded: {lacking}", source=source) from error
        reason = first_line(error).rstrip(".")
        raise ModelError(
            f"model {source}: its {what} cannot be loaded: {reason}; fetch or export it again", source=source
        ) from error
