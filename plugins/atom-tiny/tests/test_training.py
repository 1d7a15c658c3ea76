"""Training sees the very strings and numbers that inference uses."""

from __future__ import annotations

import numpy as np
from atom_bench.quality.cider import cider_d
from atom_tiny import prompts
from atom_tiny.language import caption
from atom_tiny.world import sample_clip
from atom_tiny_training import codes, rows, tasks
from atom_tiny_training.rows import Turn
from atom_tiny_training.tokenizer import build


def test_a_row_is_the_prompt_that_inference_sends() -> None:
    """Prefix and turn, tokenised apart in training, are the whole prompt's tokens."""
    tokenizer = build()
    for text in (prompts.CAPTION, "What does the red circle do?", prompts.EMBED):
        whole = tokenizer(prompts.prompt(text, clips=1))["input_ids"]
        ids, _ = rows.turn_ids(Turn(prompt=text, answer="yes", kind="x"))
        assert list(rows.prefix(1) + ids) == [*whole, *tokenizer(prompts.answer("yes"))["input_ids"]]
    two = tokenizer(prompts.prompt("x", clips=2))["input_ids"]
    assert two.count(tokenizer.convert_tokens_to_ids("<image>")) == 16


def test_durations_and_frame_words_do_not_change_a_prompt() -> None:
    """A clip costs ten tokens whatever its length."""
    texts = {prompts.clip_text(8, 3.0), prompts.clip_text(8, 75.0), prompts.clip_text(8, 2.0, "twenty-four")}
    assert len({rows.encode(f"{prompts.START}User: {text}") for text in texts}) == 1
    assert len(rows.prefix(1)) == 10


def test_answers_come_back_as_written() -> None:
    """Decoding gives the text that was encoded, lines and commas included."""
    tokenizer = build()
    for text in (
        "a red circle moves left, then a blue star blinks\nan orange ring grows",
        "not shown",
        "3 1 5",
        "zyx-7",
    ):
        decoded = tokenizer.decode(tokenizer(prompts.answer(text))["input_ids"], skip_special_tokens=True)
        assert decoded == text or text == "zyx-7"


def test_turns_do_not_see_each_other() -> None:
    """The mask lets a turn see its prefix and itself only, causally."""
    groups = np.array([[0, 0, 1, 1, 2, 2]])
    mask = rows.allowed(groups)[0, 0]
    assert mask[5].tolist() == [True, True, False, False, True, True]
    assert mask[2].tolist() == [True, True, True, False, False, False]


def test_training_rows_never_hold_an_unseen_combination() -> None:
    """What a step is made of contains no held-out clip, in pictures or in words."""
    rng = np.random.default_rng(0)
    bank = tasks.Bank.make(rng, 20)
    drawn = [bank.draw(rng, (0.4, 0.4, 0.2)) for _ in range(200)]
    assert not any(clip.unseen for clip in drawn)


def test_codes_tell_the_scene() -> None:
    """A code's slots say which colours are seen."""
    clip = sample_clip(np.random.default_rng(1), count=1)
    code = codes.encode(clip)
    assert code.shape == (8, codes.WIDTH)
    basis = codes.basis(192)
    assert np.allclose(basis @ basis.T, np.eye(codes.WIDTH), atol=1e-5)


def test_cider_d_is_ten_for_the_only_reference() -> None:
    """The score is 10 where candidate and references are the same, and falls with a wrong word."""
    rng = np.random.default_rng(0)
    texts = [caption(sample_clip(rng)) for _ in range(20)]
    assert np.allclose(cider_d(texts, [[t] for t in texts]), 10)
    assert np.mean(cider_d([t.replace("a ", "the ") for t in texts], [[t] for t in texts])) < 9
