"""A page that needs nothing but itself: figures, plots, and the worst mistakes as frames."""

from __future__ import annotations

import base64
import io
from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

import numpy as np

import atom_core as atom
from atom_bench.quality import svg
from atom_bench.quality.collect import Results
from atom_bench.quality.labels import Labels, Place
from atom_bench.quality.measures import BINS, Judged

MISTAKES = 12
STRIP_HEIGHT = 72
RANKS = ((1, 1), (2, 2), (3, 5), (6, 10), (11, 50), (51, 10**9))
_STYLE = """
body { font-family: system-ui, sans-serif; color: #222; max-width: 1080px; margin: 2em auto; padding: 0 1em; }
table { border-collapse: collapse; } 
td, th { padding: 3px 12px 3px 0; text-align: right; border-bottom: 1px solid #eee; }
td:first-child, th:first-child { text-align: left; } .plots { display: flex; flex-wrap: wrap; gap: 1.5em; }
figure { margin: 1em 0; } figcaption { margin-top: 4px; }
.said { color: #a33; } .true { color: #275; } small { color: #666; }
"""


def page(
    value: Mapping[str, Any], labels: Labels, runs: Mapping[str, tuple[Results, Judged]], strips: Mapping[Place, str]
) -> str:
    """The page.

    :param value: the JSON value
    :param runs: what each setting said, and how it was judged; mistakes are those of the last
    :param strips: a picture for each shot that is shown, as `strip` makes it
    """
    results, judged = list(runs.values())[-1]
    plots = [_types_plot(value), _rank_plot(runs), _cider_plot(runs)]
    if labels.questions:
        plots.append(svg.reliability("Calibration of answers", {n: _curve(*run) for n, run in runs.items()}))
    parts = [
        f"<h1>Quality of {escape(value['model'])}</h1>",
        f"<p>{len(labels.shots)} shots of {len(labels.videos)} videos, {len(labels.questions)} questions,"
        f" {len(labels.films)} films. CIDEr-D on tokens: {escape(value['tokenizer'])}. Intervals hold 95 percent of"
        f" {value['draws']} draws of videos.</p>",
        _table(value),
        f'<div class="plots">{"".join(plots)}</div>',
        "<h2>Worst captions</h2>",
        *_worst_captions(labels, results, judged, strips),
        "<h2>Wrong answers, the surest first</h2>",
        *_wrong_answers(labels, results, judged, strips),
    ]
    head = f'<meta charset="utf-8"><title>Quality of {escape(value["model"])}</title><style>{_STYLE}</style>'
    return f'<!doctype html><html lang="en"><head>{head}</head><body>{"".join(parts)}</body></html>\n'


def shown_places(labels: Labels, results: Results, judged: Judged) -> list[Place]:
    """The shots that the page shows."""
    captions = [labels.shots[number].place for number in worst_captions(judged)]
    answers = [labels.questions[number].place for number in wrong_answers(results, judged)]
    return list(dict.fromkeys([*captions, *answers]))


def worst_captions(judged: Judged) -> list[int]:
    """Numbers of the shots with the lowest CIDEr-D, worst first."""
    return [int(number) for number in np.argsort(judged.cider, kind="stable")[:MISTAKES]]


def wrong_answers(results: Results, judged: Judged) -> list[int]:
    """Numbers of the questions with wrong answers, the surest first."""
    wrong = [number for number, right in enumerate(judged.right) if not right]
    return sorted(wrong, key=lambda number: -results.answers[number].confidence)[:MISTAKES]


def strip(images: Sequence[np.ndarray]) -> str:
    """Frames side by side as a PNG data URI."""
    from PIL import Image

    height, width = images[0].shape[:2]
    small = (max(1, round(width * STRIP_HEIGHT / height)), STRIP_HEIGHT)
    picture = Image.new("RGB", ((small[0] + 2) * len(images), STRIP_HEIGHT), "white")
    for place, image in enumerate(images):
        picture.paste(Image.fromarray(image).resize(small), (place * (small[0] + 2), 0))
    buffer = io.BytesIO()
    picture.quantize(64).save(buffer, "PNG", optimize=True)
    return "data:image/png;base64," + base64.b64encode(buffer.getvalue()).decode("ascii")


def strips_of(settings: atom.Settings, labels: Labels, places: Sequence[Place]) -> dict[Place, str]:
    """A picture for each of `places`."""
    from atom_core.media.probe import probe
    from atom_core.media.sample import sample

    found = {}
    for place in places:
        shot = labels.shots[labels.numbers[place]]
        clip = atom.Clip(video=probe(labels.folder / place[0]), start_s=shot.start_s, end_s=shot.end_s)
        found[place] = strip(sample(clip, settings.most_frames).images)
    return found


def _table(value: Mapping[str, Any]) -> str:
    names = list(value["settings"])
    compared = value.get("differences") or {}
    head = ["", *names, *(["difference"] if compared else []), "items"]
    rows = [f"<tr>{''.join(f'<th>{escape(cell)}</th>' for cell in head)}</tr>"]
    for key, figure in value["settings"][names[0]]["figures"].items():
        cells = [escape(figure["title"])]
        for name in names:
            one = value["settings"][name]["figures"][key]
            cells.append(f"{one['value']:.1f} <small>{one['low']:.1f} to {one['high']:.1f}</small>")
        if compared:
            one = compared[key]
            cells.append(f"{one['difference']:+.2f} <small>{one['low']:+.2f} to {one['high']:+.2f}</small>")
        cells.append(str(figure["items"]))
        rows.append(f"<tr>{''.join(f'<td>{cell}</td>' for cell in cells)}</tr>")
    return f"<table>{''.join(rows)}</table>"


def _types_plot(value: Mapping[str, Any]) -> str:
    names = list(value["settings"])
    first = value["settings"][names[0]]["figures"]
    kinds = [key for key in first if key.startswith("questions.")]
    rows = [
        (key.partition(".")[2], [value["settings"][name]["figures"][key]["value"] for name in names]) for key in kinds
    ]
    return svg.bars("Right answers by type, percent", rows, names) if rows else ""


def _rank_plot(runs: Mapping[str, tuple[Results, Judged]]) -> str:
    counted = {
        name: [sum(low <= rank + 1 <= high for rank in judged.ranks) for low, high in RANKS]
        for name, (_, judged) in runs.items()
    }
    return svg.histogram("Rank of the right clip", counted, ["1", "2", "3-5", "6-10", "11-50", "over 50"])


def _cider_plot(runs: Mapping[str, tuple[Results, Judged]]) -> str:
    counted = {
        name: [sum(min(int(score), 9) == place for score in judged.cider) for place in range(10)]
        for name, (_, judged) in runs.items()
    }
    return svg.histogram("CIDEr-D of captions (0 to 10)", counted, [str(place) for place in range(10)])


def _curve(results: Results, judged: Judged) -> list[tuple[float, float, int]]:
    """Mean confidence, share of right answers and number of answers, by bin."""
    groups: dict[int, list[tuple[float, bool]]] = {}
    for reply, right in zip(results.answers, judged.right, strict=True):
        groups.setdefault(min(int(reply.confidence * BINS), BINS - 1), []).append((reply.confidence, right))
    return [
        (float(np.mean([c for c, _ in group])), float(np.mean([r for _, r in group])), len(group))
        for _, group in sorted(groups.items())
    ]


def _worst_captions(labels: Labels, results: Results, judged: Judged, strips: Mapping[Place, str]) -> list[str]:
    found = []
    for number in worst_captions(judged):
        shot, said = labels.shots[number], results.captions[number].text
        about = f"{shot.place[0]}, shot {shot.place[1] + 1}, CIDEr-D {judged.cider[number]:.2f}"
        found.append(_figure(strips[shot.place], said, shot.captions[0], about))
    return found


def _wrong_answers(labels: Labels, results: Results, judged: Judged, strips: Mapping[Place, str]) -> list[str]:
    found = []
    for number in wrong_answers(results, judged):
        asked, reply = labels.questions[number], results.answers[number]
        about = f"{asked.text} ({asked.kind}, confidence {reply.confidence:.2f}, {asked.place[0]})"
        found.append(_figure(strips[asked.place], reply.text, asked.answer, about))
    return found or ["<p>None.</p>"]


def _figure(picture: str, said: str, truth: str, about: str) -> str:
    return (
        f'<figure><img src="{picture}" alt="frames of the shot"><figcaption><small>{escape(about)}</small><br>'
        f'said: <span class="said">{escape(said) or "(nothing)"}</span><br>'
        f'true: <span class="true">{escape(truth)}</span></figcaption></figure>'
    )
