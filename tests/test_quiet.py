"""Third parties are silenced in one place, and only where the user has said nothing."""

import importlib.util
import logging
import os
import subprocess
import sys
import warnings
from pathlib import Path

import pytest

from atom_core.quiet import LOGGERS, PACKAGES, VARIABLES, quiet


def test_users_choice_stays(monkeypatch):
    """A variable or a logger's level that is set already is left alone."""
    monkeypatch.setenv("TRANSFORMERS_VERBOSITY", "debug")
    monkeypatch.delenv("HF_HUB_VERBOSITY", raising=False)
    logger = logging.getLogger(LOGGERS[0])
    level = logger.level
    try:
        logger.setLevel(logging.DEBUG)
        quiet()
        assert logger.level == logging.DEBUG
    finally:
        logger.setLevel(level)
    assert os.environ["TRANSFORMERS_VERBOSITY"] == "debug"
    assert os.environ.pop("HF_HUB_VERBOSITY") == "error"


def test_root_logger_is_untouched():
    """The program that uses Atom keeps its own logging."""
    before = (logging.root.level, list(logging.root.handlers))
    quiet()
    assert (logging.root.level, list(logging.root.handlers)) == before


def test_filters_set_later_have_the_last_word():
    """The program's own filters stay in front however often Atom is called."""
    with warnings.catch_warnings():
        quiet()
        warnings.simplefilter("error")
        quiet()
        with pytest.raises(UserWarning):
            warnings.warn_explicit("of torch", UserWarning, "nn.py", 1, module="torch.nn")


def test_all_that_is_touched_is_told():
    """The page about use from Python names each variable, logger and package."""
    page = (Path(__file__).parents[1] / "docs" / "how-to.md").read_text(encoding="utf-8")
    assert [name for name in (*VARIABLES, *LOGGERS, *PACKAGES) if f"`{name}`" not in page] == []


@pytest.mark.skipif(importlib.util.find_spec("urllib3") is None, reason="urllib3 is not there")
def test_urllib3_makes_no_socket():
    """What imports it makes none, inside; it goes by what Python was built with, and Python is as before."""
    code = (
        "import socket, sys; built = socket.has_ipv6\n"
        "made = []; sys.addaudithook(lambda event, _: made.append(event) if event.startswith('socket.') else None)\n"
        "from atom_core.quiet import without_ipv6_trial\n"
        "with without_ipv6_trial():\n"
        "    import urllib3.util.connection as connection\n"
        "print([one for one in made if one != 'socket.gethostname'], connection.HAS_IPV6 == built == socket.has_ipv6)\n"
    )
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert shown.stdout == "[] True\n"


@pytest.mark.slow
def test_heavy_imports_say_nothing():
    """After `quiet`, importing torch, torchao and transformers and quantising a layer writes nothing at all."""
    code = (
        "from atom_core.quiet import quiet; quiet()\n"
        "import torch, torchao, transformers\n"
        "from torchao.quantization import quantize_, Int8WeightOnlyConfig\n"
        "quantize_(torch.nn.Sequential(torch.nn.Linear(64, 64)), Int8WeightOnlyConfig())\n"
        "from transformers import AutoModelForImageTextToText, AutoProcessor\n"
    )
    environment = {name: value for name, value in os.environ.items() if name not in VARIABLES}
    shown = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
    assert (shown.stdout, shown.stderr) == ("", "")
