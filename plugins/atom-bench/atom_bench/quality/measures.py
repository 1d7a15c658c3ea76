"""Figures from what a model said and what is true."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from attrs import frozen

from atom_bench.quality.answers import NOT_SHOWN, clauses, contains, is_right, overlap, plain
from atom_bench.quality.bootstrap import Measure, measure_of
from atom_bench.quality.cider import cider_d
from atom_bench.quality.collect import Results
from atom_bench.quality.labels import FilmAsked, Labels

BINS = 10


@frozen(kw_only=True, eq=False)
class Judged:
    """Each item judged; for the page, and for the measures."""

    cider: list[float]
    """CIDEr-D of each shot's caption, 0 to 10."""
    right: list[bool]
    """Whether each question was answered rightly."""
    pool: list[int]
    """The shots that are searched: those whose canonical caption no earlier one has."""
    ranks: list[int]
    """How many of the pool are nearer to each pool shot's canonical caption than that shot itself."""
    measures: dict[str, Measure]
    """All figures."""
    median_rank: float
    """Median of the ranks, counted from 1."""


def judge(labels: Labels, results: Results) -> Judged:
    """Everything that can be said about `results`; what the folder has no labels for is left out."""
    cider = cider_d([reply.text for reply in results.captions], [shot.captions for shot in labels.shots])
    right = [is_right(reply.text, asked.answer) for reply, asked in zip(results.answers, labels.questions, strict=True)]
    pool = _distinct(labels)
    ranks = _ranks(results.queries_SE, results.vectors_SE, pool)
    found: dict[str, Measure] = {}
    found |= _captions(labels, results, cider)
    found |= _questions(labels, results, right)
    found |= _retrieval(labels, results, pool, ranks)
    found |= dict(_films(labels, results))
    return Judged(
        cider=cider,
        right=right,
        pool=pool,
        ranks=ranks,
        measures=found,
        median_rank=float(np.median(ranks)) + 1,
    )


def _captions(labels: Labels, results: Results, cider: list[float]) -> dict[str, Measure]:
    units = [shot.unit for shot in labels.shots]
    said = [reply.text for reply in results.captions]
    found = {"cider_d": measure_of("CIDEr-D (x100, at most 1000)", units, [100 * score for score in cider], scale=1.0)}
    if None not in results.logprobs:
        title = "negative log-likelihood of the canonical caption, nats"
        found["nll"] = measure_of(title, units, -np.array(results.logprobs), scale=1.0, low_is_good=True)
    exact = [plain(text) == plain(shot.captions[0]) for text, shot in zip(said, labels.shots, strict=True)]
    found["caption_exact"] = measure_of("caption is the canonical one", units, exact)
    named = [number for number, shot in enumerate(labels.shots) if shot.objects]
    if named:
        texts = [f" {plain(said[number])} " for number in named]
        shots = [labels.shots[number] for number in named]
        objects = [
            all(f" {colour} {shape} " in text for colour, shape in shot.objects)
            for text, shot in zip(texts, shots, strict=True)
        ]
        motions = [
            all(f" {clause} " in text for clause in clauses(shot.captions[0]))
            for text, shot in zip(texts, shots, strict=True)
        ]
        own = [shot.unit for shot in shots]
        found["caption_objects"] = measure_of("caption names colour and shape of every object", own, objects)
        found["caption_motions"] = measure_of("... and what each does", own, motions)
    return found


def _questions(labels: Labels, results: Results, right: list[bool]) -> dict[str, Measure]:
    if not labels.questions:
        return {}
    units = [asked.unit for asked in labels.questions]
    kinds = [asked.kind for asked in labels.questions]
    found = {
        "questions": measure_of("questions, mean over types", units, right, kinds),
        "questions_worst": measure_of("questions, worst type", units, right, kinds, reduce="least"),
    }
    lenient = [contains(r.text, asked.answer) for r, asked in zip(results.answers, labels.questions, strict=True)]
    found["questions_contained"] = measure_of("answer contains the true one, mean over types", units, lenient, kinds)
    for kind in sorted(set(kinds)):
        chosen = [number for number, one in enumerate(kinds) if one == kind]
        own, hits = [units[n] for n in chosen], [right[n] for n in chosen]
        found[f"questions.{kind}"] = measure_of(f"questions of type {kind}", own, hits)
    absent = [number for number, asked in enumerate(labels.questions) if asked.answer == NOT_SHOWN]
    if absent:
        own, hits = [units[n] for n in absent], [right[n] for n in absent]
        found["not_shown"] = measure_of("'not shown' told", own, hits)
    confidences = np.clip([reply.confidence for reply in results.answers], 0.0, 1.0)
    bins = [f"{min(int(value * BINS), BINS - 1):02}" for value in confidences]
    gaps = np.asarray(right, dtype=float) - confidences
    title = f"calibration error of answers ({BINS} bins)"
    found["ece"] = measure_of(title, units, gaps, bins, reduce="gap", low_is_good=True)
    return found | dict(_whole_videos(labels, results))


def _whole_videos(labels: Labels, results: Results) -> Iterator[tuple[str, Measure]]:
    numbers = list(results.video_answers)
    if not numbers:
        return
    asked = [labels.questions[number] for number in numbers]
    replies = [results.video_answers[number] for number in numbers]
    right = [is_right(reply.text, one.answer) for reply, one in zip(replies, asked, strict=True)]
    yield "video_questions", measure_of("questions asked of whole videos", [one.unit for one in asked], right)
    judged = [
        (one.unit, overlap(list(reply.evidence_s), list(one.spans_s)))
        for reply, one, good in zip(replies, asked, right, strict=True)
        if good and one.spans_s
    ]
    if judged:
        units, overlaps = zip(*judged, strict=True)
        yield "span_iou", measure_of("overlap of evidence and true spans, right answers", list(units), list(overlaps))


def _retrieval(labels: Labels, results: Results, pool: list[int], ranks: list[int]) -> dict[str, Measure]:
    units = [labels.shots[number].unit for number in pool]
    found = {
        "recall_at_1": measure_of(f"text to video Recall@1 of {len(pool)}", units, [rank == 0 for rank in ranks]),
        "recall_at_5": measure_of("Recall@5", units, [rank < 5 for rank in ranks]),
    }
    reworded = _ranks(results.reworded_SE, results.vectors_SE, pool)
    found["recall_at_1_reworded"] = measure_of("Recall@1, in other words", units, [rank == 0 for rank in reworded])
    both = (results.vectors_SE + results.caption_vectors_SE) / 2
    library = _ranks(results.queries_SE, both, pool)
    found["recall_at_1_library"] = measure_of("Recall@1, captions searched too", units, [rank == 0 for rank in library])
    changed = [number for number in pool if labels.shots[number].changed]
    if changed:
        clips = results.vectors_SE[changed]
        beats = (results.queries_SE[changed] * clips).sum(1) > (results.changed_SE[changed] * clips).sum(1)
        own = [labels.shots[number].unit for number in changed]
        found["beats_changed"] = measure_of("true caption nearer than one with a change", own, list(beats))
    return found


def _is_script(film: FilmAsked, lines: tuple[str, ...]) -> bool:
    """Whether each line is the true one, as it is labelled or as the request has it."""
    words = film.words or film.script
    return len(lines) == len(film.script) and all(
        plain(line) in (plain(true), plain(asked)) for line, true, asked in zip(lines, film.script, words, strict=True)
    )


def _films(labels: Labels, results: Results) -> Iterator[tuple[str, Measure]]:
    numbers = list(range(len(labels.films)))
    if numbers:
        pairs = list(zip(results.films, labels.films, strict=True))
        scripts = [_is_script(film, made.script) for made, film in pairs]
        yield "script_exact", measure_of("script from a request, exact", numbers, scripts)
        orders = [made.order == film.order for made, film in pairs]
        yield "assembly_order", measure_of("assembly: right shots in order", numbers, orders)
    if labels.comparisons:
        hits = [is_right(r.text, pair.answer) for r, pair in zip(results.comparisons, labels.comparisons, strict=True)]
        yield "comparisons", measure_of("comparisons of two clips", list(range(len(hits))), hits)
    if results.summaries:
        told = [plain(text) == plain(labels.summaries[unit]) for unit, text in results.summaries.items()]
        yield "summaries", measure_of("summary of true captions, exact", list(results.summaries), told)


def _distinct(labels: Labels) -> list[int]:
    first: dict[str, int] = {}
    for number, shot in enumerate(labels.shots):
        first.setdefault(plain(shot.captions[0]), number)
    return list(first.values())


def _ranks(queries_SE: np.ndarray, vectors_SE: np.ndarray, pool: list[int]) -> list[int]:
    """Ties count against the model."""
    scores = queries_SE[pool] @ vectors_SE[pool].T
    own = np.diag(scores)[:, None]
    return [int(rank) for rank in (scores >= own).sum(1) - 1]
