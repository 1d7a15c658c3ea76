"""A process that has imported everything, and runs `atom` in forks of itself; a program, not a test.

Reads JSON lines with ``words``, ``out``, ``cwd``, ``limits`` and ``environ``, and answers each with ``pid``, then
``code`` and ``peak_bytes``.
"""

import contextlib
import json
import os
import resource
import sys
import tempfile
import traceback

os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")
from atom_core.quiet import quiet

quiet()
import av
import chromadb
import chromadb.api.rust
import torch
import transformers
from atom_tiny import CHECKPOINT
from transformers import AutoConfig, AutoModelForImageTextToText, AutoTokenizer

from atom_core.cli.__main__ import program

LOADED = (av, chromadb, torch, transformers)


def warm() -> None:
    """Import what a first use of the embedded model would."""
    config = AutoConfig.from_pretrained(CHECKPOINT)
    AutoTokenizer.from_pretrained(CHECKPOINT)
    with contextlib.suppress(KeyError):
        AutoModelForImageTextToText._model_mapping[type(config)]


def child(job: dict) -> int:
    """Be the command; the exit code."""
    os.setsid()
    out = os.open(job["out"], os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    nothing = os.open(os.devnull, os.O_RDONLY)
    for number, source in ((0, nothing), (1, out), (2, out)):
        os.dup2(source, number)
    sys.stdin, sys.stdout, sys.stderr = (os.fdopen(number, mode) for number, mode in ((0, "r"), (1, "w"), (2, "w")))
    os.environ.update(job.get("environ", {}))
    os.chdir(job["cwd"])
    tempfile.tempdir = None
    for name, value in job.get("limits", {}).items():
        kind = getattr(resource, f"RLIMIT_{name}")
        # at the hard limit of processor time no program is asked, but killed
        resource.setrlimit(kind, (value, value + 60 if name == "CPU" else value))
    sys.argv = ["atom", *job["words"]]
    code = 0
    try:
        program()
    except SystemExit as ended:
        code = ended.code if isinstance(ended.code, int) else int(ended.code is not None)
    except BaseException:
        traceback.print_exc()
        code = 99
    with contextlib.suppress(OSError, ValueError):
        sys.stdout.flush()
        sys.stderr.flush()
    return code


def main() -> None:
    """Answer until nothing more is asked."""
    warm()
    print(json.dumps({"ready": True}), flush=True)
    for line in sys.stdin:
        pid = os.fork()
        if pid == 0:
            code = 99
            try:
                code = child(json.loads(line))
            finally:
                os._exit(code)
        print(json.dumps({"pid": pid}), flush=True)
        _, status, used = os.wait4(pid, 0)
        ended = {"code": os.waitstatus_to_exitcode(status), "peak_bytes": used.ru_maxrss * 1024}
        print(json.dumps(ended), flush=True)


if __name__ == "__main__":
    main()
