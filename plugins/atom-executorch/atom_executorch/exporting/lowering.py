"""The programs lowered to ExecuTorch, for XNNPACK: https://docs.pytorch.org/executorch."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch

import atom_core as atom
from atom_executorch.exporting.programs import TextDecoder, TokenEmbedding, VisionEncoder
from atom_executorch.exporting.sizes import Sizes
from atom_executorch.runtime import INSTALL, load_runtime

Programs = tuple[VisionEncoder, TokenEmbedding, TextDecoder]
_LACKING = "the exporter of ExecuTorch cannot be imported"


def write_programs(programs: Programs, sizes: Sizes, file: Path, *, prefill: int, constants: Mapping[str, Any]) -> None:
    """Write one file with the three programs, under the names that ExecuTorch's own runner knows.

    :param prefill: most tokens of one call
    :param constants: further programs, which give one value each
    :raises ModelError: if ExecuTorch is not there, or cannot lower them
    """
    load_runtime()
    with _quietly():
        try:
            exported = _exported(programs, sizes, prefill)
            _lowered(exported, constants, file)
        except ImportError as error:
            raise atom.ModelError(f"{_LACKING} ({error}): {INSTALL}") from None


def _exported(programs: Programs, sizes: Sizes, prefill: int) -> dict[str, Any]:
    """Each program as `torch.export` traces it."""
    from executorch.extension.llm.custom_ops import custom_ops  # noqa: F401  what the operators give, for the tracer

    vision, table, decoder = programs
    tokens, side, width = torch.export.Dim("tokens", min=1, max=prefill), sizes.tower.side, sizes.text.width
    example = min(3, prefill)  # a size of one would be taken for a constant
    inputs: dict[str, tuple[torch.nn.Module, tuple[torch.Tensor, ...], Any]] = {
        "vision_encoder": (vision, (torch.zeros(1, 3, side, side),), None),
        "token_embedding": (table, (torch.zeros(1, example, dtype=torch.long),), ({1: tokens},)),
        "text_decoder": (decoder, (torch.zeros(1, example, width), torch.tensor([0])), ({1: tokens}, None)),
    }
    with torch.no_grad():
        return {
            name: torch.export.export(module, example_inputs, dynamic_shapes=dynamic, strict=False)
            for name, (module, example_inputs, dynamic) in inputs.items()
        }


def _lowered(exported: dict[str, Any], constants: Mapping[str, Any], file: Path) -> None:
    from executorch.backends.xnnpack.partition.xnnpack_partitioner import XnnpackPartitioner
    from executorch.exir import EdgeCompileConfig, ExecutorchBackendConfig, to_edge_transform_and_lower
    from executorch.exir.passes import MemoryPlanningPass
    from executorch.exir.passes.sym_shape_eval_pass import ConstraintBasedSymShapeEvalPass

    partitioned = ("vision_encoder", "text_decoder")
    edge = to_edge_transform_and_lower(
        exported,
        partitioner={name: [XnnpackPartitioner()] for name in partitioned},
        constant_methods=dict(constants),
        # attention with a cache is no operator of the core set
        compile_config=EdgeCompileConfig(_check_ir_validity=False),
    )
    program = edge.to_executorch(
        ExecutorchBackendConfig(
            extract_delegate_segments=True,
            memory_planning_pass=MemoryPlanningPass(alloc_graph_input=False),
            sym_shape_eval_pass=ConstraintBasedSymShapeEvalPass(),
        )
    )
    with file.open("wb") as stream:
        program.write_to_file(stream)


@contextmanager
def _quietly() -> Iterator[None]:
    """Without the exporter's remarks."""
    before = logging.root.manager.disable
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        logging.disable(logging.ERROR)
        try:
            yield
        finally:
            logging.disable(before)
