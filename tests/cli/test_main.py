"""Exit codes, streams and mistakes of the command as a whole."""

import errno
import io
import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

import atom_core
from atom_core.testing.distributions import write_distribution


def test_results_go_to_standard_output(atom, capsys):
    """Results, and nothing else, are on standard output; what libraries print is not."""
    assert atom("work", "one", "note", "two") == 0
    shown = capsys.readouterr()
    assert shown.out == "ONE\nTWO\n"
    assert shown.err == "a library prints\natom: by the way\n"


def test_quiet(atom, capsys):
    """With -q there are no remarks, but failures are still named."""
    assert atom("work", "-q", "note", "bad") == 1
    assert "by the way" not in (err := capsys.readouterr().err)
    assert "atom: bad: cannot be read; try another" in err


def test_some_failed(atom, capsys):
    """Exit code 1 when an input failed: it is named, the rest is done."""
    assert atom("work", "one", "bad", "two") == 1
    shown = capsys.readouterr()
    assert shown.out == "ONE\nTWO\n"
    assert "atom: bad: cannot be read; try another\n" in shown.err


@pytest.mark.parametrize("arguments", [("work", "a", "b", "--json"), ("--json", "work", "a", "b")])
def test_json_is_one_list(atom, capsys, arguments):
    """--json prints one list, before or after the command's name."""
    assert atom(*arguments) == 0
    assert json.loads(capsys.readouterr().out) == [{"word": "a"}, {"word": "b"}]


def test_json_without_results(atom, capsys):
    """--json prints an empty list where every input failed."""
    assert atom("work", "bad", "--json") == 1
    assert json.loads(capsys.readouterr().out) == []


def test_json_keeps_what_was_done(atom, capsys):
    """A list that a mistake or Ctrl-C cuts short is printed as far as it got; without any result nothing is printed."""
    assert atom("work", "a", "mistake", "--json") == 2
    assert json.loads(capsys.readouterr().out) == [{"word": "a"}]
    assert atom("work", "mistake", "--json") == 2
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["wrok"], "there is no command 'wrok', did you mean 'work'?; see `atom --help`"),
        (["work", "--modle", "x"], "there is no option --modle, did you mean '--model'?; see `atom work --help`"),
        (["work", "--frames"], "argument --frames: expected one argument; see `atom --help`"),
        (["work", "--frames", "x"], "--frames: frames = 'x' does not fit: expected a whole number"),
        (["work", "--segment", "scenes"], "--segment: segment = 'scenes' does not fit: "),
        (["work", "--set", "echo=3"], "--set 'echo=3' does not fit: write it as TASK.NAME=VALUE"),
        (["work", "--config", "none.toml"], "settings file none.toml does not exist; create it"),
        (["work", "--load", "fakecli", "--load", "x"], "load_plugins names 'x', which is not installed"),
        (["work", "mistake"], "because; do something else"),
        (["--modle", "x"], "there is no option --modle, did you mean '--model'?; see `atom --help`"),
        (["work", "--stats", "none/stats.json"], "--stats none/stats.json: the folder"),
        (["gone"], "command 'gone' of plugin 'fakecli' (dist-cli 1.0) could not be loaded:"),
        (["greedy"], "command 'greedy' of plugin 'fakecli' cannot declare its arguments: argument --model"),
    ],
)
def test_mistake(atom, capsys, arguments, message):
    """A mistake in the command is exit code 2 and a line that says what to do, without a traceback."""
    assert atom(*arguments) == 2
    shown = capsys.readouterr()
    assert message in shown.err
    assert "atom: " in shown.err
    assert "Traceback" not in shown.err
    assert shown.out == ""


def test_verbose_mistake(atom, capsys):
    """-v shows the traceback of a mistake too."""
    assert atom("work", "-v", "mistake") == 2
    assert "Traceback" in capsys.readouterr().err


def test_fault_of_ours(atom, capsys):
    """An unforeseen exception is one line that says how to see its trace, and exit code 1."""
    assert atom("work", "fault") == 1
    lines = [line for line in capsys.readouterr().err.splitlines() if "library prints" not in line]
    assert len(lines) == 1
    assert lines[0].startswith("atom: ZeroDivisionError: because")
    assert lines[0].endswith("-v shows where")
    assert atom("work", "fault", "-v") == 1
    assert "Traceback" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("word", "code", "text"), [("stop", 130, "interrupted"), ("cancel", 130, "interrupted"), ("pipe", 141, "")]
)
def test_interruption(atom, capsys, monkeypatch, word, code, text):
    """Ctrl-C is one line and 130; a reader that has gone is silence."""
    monkeypatch.setattr("atom_core.cli.main.drop", lambda stream: None)
    assert atom("work", word) == code
    lines = [line for line in capsys.readouterr().err.splitlines() if "library prints" not in line]
    assert lines == ([f"atom: {text}"] if text else [])


def test_results_that_cannot_be_written(atom, capsys, monkeypatch):
    """A full disk behind standard output is one line that says what to do, for text and JSON."""
    monkeypatch.setattr("atom_core.cli.main.drop", lambda stream: None)

    class Full(io.StringIO):
        def flush(self):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    for more in ([], ["--json"]):
        with monkeypatch.context() as patch:
            patch.setattr("sys.stdout", Full())
            assert atom("work", "a", *more) == 2
        lines = [line for line in capsys.readouterr().err.splitlines() if "library prints" not in line]
        assert lines == [
            "atom: the results cannot be written: No space left on device; free some space, or send them elsewhere"
        ]


def test_help_lists_commands_without_importing_them(atom, capsys):
    """`atom --help` shows name and summary of every command, the missing and the built-in ones too."""
    assert atom("--help") == 0
    out = capsys.readouterr().out
    assert re.search(r"\n  gone +A command whose module is missing\n", out)
    assert re.search(r"\n  doctor +Check", out)
    assert "fake_cli.commands" not in sys.modules
    assert atom() == 0
    assert capsys.readouterr().out == out


def test_help_of_a_command(atom, capsys):
    """`atom COMMAND --help` shows its summary, its own arguments and the common ones with their texts."""
    assert atom("work", "--help") == 0
    out = " ".join(capsys.readouterr().out.split())
    assert "Do what is asked" in out
    assert "--model-name" in out
    assert "--model MODEL model name (`atom models`), folder or hub id" in out


def test_help_with_bad_settings(atom, capsys, monkeypatch):
    """A bad setting does not keep anybody from the help."""
    monkeypatch.setenv("ATOM_FRAMES", "x")
    assert atom("--help") == 0
    shown = capsys.readouterr()
    assert "commands:" in shown.out
    assert "ATOM_FRAMES: frames = 'x' does not fit" in shown.err


def test_version(atom, capsys):
    """`atom --version` prints it."""
    assert atom("--version") == 0
    assert capsys.readouterr().out == f"atom {atom_core.__version__}\n"


@pytest.mark.parametrize(
    "arguments",
    [
        ("--model", "work", "--frames", "3", "work", "settings"),
        ("work", "--model=work", "settings", "--frames=3"),
        ("work", "settings", "--frames", "3", "--model", "work"),
    ],
)
def test_options_anywhere(atom, capsys, arguments):
    """Common options stand before or after the command; their values are not taken for it."""
    assert atom(*arguments) == 0
    assert capsys.readouterr().out == "work 3\n"


def test_common_options_are_not_abbreviated(atom, capsys):
    """An option that a command adds is never mistaken for the beginning of a common one, or the other way round."""
    assert atom("work", "settings", "--model-name", "x", "--frames", "3") == 0
    assert capsys.readouterr().out.endswith("Instruct 3\n")


BROKEN = "raise OSError('no licence')"


def break_plugin(folder: Path) -> None:
    """Make the fake plugin fail at import."""
    (folder.parent / "site" / "fake_cli" / "__init__.py").write_text(BROKEN)


def test_broken_plugin_is_a_mistake(atom, capsys):
    """A command of a broken plugin is not found, exit code 2, and the fault is told with it."""
    break_plugin(Path.cwd())
    assert atom("work") == 2
    assert "there is no command 'work'" in (err := capsys.readouterr().err)
    assert "fakecli (broken)" in err
    assert "OSError: no licence" in err


def test_other_plugins_fault_is_a_mistake(atom, capsys, tmp_path, monkeypatch):
    """A broken plugin stops every command but those of diagnosis; --keep-going runs without it, the help is shown."""
    files = {"fake_cli_two.py": BROKEN}
    write_distribution(tmp_path / "site", "dist-two", plugins={"two": "fake_cli_two"}, files=files)
    monkeypatch.setenv("ATOM_LOAD_PLUGINS", "fakecli,two")
    assert atom("work", "one") == 2
    assert "plugin 'two' (dist-two 1.0) could not be loaded:\n  OSError: no licence" in capsys.readouterr().err
    assert atom("work", "one", "--keep-going") == 0
    assert atom("work", "--help") == 0


def test_diagnosis_works_with_a_broken_plugin(atom, capsys):
    """`atom --help`, `atom plugins` and `atom config` run, and name the broken plugin."""
    break_plugin(Path.cwd())
    assert atom("--help") == 0
    assert "plugin 'fakecli' (dist-cli 1.0) is left out" in capsys.readouterr().err
    assert atom("config") == 0
    assert atom("plugins") == 0
    out = capsys.readouterr().out
    assert "OSError: no licence" in out
    assert "run without it: ATOM_BLOCK_PLUGINS=fakecli" in out


def test_block(atom, capsys):
    """--block leaves a plugin out, as if it were not installed."""
    assert atom("work", "--block", "fakecli") == 2
    assert atom("plugins", "--block", "fakecli", "--json") == 0
    shown = json.loads(capsys.readouterr().out)
    assert [row["state"] for row in shown if row["name"] == "fakecli"] == ["blocked"]


@pytest.mark.parametrize("words", [["one"], ["bad"], ["host", "one"]])
def test_stats(atom, tmp_path, words):
    """--stats writes the ledger, also when inputs failed and when no host was needed."""
    file = tmp_path / "stats.json"
    atom("work", *words, "--stats", str(file))
    ledger = json.loads(file.read_text())
    for name in ("loads", "encoder_clips", "prefill_tokens", "decode_tokens"):
        assert set(ledger[name]) == {"requested", "computed", "reused"}
    assert ledger["seconds"] >= 0
    assert ledger["peak_memory_bytes"] > 10**6


def test_stats_as_a_table(atom, capsys):
    """--stats - shows the ledger on standard error, unless quiet; results are not disturbed."""
    assert atom("work", "one", "--stats", "-") == 0
    shown = capsys.readouterr()
    assert shown.out == "ONE\n"
    assert "encoder_clips " in shown.err
    assert "peak memory" in shown.err
    assert atom("work", "one", "--stats", "-", "-q") == 0
    assert "peak memory" not in capsys.readouterr().err


def test_trace_hooks(atom, capsys, monkeypatch):
    """ATOM_TRACE_HOOKS=1 shows each call of a hook with its milliseconds on standard error."""
    monkeypatch.setenv("ATOM_TRACE_HOOKS", "1")
    assert atom("work", "one") == 0
    shown = capsys.readouterr()
    assert shown.out == "ONE\n"
    assert " ms  atom_register_tasks  fakecli\n" in shown.err


def test_program(atom):
    """`python -m atom_core.cli` is the same program, and a closed pipe is no traceback."""
    command = f"{sys.executable} -m atom_core.cli --help | head -n 1"
    shown = subprocess.run(command, shell=True, capture_output=True, text=True, check=True)
    assert shown.stdout.startswith("usage: atom COMMAND")
    assert "Traceback" not in shown.stderr


@pytest.mark.parametrize("streams", [">&-", ">&- 2>&-"])
def test_closed_streams(tmp_path, streams):
    """Without a standard output there is nowhere for results to go: one line, no traceback."""
    done = subprocess.run(
        f"{sys.executable} -m atom_core.cli config model {streams}", shell=True, capture_output=True, text=True
    )
    assert done.returncode == 2
    assert done.stderr == (
        "" if "2" in streams else "atom: standard output is closed; send the results to a file, or to /dev/null\n"
    )


def test_a_folder_that_was_removed(tmp_path):
    """Where the current folder is gone, that is said."""
    code = f"import os; os.rmdir({str(tmp_path)!r}); from atom_core.cli.main import main; exit(main(['config']))"
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (
        2,
        "atom: the current folder is not there any more; change to another, with cd\n",
    )


def test_a_file_whose_name_is_taken_for_an_option(atom, capsys, tmp_path, monkeypatch):
    """Where an argument is missing or unknown and a file has its name, it is told how to write it."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "-odd.mp4").touch()
    assert atom("work", "-odd.mp4") == 2
    assert capsys.readouterr().err.endswith("; write the file as './-odd.mp4'\n")


@pytest.mark.skipif(os.name == "nt", reason="signals end no program there")
@pytest.mark.parametrize(("ending", "code"), [("SIGINT", 0), ("SIGTERM", -signal.SIGTERM), ("SIGHUP", -signal.SIGHUP)])
def test_ended_once_all_is_done(ending, code):
    """While the interpreter tidies up an interrupt makes no failure of what was done; other signals end it silently."""
    program = (
        "import atexit, os, signal, sys\n"
        "from atom_core.cli.__main__ import program\n"
        "sys.argv = ['atom', '--version']\n"
        "signal.signal(signal.SIGHUP, signal.SIG_DFL)\n"  # tests may be run in the background, where it is ignored
        f"atexit.register(os.kill, os.getpid(), signal.{ending})\n"
        "program()\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60)
    assert done.returncode == code
    assert (done.stdout, done.stderr) == (f"atom {atom_core.__version__}\n", "")
