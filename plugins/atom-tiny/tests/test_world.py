"""The synthetic world is seeded, its labels are true, and its files hold what it drew."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from atom_tiny import demo_videos, labels, language, mp4, questions
from atom_tiny.films import compare, request, summary
from atom_tiny.words import ACTION_NAMES, COLOURS, SHAPES, held_out
from atom_tiny.world import DIRECTIONS, MIDPOINTS, Clip, sample_clip
from PIL import Image


def clips(number: int, seed: int = 0, **options: object) -> list[Clip]:
    rng = np.random.default_rng(seed)
    return [sample_clip(rng, **options) for _ in range(number)]  # type: ignore[arg-type]


def centre(picture: Image.Image, colour: str) -> tuple[float, float] | None:
    """Mean place of the pixels near a colour, as fractions of the frame."""
    array = np.asarray(picture, np.float32)
    near = np.abs(array - np.array(COLOURS[colour])).sum(-1) < 90
    if near.sum() < 30:
        return None
    y, x = np.nonzero(near)
    return float(x.mean() / near.shape[1]), float(y.mean() / near.shape[0])


def test_same_seed_same_clips() -> None:
    """A seed decides everything about a clip, its labels included."""
    assert clips(20) == clips(20)
    assert clips(20) != clips(20, seed=1)
    asked = [questions.ask(c, np.random.default_rng(5)) for c in clips(3)]
    assert asked == [questions.ask(c, np.random.default_rng(5)) for c in clips(3)]


def test_splits_are_apart() -> None:
    """Training clips hold no held-out combination; unseen clips hold nothing else."""
    for clip in clips(60):
        assert not any(held_out(t.colour, t.shape, t.action) for t in clip.things)
        assert len({t.colour for t in clip.things}) == len(clip.things)
    for clip in clips(20, split="unseen"):
        assert all(held_out(t.colour, t.shape, t.action) for t in clip.things)


def test_every_word_survives_the_split() -> None:
    """Every colour meets every shape, and every action meets both, outside the held-out combinations."""
    seen = [(c, s, a) for c in COLOURS for s in SHAPES for a in ACTION_NAMES if not held_out(c, s, a)]
    assert {(c, s) for c, s, _ in seen} == {(c, s) for c in COLOURS for s in SHAPES}
    assert {(c, a) for c, _, a in seen} == {(c, a) for c in COLOURS for a in ACTION_NAMES}
    assert {(s, a) for _, s, a in seen} == {(s, a) for s in SHAPES for a in ACTION_NAMES}


@pytest.mark.parametrize("clip", clips(12, seed=2, count=1), ids=language.caption)
def test_objects_do_what_the_caption_says(clip: Clip) -> None:
    """States agree with the action's name, and stay inside the frame."""
    thing = clip.things[0]
    seen, x, y, radius = thing.states(MIDPOINTS).T
    assert ((x > 0) & (x < 1) & (y > 0) & (y < 1)).all()
    dx, dy = DIRECTIONS.get(thing.action, (0, 0))
    moved = (x[-1] - x[0], y[-1] - y[0])
    if thing.action != "circles":
        assert np.sign(np.round(moved, 6)).tolist() == [dx, dy]
        assert max(np.abs(moved)) == 0 or max(np.abs(moved)) > 0.2
    assert np.sign(radius[-1] - radius[0]) == {"grows": 1, "shrinks": -1}.get(thing.action, 0)
    turns = int(np.abs(np.diff(seen)).sum())
    assert turns == {"appears": 1, "disappears": 1}.get(thing.action, turns if thing.action == "blinks" else 0)
    assert thing.action != "blinks" or turns >= 3


def test_files_show_what_was_drawn(tmp_path: Path) -> None:
    """After H.264 the object is where the world says, frame by frame, in the right shot."""
    shots = [mp4.Shot(clip=clip, num_frames=24) for clip in clips(2, seed=8, count=1, aspect=(4, 3))]
    form = mp4.Format(width=160, height=120, fps=Fraction(12))
    mp4.write(tmp_path / "a.mp4", shots, form, np.random.default_rng(0))
    for shot, (start, end) in zip(shots, mp4.spans_s(shots, form.fps), strict=True):
        thing = shot.clip.things[0]
        for picture, state in zip(
            mp4.read_frames(tmp_path / "a.mp4", start, end), thing.states(MIDPOINTS), strict=True
        ):
            found = centre(picture, thing.colour)
            assert (found is not None) == (state[0] > 0.5)
            assert found is None or np.allclose(found, state[1:3], atol=0.09)


def test_sound_is_the_objects_tone() -> None:
    """The strongest frequency of a shot is the tone of its object."""
    shot = mp4.Shot(clip=clips(1, seed=8, count=1)[0], num_frames=24)
    wave = mp4.tones([shot], Fraction(12))
    peak = np.abs(np.fft.rfft(wave)).argmax() * mp4.SAMPLE_RATE / len(wave)
    wanted = mp4.TONES_HZ[list(COLOURS).index(shot.clip.things[0].colour)]
    assert abs(peak - wanted) < 4


def test_captions_differ_where_facts_differ() -> None:
    """A changed clip never has the caption of the true one, and references are distinct."""
    rng = np.random.default_rng(0)
    for clip in clips(30):
        assert language.caption(language.change_one(clip, rng)) != language.caption(clip)
        assert language.references(clip)[0] == language.caption(clip)
        assert len(set(language.references(clip))) >= 4


def test_questions_are_true_and_absent_ones_are_absent() -> None:
    """What is asked as absent is not in the clip; answers name what is."""
    rng = np.random.default_rng(0)
    for clip in clips(30):
        nouns = {language.name(t) for t in clip.things}
        for q in questions.ask(clip, rng):
            assert (q.answer == questions.NOT_SHOWN) == (q.kind == "absent")
            assert q.kind != "absent" or not any(noun in q.text for noun in nouns)
            assert q.kind != "who" or q.answer.removeprefix("the ") in nouns
            assert all(0 <= a < b <= 1 for a, b in q.spans)


def test_films_and_comparisons() -> None:
    """A script has the shots in order; comparing a clip with itself is never one-sided."""
    rng = np.random.default_rng(0)
    shots = clips(4, count=1)
    wanted = request(shots, rng)
    assert wanted.script.split("\n") == [language.caption(c) for c in shots]
    assert summary(shots).startswith("first ")
    assert "and finally" in summary(shots)
    assert {compare(shots[0], shots[0], rng).answer for _ in range(30)} <= {"both", "neither"}


def test_labelled_folder(tmp_path: Path) -> None:
    """A folder written is read back with as many videos, with films whose order fits their script."""
    labels.write_folder(tmp_path, videos=9, seed=3, num_films=1, num_comparisons=2, seconds=(0.7, 0.8), max_shots=2)
    videos = labels.read(tmp_path)
    assert len(videos) == 9
    assert all((tmp_path / v["video"]).exists() for v in videos)
    by_name = {v["video"]: v for v in videos}
    for film in labels.read(tmp_path, "films"):
        shown = [by_name[film["pool"][i][0]]["shots"][film["pool"][i][1]]["caption"] for i in film["order"]]
        assert shown == film["script"]
        assert all(words in film["request"].lower() for words in film["words"])
    assert len(labels.read(tmp_path, "comparisons")) == 2


def test_demo_clips_are_whole() -> None:
    """The demo shows several sizes and rates, and every film has at least two shots."""
    made = [make() for make in demo_videos.FILMS.values()]
    assert len({(form.width, form.height) for form, _ in made}) == len(made)
    assert all(len(shots) >= 2 and form.sound for form, shots in made)
