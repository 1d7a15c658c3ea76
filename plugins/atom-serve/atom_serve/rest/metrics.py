"""``/metrics``: the ledger, as Prometheus reads it."""

from __future__ import annotations

import time
from collections.abc import Iterator

from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from atom_serve.service import Service


def routes(service: Service) -> list[Route]:
    """``/metrics``."""

    def metrics(_: Request) -> PlainTextResponse:
        text = "".join(f"{line}\n" for line in lines(service))
        return PlainTextResponse(text, media_type="text/plain; version=0.0.4")

    return [Route("/metrics", metrics, methods=["GET"])]


def lines(service: Service) -> Iterator[str]:
    """Each measure with its help and type, in Prometheus's text format."""
    told = service.host.ledger.as_dict()
    counted = ("loads", "encoder_clips", "encoder_frames", "prefill_tokens", "decode_steps", "decode_tokens")
    for name in counted:
        yield from _head(f"atom_{name}_total", "counter", f"{name.replace('_', ' ')}: requested, computed and reused")
        yield from (f'atom_{name}_total{{how="{how}"}} {number}' for how, number in told[name].items())
    yield from _head("atom_lane_seconds_total", "counter", "time that each lane has worked")
    yield from (
        f'atom_lane_seconds_total{{lane="{_safe(lane)}"}} {of["seconds"]}' for lane, of in told["lanes"].items()
    )
    for what, help_text in (("runs", "runs of each task"), ("failed", "runs that failed"), ("seconds", "time of runs")):
        yield from _head(f"atom_task_{what}_total", "counter", help_text)
        yield from (f'atom_task_{what}_total{{task="{_safe(task)}"}} {of[what]}' for task, of in told["tasks"].items())
    for name, kind, help_text, value in (
        ("peak_memory_bytes", "gauge", "most memory held so far", told["peak_memory_bytes"]),
        ("model_loaded", "gauge", "whether the model is loaded", int(service.host.is_loaded)),
        ("open_calls", "gauge", "calls that wait or are worked on", service.work.num_open),
        ("jobs_open", "gauge", "jobs that are not done yet", sum(not job.is_over for job in service.jobs.all())),
        ("start_time_seconds", "gauge", "when the server started, seconds since 1970", round(service.started_s, 3)),
        ("running_seconds", "gauge", "how long the server runs", round(time.time() - service.started_s, 3)),
    ):
        yield from _head(f"atom_{name}", kind, help_text)
        yield f"atom_{name} {value}"


def _head(name: str, kind: str, text: str) -> Iterator[str]:
    yield f"# HELP {name} {text}"
    yield f"# TYPE {name} {kind}"


def _safe(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
