"""A task's run, within its time limit and with somebody told how far it is."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from atom_core.background import aside
from atom_core.call_context import Watch, caller, watch
from atom_core.errors import TaskError
from atom_core.protocols import Tell
from atom_core.records import Caption, Clip, Video
from atom_core.specs import TaskSpec


def limited(spec: TaskSpec, work: Callable[[], Any]) -> Any:
    """The result of `work`, waited for no longer than the task's time limit.

    :raises TaskError: past the limit; the work is cancelled, which ends it at its next call of a module
    """
    if spec.time_limit_s is None:
        return work()
    result = aside(work, spec.name)
    try:
        return result.result(spec.time_limit_s)
    except TimeoutError:
        if result.done():
            raise
        caller.get().cancelled.set()
        raise TaskError(
            f"task {spec.name!r} of plugin {spec.plugin!r} ran past its limit of {spec.time_limit_s:g} s;"
            " it was cancelled, give it less to do or raise its limit",
            task=spec.name,
            plugin=spec.plugin,
        ) from None


def teller(told: Tell | None, item: object) -> Tell:
    """What a task calls as it gets on: it tells `told`, or else who watches how far a video is looked through, and
    raises `Cancelled` where the result is not wanted.

    In threads that a task started itself it stands for the task that it was made for.

    :param item: what the task runs on
    """
    lent_to, watched = caller.get(), watch.get()

    def tell(done: int, total: int) -> None:
        current = caller.get()
        (current if current.task else lent_to).check()
        if told is not None:
            told(done, total)
        elif watched is not None and total > 0:
            _tell_watch(watched, lent_to.task, item, done / total)

    return tell


def tell_done(task: str, item: object) -> None:
    """Tell who watches how far a video is looked through that `task` is done with a clip of it."""
    if (watched := watch.get()) is not None and not isinstance(item, Video):
        _tell_watch(watched, task, item, 1.0)


def _tell_watch(watched: Watch, task: str, item: object, share: float) -> None:
    clip = item.clip if isinstance(item, Caption) else item
    if isinstance(clip, Video):
        watched(task, clip.path, share * clip.duration_s, clip.duration_s)
    elif isinstance(clip, Clip):
        watched(task, clip.video.path, clip.start_s + share * clip.duration_s, clip.video.duration_s)
