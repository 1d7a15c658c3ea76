"""What a checkpoint's small files say."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from atom_core.checkpoint.reading import Processing
from atom_core.errors import ModelError


def write(folder: Path, name: str, value: object) -> None:
    (folder / name).write_text(value if isinstance(value, str) else json.dumps(value))


def test_nothing_is_said(tmp_path: Path) -> None:
    """A folder without any of the files says nothing, which is no error."""
    assert Processing.read("m", tmp_path) == Processing()


def test_both_layouts(tmp_path: Path) -> None:
    """Parts of ``processor_config.json`` go before files of their own; a template file before one in JSON."""
    write(tmp_path, "preprocessor_config.json", {"size": 1, "mean": 2})
    write(tmp_path, "processor_config.json", {"image_processor": {"size": 3}, "video_processor": {"fps": 4}})
    write(tmp_path, "generation_config.json", {"eos_token_id": 5})
    write(tmp_path, "chat_template.json", {"chat_template": "old"})
    found = Processing.read("m", tmp_path)
    assert found.image == {"size": 3, "mean": 2}
    assert found.video == found.of_clips == {"fps": 4}
    assert (found.generation, found.chat_template) == ({"eos_token_id": 5}, "old")
    write(tmp_path, "chat_template.jinja", "new")
    assert Processing.read("m", tmp_path).chat_template == "new"


def test_a_damaged_file_is_named(tmp_path: Path) -> None:
    """With the model and what to do."""
    write(tmp_path, "generation_config.json", "[1]")
    with pytest.raises(ModelError, match=r"m: generation_config.json cannot be read: .*; fetch or export it again"):
        Processing.read("m", tmp_path)


def test_read_as_the_dict_that_it_was() -> None:
    """Families of plugins go on working, and are told how to change."""
    processing = Processing(image={"size": 1})
    with pytest.deprecated_call(match="read processing.image instead"):
        assert processing.get("image") == {"size": 1}
    with pytest.deprecated_call():
        assert processing.get("processor", {}) == {}
