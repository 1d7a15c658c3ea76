"""``atom bench encoder``: clips per second, by recipe, one at a time and together."""

from __future__ import annotations

import argparse
from collections import defaultdict
from collections.abc import Mapping
from contextlib import ExitStack
from typing import Any

from attrs import evolve

import atom_core as atom
from atom_bench import arguments, figures

LANES = ("read", "preprocess", "encode")


class EncoderBench:
    """Measure the encoder: reading frames, preparing them, and the visual half itself."""

    summary = "Clips per second of the encoder, by precision recipe and batch"

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """Declare the arguments."""
        parser.add_argument("--clips", type=arguments.count, default=4, metavar="N", help="clips in each round (4)")
        parser.add_argument("--rounds", type=arguments.count, default=3, metavar="N", help="rounds (3)")
        arguments.add_recipe_argument(parser)
        arguments.add_model_arguments(parser)

    def run(self, context: atom.CommandContext) -> None:
        """Encode the same clips with every recipe, round by round; one result."""
        about, recipes = figures.machine(), arguments.recipes_of(context)
        settings = evolve(arguments.model_settings(context), reuse=False, segment="whole")
        plugins = context.host().plugins
        seconds: dict[tuple[str, str], list[float]] = defaultdict(list)
        with arguments.workplace() as folder, ExitStack() as stack:
            paths = arguments.make_videos(folder / "videos", context.args.clips)
            hosts = {}
            for recipe in recipes:
                own = evolve(settings, quantize=recipe, cache=folder / recipe)
                hosts[recipe] = stack.enter_context(atom.open_host(own, plugins=plugins))
            clips = arguments.whole_clips(next(iter(hosts.values())), paths)
            for host in hosts.values():
                host.encoder.encode(clips[0])
            with context.progress("Encoding", context.args.rounds * len(hosts)) as progress:
                for _ in range(context.args.rounds):
                    for recipe, host in hosts.items():
                        alone, together = measure(host, clips)
                        seconds[recipe, "alone"].append(alone)
                        seconds[recipe, "together"].append(together)
                        progress.advance()
            lanes = {recipe: _lanes(host) for recipe, host in hosts.items()}
        value = {"bench": "encoder", "machine": about, "model": settings.model, "frames": settings.most_frames}
        value |= result(seconds, recipes, lanes, len(clips))
        context.emit(value, text(value))
        if note := figures.busy_note(about):
            context.note(note)


def measure(host: Any, clips: list[atom.Clip]) -> tuple[float, float]:
    """Seconds to encode `clips` one after the other, and as one batch."""
    alone, _ = figures.timed(lambda: [host.encoder.encode(clip) for clip in clips])
    together, _ = figures.timed(lambda: host.encoder.encode_batch(clips))
    return alone, together


def _lanes(host: Any) -> dict[str, float]:
    """Seconds of each lane for one clip, on average."""
    ledger = host.ledger.as_dict()
    num_clips = max(ledger["encoder_clips"]["computed"], 1)
    return {name: ledger["lanes"].get(name, {}).get("seconds", 0.0) / num_clips for name in LANES}


def result(
    seconds: Mapping[tuple[str, str], list[float]], recipes: tuple[str, ...], lanes: dict[str, Any], num_clips: int
) -> dict[str, Any]:
    """The figures by recipe; ratios are to the first recipe."""
    first = recipes[0]
    found = {
        recipe: {
            "clips_per_s": num_clips / figures.spread(seconds[recipe, "alone"])["median"],
            "batch_clips_per_s": num_clips / figures.spread(seconds[recipe, "together"])["median"],
            "batch_gain": figures.ratio(seconds[recipe, "alone"], seconds[recipe, "together"]),
            "gain": figures.ratio(seconds[first, "together"], seconds[recipe, "together"]),
            "lanes_s": lanes[recipe],
        }
        for recipe in recipes
    }
    return {"clips": num_clips, "against": first, "recipes": found}


def text(value: Mapping[str, Any]) -> str:
    """The figures for people."""
    rows = [
        [
            recipe,
            f"{found['clips_per_s']:.2f}",
            f"{found['batch_clips_per_s']:.2f}",
            f"{found['gain']['median']:.2f}",
            *(f"{1000 * found['lanes_s'][name]:.0f}" for name in LANES),
        ]
        for recipe, found in value["recipes"].items()
    ]
    batch = f"batch of {value['clips']}"
    head = ["recipe", "clips/s", batch, f"times {value['against']}", *(f"{name} ms/clip" for name in LANES)]
    return figures.table(head, rows)
