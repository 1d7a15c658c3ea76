"""Labelled folders, as atom-tiny writes them: videos, ``labels.jsonl``, ``films.jsonl`` and ``comparisons.jsonl``."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from attrs import field, frozen

import atom_core as atom

Place = tuple[str, int]
"""A video's file name and the number of a shot in it."""


@frozen(kw_only=True)
class Shot:
    """What is true of one shot."""

    place: Place
    """Where it is."""
    unit: int
    """Number of its video: what is resampled together."""
    start_s: float
    """First instant, seconds."""
    end_s: float
    """Last instant, seconds."""
    captions: tuple[str, ...]
    """Differently worded true captions, the canonical one first."""
    changed: tuple[str, ...] = ()
    """Captions that differ in one thing and are false."""
    objects: tuple[tuple[str, str], ...] = ()
    """Colour and shape of each object."""


@frozen(kw_only=True)
class Asked:
    """A question about one shot."""

    place: Place
    """The shot."""
    unit: int
    """Number of its video."""
    kind: str
    """Type of question."""
    text: str
    """The question."""
    answer: str
    """The true answer."""
    spans_s: tuple[tuple[float, float], ...] = ()
    """The times that support the answer, seconds; none where nothing does."""


@frozen(kw_only=True)
class FilmAsked:
    """A film asked for, and the shots that fulfil it."""

    request: str
    """The words."""
    script: tuple[str, ...]
    """The true script."""
    words: tuple[str, ...] = ()
    """The same lines as the request has them; none where that is not labelled."""
    pool: tuple[Place, ...]
    """The shots to choose from."""
    order: tuple[int, ...]
    """Places in the pool, in the order of the film."""


@frozen(kw_only=True)
class Comparison:
    """A question about two shots."""

    first: Place
    """The first shot."""
    second: Place
    """The second shot."""
    text: str
    """The question."""
    answer: str
    """The true answer."""


@frozen(kw_only=True)
class Labels:
    """A labelled folder."""

    folder: Path
    """Where the videos are."""
    videos: tuple[str, ...]
    """File names; a video's place here is its unit."""
    summaries: tuple[str, ...]
    """One sentence over all shots, by video; empty where there is none."""
    shots: tuple[Shot, ...]
    """All shots, in order."""
    questions: tuple[Asked, ...]
    """All questions."""
    films: tuple[FilmAsked, ...] = ()
    """Films asked for."""
    comparisons: tuple[Comparison, ...] = ()
    """Comparisons of two shots."""
    numbers: dict[Place, int] = field(init=False, repr=False, eq=False)
    """Where each shot stands in `shots`."""

    def __attrs_post_init__(self) -> None:
        object.__setattr__(self, "numbers", {shot.place: number for number, shot in enumerate(self.shots)})

    def with_questions(self, most: int) -> Labels:
        """At most so many questions, spread evenly over the folder."""
        if len(self.questions) <= most:
            return self
        from attrs import evolve

        step = len(self.questions) / most
        return evolve(self, questions=tuple(self.questions[int(number * step)] for number in range(most)))


def read_labels(folder: Path) -> Labels:
    """The labels of `folder`.

    :raises MediaError: if there are none, or they do not fit the format, or a video is missing
    """
    rows = _rows(folder / "labels.jsonl", needed=True)
    name = "labels.jsonl"
    try:
        shots = [shot for unit, row in enumerate(rows) for shot in _shots(row, unit)]
        questions = [asked for unit, row in enumerate(rows) for asked in _questions(row, unit)]
        name = "films.jsonl"
        films = [_film(row) for row in _rows(folder / name)]
        name = "comparisons.jsonl"
        pairs = [_comparison(row) for row in _rows(folder / name)]
        labels = Labels(
            folder=folder,
            videos=tuple(str(row["video"]) for row in rows),
            summaries=tuple(str(row.get("summary", "")) for row in rows),
            shots=tuple(shots),
            questions=tuple(questions),
            films=tuple(films),
            comparisons=tuple(pairs),
        )
        for place in [p for film in films for p in film.pool] + [
            p for pair in pairs for p in (pair.first, pair.second)
        ]:
            _ = labels.numbers[place]
    except (KeyError, TypeError, ValueError, IndexError) as error:
        raise atom.MediaError(
            f"{folder / name} does not fit the format: {type(error).__name__}: {error}; see the README of atom-bench"
        ) from None
    for video in labels.videos:
        if not (folder / video).is_file():
            raise atom.MediaError(
                f"{folder / 'labels.jsonl'} names {video}, which is not there; copy it into the folder"
            )
    return labels


def _rows(path: Path, *, needed: bool = False) -> list[dict[str, object]]:
    if not path.is_file():
        if needed:
            raise atom.MediaError(f"{path} is missing; name a labelled folder, or make one with --render N", path=path)
        return []
    try:
        return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]
    except (OSError, ValueError) as error:
        raise atom.MediaError(f"{path} cannot be read: {error}; make the folder again", path=path) from None


def _shots(row: dict[str, Any], unit: int) -> list[Shot]:
    return [
        Shot(
            place=(str(row["video"]), number),
            unit=unit,
            start_s=float(shot["start_s"]),
            end_s=float(shot["end_s"]),
            captions=tuple(shot.get("captions") or [shot["caption"]]),
            changed=tuple(shot.get("changed", ())),
            objects=tuple((str(one["colour"]), str(one["shape"])) for one in shot.get("objects", ())),
        )
        for number, shot in enumerate(row["shots"])
    ]


def _questions(row: dict[str, Any], unit: int) -> list[Asked]:
    return [
        Asked(
            place=(str(row["video"]), int(one["shot"])),
            unit=unit,
            kind=str(one["type"]),
            text=str(one["question"]),
            answer=str(one["answer"]),
            spans_s=tuple((float(start), float(end)) for start, end in one.get("spans_s", ())),
        )
        for one in row.get("questions", ())
    ]


def _place(value: Any) -> Place:
    return str(value[0]), int(value[1])


def _film(row: dict[str, Any]) -> FilmAsked:
    script, words = tuple(row["script"]), tuple(row.get("words", ()))
    if words and len(words) != len(script):
        raise ValueError(f"'words' has {len(words)} lines, 'script' {len(script)}")
    return FilmAsked(
        request=str(row["request"]),
        script=script,
        words=words,
        pool=tuple(_place(place) for place in row["pool"]),
        order=tuple(int(place) for place in row["order"]),
    )


def _comparison(row: dict[str, object]) -> Comparison:
    return Comparison(
        first=_place(row["first"]),
        second=_place(row["second"]),
        text=str(row["question"]),
        answer=str(row["answer"]),
    )
