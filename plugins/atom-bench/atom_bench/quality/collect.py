"""What a model says about a labelled folder: everything through Atom's host and tasks, many shots at once."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextvars import ContextVar, copy_context
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from attrs import evolve, frozen

import atom_core as atom
from atom_bench.quality.labels import FilmAsked, Labels, Place

if TYPE_CHECKING:
    import numpy as np

T = TypeVar("T")
R = TypeVar("R")
Fail = Callable[[str, BaseException], None]

ANSWER_TOKENS = 16
COMPARISON_TOKENS = 4
PROBE = "Describe this clip in one sentence."
"""What each shot's true caption is scored as the answer to."""


@frozen(kw_only=True)
class Reply:
    """An answer and how sure the decoder was."""

    text: str
    """What it said; empty where it failed."""
    confidence: float = 0.0
    """Geometric mean token probability, 0 to 1."""
    evidence_s: tuple[tuple[float, float], ...] = ()
    """The times named as support, seconds."""


@frozen(kw_only=True)
class Film:
    """A film made for a request."""

    script: tuple[str, ...] = ()
    """The lines written."""
    order: tuple[int, ...] = ()
    """The places in the pool of the shots taken."""


@frozen(kw_only=True, eq=False)
class Results:
    """What a model said, in the order of the labels."""

    model: str
    """Name and precision."""
    captions: list[Reply]
    """Of each shot."""
    logprobs: list[float | None]
    """Natural log-probability of each shot's canonical caption as the whole answer to `PROBE`; None where it failed."""
    answers: list[Reply]
    """To each question, asked of its shot alone."""
    video_answers: dict[int, Reply]
    """To questions by number, asked of the whole video where it has several shots."""
    vectors_SE: np.ndarray
    """Of each shot."""
    caption_vectors_SE: np.ndarray
    """Of what was said of each shot."""
    queries_SE: np.ndarray
    """Of each shot's canonical caption."""
    reworded_SE: np.ndarray
    """Of each shot's last true caption, the most differently worded one."""
    changed_SE: np.ndarray
    """Of each shot's first false caption; zeros where there is none."""
    films: list[Film]
    """What was made of each film asked for."""
    comparisons: list[Reply]
    """The reply to each comparison."""
    summaries: dict[int, str]
    """Summaries of the true captions of each video with several shots, by video."""
    ledger: dict[str, Any]
    """What it took."""


class Pool:
    """A library that holds a film's pool alone, so that the task ``match`` chooses among those; a plugin too."""

    def __init__(self) -> None:
        self._entries: ContextVar[Sequence[atom.Entry]] = ContextVar("entries", default=())

    @atom.hookimpl(tryfirst=True)
    def atom_open_library(self, settings: atom.Settings, model: str) -> Pool:  # noqa: ARG002
        """This."""
        return self

    def use(self, entries: Sequence[atom.Entry]) -> None:
        """Hold `entries` for the current context."""
        self._entries.set(entries)

    def add(self, entries: Sequence[atom.Entry]) -> None:
        """Nothing is stored."""

    def search(self, vector: np.ndarray, limit: int = 10) -> list[atom.Moment]:
        """The nearest clips, scored as atom-indexing does: the mean similarity of clip and caption."""
        scored = []
        for entry in self._entries.get():
            score = float(entry.vector @ vector)
            if entry.caption_vector is not None:
                score = (score + float(entry.caption_vector @ vector)) / 2
            scored.append((score, entry))
        return [_moment(entry, score) for score, entry in sorted(scored, key=lambda pair: -pair[0])[:limit]]

    def videos(self) -> dict[str, Path]:
        """Content hash and path of each video."""
        return {entry.clip.video.content_hash: entry.clip.video.path for entry in self._entries.get()}

    def remove(self, content_hash: str) -> int:  # noqa: ARG002
        """Nothing is stored."""
        return 0

    def move(self, content_hash: str, path: Path) -> None:
        """Nothing is stored."""

    def __len__(self) -> int:
        return len(self._entries.get())

    def close(self) -> None:
        """Nothing to do."""


def collect(settings: atom.Settings, labels: Labels, *, fail: Fail, step: Callable[[], None]) -> Results:
    """Ask the model of `settings` everything.

    :param fail: told of what cannot be answered, which counts as an empty answer
    :param step: called after each shot and each film
    """
    from atom_core.host import BUILTINS
    from atom_core.plugins import load_plugins

    pool = Pool()
    plugins = load_plugins(settings, builtins=(*BUILTINS, ("bench-pool", pool)))
    with atom.open_host(settings, plugins=plugins) as host:
        return _Collection(host, labels, pool, fail, step).results()


class _Collection:
    def __init__(self, host: atom.Host, labels: Labels, pool: Pool, fail: Fail, step: Callable[[], None]) -> None:
        self._host, self._labels, self._pool, self._fail, self._step = host, labels, pool, fail, step
        videos = [host.video(labels.folder / name) for name in labels.videos]
        self._clips = [
            atom.Clip(video=videos[shot.unit], start_s=shot.start_s, end_s=shot.end_s, index=shot.place[1])
            for shot in labels.shots
        ]
        self._videos = videos
        self._asked: dict[Place, list[int]] = {}
        for number, asked in enumerate(labels.questions):
            self._asked.setdefault(asked.place, []).append(number)
        self._answers = [Reply(text="") for _ in labels.questions]

    def results(self) -> Results:
        import numpy as np

        host, labels = self._host, self._labels
        shots = list(self._at_once(self._shot, range(len(labels.shots))))
        made = [entry for _, _, entry in shots]
        width = len(made[0].vector)

        def stacked(rows: Iterable[object]) -> np.ndarray:
            return np.array([np.zeros(width, np.float32) if row is None else row for row in rows])

        def embedded(texts: Iterable[str]) -> np.ndarray:
            said = list(texts)
            vectors = iter(host.decoder.embed_many([text] for text in said if text))
            return stacked(next(vectors) if text else None for text in said)

        return Results(
            model=host.decoder.name,
            captions=[reply for reply, _, _ in shots],
            logprobs=[logprob for _, logprob, _ in shots],
            answers=self._answers,
            video_answers=self._video_answers(),
            vectors_SE=stacked(entry.vector for entry in made),
            caption_vectors_SE=stacked(entry.caption_vector for entry in made),
            queries_SE=embedded(shot.captions[0] for shot in labels.shots),
            reworded_SE=embedded(shot.captions[-1] for shot in labels.shots),
            changed_SE=embedded(shot.changed[0] if shot.changed else "" for shot in labels.shots),
            films=list(self._at_once(lambda film: self._film(film, made), labels.films)),
            comparisons=list(self._at_once(self._comparison, range(len(labels.comparisons)))),
            summaries=self._summaries(),
            ledger=host.ledger.as_dict(),
        )

    def _at_once(self, work: Callable[[T], R], items: Iterable[T]) -> Iterator[R]:
        with ThreadPoolExecutor(self._host.settings.workers) as pool:
            yield from [f.result() for f in [pool.submit(copy_context().run, work, item) for item in items]]

    def _shot(self, number: int) -> tuple[Reply, float | None, atom.Entry]:
        """Caption, the true one's log-probability, vectors and answers of one shot, while its prefix is at hand."""
        host, clip = self._host, self._clips[number]
        try:
            caption = host.run("caption", clip)
        except atom.AtomError as error:
            self._fail(f"caption of {_name(clip)}", error)
            caption = atom.Caption(clip=clip, text="")
        entry = host.run("index", caption, store=False)
        features = host.encoder.encode(clip)
        for place in self._asked.get(self._labels.shots[number].place, ()):
            asked = self._labels.questions[place]
            self._answers[place] = self._generate([features, asked.text], ANSWER_TOKENS, _name(clip))
        logprob = self._score([features, PROBE], self._labels.shots[number].captions[0], _name(clip))
        self._step()
        return Reply(text=caption.text, confidence=caption.confidence or 0.0), logprob, entry

    def _score(self, parts: Sequence[Any], text: str, name: str) -> float | None:
        try:
            return self._host.decoder.score(parts, text)
        except atom.AtomError as error:
            self._fail(name, error)
            return None

    def _generate(self, parts: Sequence[Any], max_new_tokens: int, name: str) -> Reply:
        try:
            text = self._host.decoder.generate(parts, max_new_tokens=max_new_tokens)
        except atom.AtomError as error:
            self._fail(name, error)
            return Reply(text="")
        return Reply(text=str(text), confidence=text.confidence)

    def _video_answers(self) -> dict[int, Reply]:
        """Answers of the task ``answer`` about videos of several shots."""
        several = {shot.unit for shot in self._labels.shots if shot.place[1] > 0}
        numbers = [number for number, asked in enumerate(self._labels.questions) if asked.unit in several]

        def ask(number: int) -> Reply:
            asked = self._labels.questions[number]
            question = atom.Question(video=self._videos[asked.unit], text=asked.text)
            try:
                answer = self._host.run("answer", question, max_new_tokens=ANSWER_TOKENS)
            except atom.AtomError as error:
                self._fail(f"{question.video.path.name}: {question.text}", error)
                return Reply(text="")
            spans = tuple((span.start_s, span.end_s) for span in answer.evidence)
            return Reply(text=answer.text, confidence=answer.confidence or 0.0, evidence_s=spans)

        return dict(zip(numbers, self._at_once(ask, numbers), strict=True))

    def _film(self, film: FilmAsked, entries: Sequence[atom.Entry]) -> Film:
        chosen = [entries[self._labels.numbers[place]] for place in film.pool]
        self._pool.use(chosen)
        script: tuple[str, ...] = ()
        try:
            written = self._host.run("script", atom.Request(text=film.request))
            script = written.lines
            timeline = self._host.run("match", written)
        except atom.AtomError as error:
            self._fail(f"film {film.request!r}", error)
            return Film(script=script)
        finally:
            self._step()
        places = {(e.clip.video.content_hash, e.clip.start_s): place for place, e in enumerate(chosen)}
        return Film(script=script, order=tuple(places[cut.content_hash, cut.start_s] for cut in timeline.cuts))

    def _comparison(self, number: int) -> Reply:
        pair = self._labels.comparisons[number]
        clips = [self._clips[self._labels.numbers[place]] for place in (pair.first, pair.second)]
        parts = [*self._host.encoder.encode_batch(clips, in_one_prompt=True), pair.text]
        return self._generate(parts, COMPARISON_TOKENS, f"{_name(clips[0])} and {_name(clips[1])}")

    def _summaries(self) -> dict[int, str]:
        """Summaries of true captions, so that mistakes of captions do not count twice."""
        labels = self._labels
        told: dict[int, list[atom.Caption]] = {}
        for shot, clip in zip(labels.shots, self._clips, strict=True):
            told.setdefault(shot.unit, []).append(atom.Caption(clip=clip, text=shot.captions[0]))
        units = [unit for unit, captions in told.items() if len(captions) > 1 and labels.summaries[unit]]

        def summarize(unit: int) -> str:
            try:
                return str(self._host.run("summarize", tuple(told[unit])).text)
            except atom.AtomError as error:
                self._fail(f"summary of {labels.videos[unit]}", error)
                return ""

        return dict(zip(units, self._at_once(summarize, units), strict=True))


def _name(clip: atom.Clip) -> str:
    return f"{clip.video.path.name} at {clip.times}"


def _moment(entry: atom.Entry, score: float) -> atom.Moment:
    clip = entry.clip
    return atom.Moment(
        start_s=clip.start_s,
        end_s=clip.end_s,
        path=clip.video.path,
        content_hash=clip.video.content_hash,
        caption=entry.caption,
        score=score,
    )


def as_set(settings: atom.Settings, assignment: str) -> atom.Settings:
    """`settings` with one changed, written ``name=value``.

    :raises SettingsError: if there is no such setting, or the value does not fit
    """
    from atom_core.settings import load_with_sources

    name, equals, value = assignment.partition("=")
    if not (name and equals) or name.startswith("tasks."):
        raise atom.SettingsError(f"--compare {assignment!r} does not fit: write it as NAME=VALUE, see `atom config`")
    changed = load_with_sources({name: value}, environ={}, label=lambda _: "--compare")[0]
    return evolve(settings, **{name: getattr(changed, name)})
