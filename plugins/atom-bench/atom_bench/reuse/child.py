"""One way in a process of its own: ``python -m atom_bench.reuse.child JOB RESULT``."""

from __future__ import annotations

import importlib.util
import json
import sys
from pathlib import Path

import atom_core as atom
from atom_bench.arguments import engine_and_model
from atom_bench.reuse.job import LOOK, PLAIN_WAYS, Job
from atom_core.checkpoint.find import find


def main(arguments: list[str]) -> int:
    """Read the job, do it, write the result; 1 and a line on standard error where it cannot be done."""
    job, result = Job.read(Path(arguments[0])), Path(arguments[1])
    try:
        prepare(job)
        if job.way == LOOK:
            from atom_bench.reuse.resident import look

            result.write_text(json.dumps(look(job)), encoding="utf-8")
        elif job.way in PLAIN_WAYS:
            from atom_bench.reuse.plain import run_plain

            run_plain(job).write(result)
        else:
            from atom_bench.reuse.resident import run_resident

            run_resident(job).write(result)
    except atom.AtomError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


def prepare(job: Job) -> None:
    """Import what any way needs, so that no way is charged for it."""
    import av  # noqa: F401  reads frames in every way
    import torch
    from transformers import AutoConfig, AutoModelForImageTextToText

    settings = atom.Settings(**job.settings)
    if settings.quantize not in ("fit", "none"):
        import torchao.quantization  # noqa: F401
    if settings.threads:
        torch.set_num_threads(settings.threads)
    engine, name = engine_and_model(settings.model)
    if job.way not in PLAIN_WAYS:
        import atom_core.loader.backend  # noqa: F401

        module = engine.removesuffix(":")
        if module and importlib.util.find_spec(module) is not None:
            importlib.import_module(module)
    config = AutoConfig.from_pretrained(find(name, revision=settings.revision, offline=settings.offline))
    _ = AutoModelForImageTextToText._model_mapping[type(config)]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
