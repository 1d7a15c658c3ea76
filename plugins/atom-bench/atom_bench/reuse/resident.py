"""Ways (c), (d) and (e): Atom's host and tasks, everything submitted at once."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextvars import copy_context
from pathlib import Path
from typing import Any

import atom_core as atom
from atom_bench.reuse import job as jobs
from atom_bench.reuse.job import Done, Job, Said
from atom_bench.reuse.memory import held_bytes, peak_bytes

NEEDED = {"caption": "atom-captioning", "index": "atom-indexing"}
"""Tasks that the standard pipeline is made of, and the distributions that have them."""


def run_resident(job: Job) -> Done:
    """Way (c), (d) or (e).

    :raises TaskError: if a task of the pipeline is not installed
    """
    settings = atom.Settings(**job.settings)
    with atom.open_host(settings) as host:
        for task, distribution in NEEDED.items():
            if task not in host.plugins.tasks:
                raise atom.TaskError(f"the standard pipeline needs task {task!r}; install {distribution}")
        clips = [atom.Clip.whole(host.video(Path(path))) for path in job.videos]
        imported = held_bytes()
        start = time.perf_counter()
        _ = host.encoder
        stages = {"load": time.perf_counter() - start}
        loaded = held_bytes()
        before = time.perf_counter()
        said = _work(host, job, clips)
        stages["work"] = time.perf_counter() - before
        seconds = time.perf_counter() - start
        ledger = host.ledger.as_dict()
    return Done(
        way=job.way,
        seconds=seconds,
        stages=stages,
        said=said,
        tokens=ledger["decode_tokens"]["computed"],
        loads=ledger["loads"]["computed"],
        encodes=ledger["encoder_clips"]["computed"],
        imported_bytes=imported,
        loaded_bytes=loaded,
        peak_bytes=peak_bytes(),
        ledger=ledger,
    )


def look(job: Job) -> list[dict[str, object]]:
    """How each clip's visual tokens are laid out, unless the job says it; of clips of one size one is encoded.

    Whatever is found once for a model is in the job's cache from then on.
    """
    with atom.open_host(atom.Settings(**job.settings)) as host:
        host.decoder.embed([job.request])
        if job.layouts:
            return [dict(layout) for layout in job.layouts]
        found: dict[tuple[int, int], dict[str, Any]] = {}
        layouts = []
        for path in job.videos:
            video = host.video(Path(path))
            size = (video.width, video.height)
            if size not in found:
                found[size] = dict(host.encoder.encode(atom.Clip.whole(video)).layout)
            layouts.append(found[size])
        return layouts


def _work(host: atom.Host, job: Job, clips: Sequence[atom.Clip]) -> Said:
    with ThreadPoolExecutor(host.settings.workers) as pool:

        def later(work: Callable[..., Any], *arguments: object) -> Future[Any]:
            return pool.submit(copy_context().run, work, *arguments)

        script = later(_script, host, job)  # first, since it waits for no clip
        indexed = [later(_index, host, job, clip) for clip in clips]
        asked = [[later(_answer, host, job, clip, text) for text in job.questions] for clip in clips]
        entries = [future.result() for future in indexed]  # what is matched must be in the library first
        scored = [[later(_score, host, clip, line) for clip in clips] for line in job.lines]
        return Said(
            captions=[entry.caption for entry in entries],
            answers=[[future.result() for future in row] for row in asked],
            script=script.result(),
            vectors=[entry.vector.tolist() for entry in entries],
            caption_vectors=[[] if e.caption_vector is None else e.caption_vector.tolist() for e in entries],
            scores=[[future.result() for future in row] for row in scored],
        )


def _index(host: atom.Host, job: Job, clip: atom.Clip) -> atom.Entry:
    """Caption a clip and make its library entry."""
    caption = host.run("caption", clip, prompt=jobs.CAPTION_PROMPT, max_new_tokens=job.caption_tokens)
    entry: atom.Entry = host.run("index", caption, store=False)
    return entry


def _answer(host: atom.Host, job: Job, clip: atom.Clip, question: str) -> str:
    """What the decoder says. The task ``answer`` asks it more than once, which no plain way does."""
    text = host.decoder.generate([host.encoder.encode(clip), question], max_new_tokens=job.answer_tokens)
    return text.whole


def _script(host: atom.Host, job: Job) -> str:
    return str(host.decoder.generate([jobs.SCRIPT_PROMPT + job.request], max_new_tokens=job.caption_tokens))


def _score(host: atom.Host, clip: atom.Clip, line: str) -> float:
    return host.decoder.score([host.encoder.encode(clip), jobs.CAPTION_PROMPT], line)
