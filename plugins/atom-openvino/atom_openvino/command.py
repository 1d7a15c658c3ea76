"""``atom calibrate``: find how far activations reach on the user's own frames."""

from __future__ import annotations

import argparse

from attrs import evolve

import atom_core as atom
from atom_core.providers import TowerWeights, modules_with_tower
from atom_openvino import PREFIX
from atom_openvino.engine import check_installed
from atom_openvino.ranges import RangeFinder, keep_ranges
from atom_openvino.tower import plain_name

MOST_CLIPS = 16
"""More widen ranges hardly."""


class CalibrateCommand:
    """Fit the int8 of a model on OpenVINO to footage; what was encoded in int8 before is encoded once more."""

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """Declare the arguments."""
        parser.add_argument("videos", nargs="+", metavar="VIDEO", help="video files or folders of them")

    def run(self, context: atom.CommandContext) -> None:
        """Encode frames in float32, note ranges, keep them.

        :raises ModelError: if the model is none of ``openvino:``
        """
        model, host = str(context.settings.model), context.host()
        if not model.startswith(PREFIX):
            raise atom.ModelError(f"model {model!r} does not run on OpenVINO; use --model {PREFIX}{model}")
        check_installed()
        clips = [clip for video in context.videos(context.args.videos) for clip in host.clips(video)]
        if not clips:
            raise atom.MediaError("there is no clip to calibrate on; name a video that can be read")
        chosen = clips[:: -(-len(clips) // MOST_CLIPS)]
        made: list[RangeFinder] = []

        def finder(weights: TowerWeights) -> RangeFinder:
            made.append(RangeFinder(weights))
            return made[-1]

        name = plain_name(context.settings)
        known = host.plugins.models.get(name)
        settings = evolve(context.settings, model=name, quantize="none", reuse=False)
        source = name if known is None else known.source
        modules = modules_with_tower(source, settings, host.ledger, {}, {}, tower=finder)
        try:
            with context.progress("Calibrating", len(chosen)) as progress:
                for clip in chosen:
                    modules.encoder.encode(clip)
                    progress.advance()
        finally:
            modules.close()
        path = keep_ranges(made[0].weights, made[0].ranges)
        value = {"model": model, "clips": len(chosen), "frames": made[0].num_pictures, "file": str(path)}
        context.emit(value, f"int8 of {model} is fitted to {made[0].num_pictures} frames of {len(chosen)} clips")
