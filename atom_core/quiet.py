"""Keep other projects' remarks off the terminal, and what they would send off the network, in one place; called before
they are imported."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager

VARIABLES = {
    "ANONYMIZED_TELEMETRY": "False",  # chromadb
    "CHROMA_TELEMETRY": "False",
    "HF_HUB_DISABLE_PROGRESS_BARS": "1",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "HF_HUB_VERBOSITY": "error",
    "ORT_DISABLE_TELEMETRY": "1",  # onnxruntime, which otherwise connects as soon as it is used
    "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0",  # what it will do one day, without a remark
    "RAY_USAGE_STATS_ENABLED": "0",
    "TOKENIZERS_PARALLELISM": "false",  # said about forks; Atom's threads tokenise one text at a time
    "TRANSFORMERS_NO_ADVISORY_WARNINGS": "1",
    "TRANSFORMERS_VERBOSITY": "error",
}
"""Environment variables set where they are not set already."""

LOGGERS = ("chromadb", "huggingface_hub", "libav", "torch.utils._pytree", "torchao")
"""Loggers told to speak of errors only, where nobody has set their level."""

PACKAGES = ("chromadb", "huggingface_hub", "torch", "torchao", "transformers")
"""Packages whose warnings are not shown, unless a filter that is set later says otherwise."""

_MODULES = rf"({'|'.join(PACKAGES)})(\.|$)"


def quiet() -> None:
    """Silence the remarks of the libraries that Atom uses; what the user has set stays."""
    import logging
    import warnings

    for name, value in VARIABLES.items():
        os.environ.setdefault(name, value)
    for name in LOGGERS:
        logger = logging.getLogger(name)
        if logger.level == logging.NOTSET:
            logger.setLevel(logging.ERROR)
    known = any(getattr(module, "pattern", None) == _MODULES for _, _, _, module, _ in warnings.filters)
    if not (known or sys.warnoptions):
        warnings.filterwarnings("ignore", module=_MODULES)


@contextmanager
def without_ipv6_trial() -> Iterator[None]:
    """For imports that bring urllib3, which tries as it is imported whether there is IPv6, by binding a socket: inside,
    no socket is made, and urllib3 goes by what Python was built with.
    """
    import socket

    built = socket.has_ipv6
    known = "urllib3.util.connection" in sys.modules
    if not known:
        socket.has_ipv6 = False
    try:
        yield
    finally:
        socket.has_ipv6 = built
        if not known and (connection := sys.modules.get("urllib3.util.connection")) is not None:
            vars(connection)["HAS_IPV6"] = built
