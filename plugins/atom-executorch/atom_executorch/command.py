"""``atom export``."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import atom_core as atom
from atom_core.providers import import_apart
from atom_core.quiet import quiet


class ExportCommand:
    """Write a model as ExecuTorch programs, for phones and for ``--model FOLDER``."""

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """Declare the arguments."""
        parser.add_argument(
            "source", metavar="MODEL", nargs="?", help="model name, folder or hub id; --model if left out"
        )
        parser.add_argument("-o", "--output", metavar="FOLDER", type=Path, required=True, help="where to write it")
        parser.add_argument("--to", metavar="PRECISION", default="fp32", help="fp32 or 8da4w.")
        parser.add_argument(
            "--context",
            metavar="TOKENS",
            type=int,
            default=0,
            help="most tokens of a prompt and its answer: memory for keys and values is set aside for so many;"
            " default the model's own, at most 2048",
        )
        parser.add_argument("--overwrite", action="store_true", help="replace a folder that was exported before")

    def run(self, context: atom.CommandContext) -> None:
        """One result: the folder."""
        quiet()
        import_apart()
        from atom_core.providers.split import FamilySpec
        from atom_executorch.exporting.export import ExportOptions, export

        lent: Any = context  # the plugins' models and families are no part of what commands are promised
        args, settings = context.args, context.settings
        name = args.source or settings.model
        spec = lent.plugins.models.get(name)
        options = ExportOptions(precision=args.to, context=args.context, overwrite=args.overwrite)
        source = spec.source if spec is not None else name
        manifest = export(source, name, args.output, options, settings, lent.plugins.of(FamilySpec))
        size_bytes = sum((args.output / file).stat().st_size for file in manifest.files)
        about = {"model": name, "precision": manifest.precision, "folder": str(args.output), "size_bytes": size_bytes}
        context.emit(
            about,
            f"{args.output}: {name} as {manifest.precision}, {size_bytes / 1e6:.0f} MB;"
            f" use it with --model {args.output}",
        )
