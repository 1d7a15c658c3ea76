"""``atom quantize``."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from atom_core.specs import FamilySpec

if TYPE_CHECKING:
    from atom_core.cli.context import Context


class QuantizeCommand:
    """Write a quantised checkpoint."""

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """Declare the arguments."""
        parser.add_argument(
            "source", metavar="MODEL", nargs="?", help="model name, folder or hub id; --model if left out"
        )
        parser.add_argument("--to", metavar="RECIPE", default="int8", help="int8, int8-decoder or int4.")
        parser.add_argument("-o", "--output", metavar="FOLDER", type=Path, required=True, help="where to write it")
        parser.add_argument("--overwrite", action="store_true", help="replace a checkpoint that Atom has written")

    def run(self, context: Context) -> None:
        """One result: the new checkpoint."""
        from atom_core.quiet import quiet

        quiet()
        from atom_core.checkpoint.checkpoint import content_hash, open_checkpoint
        from atom_core.checkpoint.export import save_quantized
        from atom_core.checkpoint.recipes import recipe_of
        from atom_core.families import family_of

        args, settings = context.args, context.settings
        name = args.source or settings.model
        spec = context.plugins.models.get(name)
        memory = settings.cache / "hashes.json"
        checkpoint = open_checkpoint(
            spec.source if spec is not None else name,
            revision=settings.revision,
            offline=settings.offline,
            memory=memory,
        )
        family_of(checkpoint, context.plugins.of(FamilySpec))  # what could not be opened is not written
        source_hash = content_hash(checkpoint.folder, memory)
        folder = save_quantized(
            checkpoint,
            args.output,
            recipe=recipe_of(args.to, "cpu"),
            source_hash=source_hash,
            overwrite=args.overwrite,
        )
        size_bytes = (folder / "model.safetensors").stat().st_size
        ratio = size_bytes / max(1, checkpoint.weights.num_bytes)
        context.emit(
            {
                "model": name,
                "recipe": args.to,
                "folder": str(folder),
                "size_bytes": size_bytes,
                "source_bytes": checkpoint.weights.num_bytes,
            },
            f"{folder}: {name} as {args.to}, {size_bytes / 1e6:.0f} MB ({ratio:.0%} of the source);"
            f" use it with --model {folder}",
        )
