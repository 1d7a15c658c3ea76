"""OpenVINO on this processor: whether it is there, and graphs that are ready to run."""

from __future__ import annotations

import importlib.util
import os
import re
from importlib.metadata import version
from typing import TYPE_CHECKING

import atom_core as atom

if TYPE_CHECKING:
    import openvino as ov


_LEAST = (2025, 1)
"""The first version that has all that is used."""


def check_installed() -> None:
    """
    :raises ModelError: if OpenVINO is not installed, or too old
    """
    if importlib.util.find_spec("openvino") is None:
        raise atom.ModelError(
            "models of openvino: need OpenVINO, which is not installed: pip install openvino; or name the model without"
            " openvino:"
        )
    found = version("openvino")
    numbers = re.match(r"(\d+)\.(\d+)", found)
    if numbers is not None and tuple(map(int, numbers.groups())) < _LEAST:
        raise atom.ModelError(
            f"models of openvino: need OpenVINO {_LEAST[0]}.{_LEAST[1]} or newer, got {found}: pip install -U openvino"
        )


def compiled(model: ov.Model, threads: int | None, hint: str, **more: str) -> ov.InferRequest:
    """A graph that is ready to run.

    :param threads: `Settings.threads`
    :param hint: precision of what is not int8, as OpenVINO calls it
    :param more: further properties of its
    """
    import openvino as ov

    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    options: dict[str, object] = {
        "INFERENCE_NUM_THREADS": threads or cores or 1,
        "NUM_STREAMS": 1,
        "PERFORMANCE_HINT": "LATENCY",
        "INFERENCE_PRECISION_HINT": hint,
        "ENABLE_CPU_PINNING": False,
        **more,
    }
    return ov.Core().compile_model(model, "CPU", options).create_infer_request()


def precision_hint(precision: str) -> str:
    """The precision of what is not int8: bfloat16 where the processor computes it and the recipe is no plain one."""
    if precision == "none":
        return "f32"
    import openvino as ov

    return "bf16" if "BF16" in ov.Core().get_property("CPU", "OPTIMIZATION_CAPABILITIES") else "f32"
