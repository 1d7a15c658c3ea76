"""Settings: defaults < atom.toml < ATOM_* variables < arguments; a bad value names its source and what was expected."""

import os
from pathlib import Path

import attrs
import pytest
from attrs import field, frozen
from attrs.validators import ge

from atom_core.errors import SettingsError
from atom_core.settings import Settings, field_docs, load_with_sources, parse_bytes, suggest, task_settings


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def write(text: str) -> None:
    """An `atom.toml` in the current folder."""
    Path("atom.toml").write_text(text, encoding="utf-8")


def test_precedence():
    """Each source wins over the one before, setting by setting, and is named as the origin."""
    write("frames = 1\nbatch = 1\n\nthreads = 1\n")
    environment = {"ATOM_FRAMES": "2", "ATOM_BATCH": "2"}
    settings, origin = load_with_sources({"frames": 3, "workers": None}, environ=environment)
    assert (settings.frames, settings.batch, settings.threads, settings.workers) == (3, 2, 1, Settings().workers)
    assert (origin["frames"], origin["batch"]) == ("argument", "ATOM_BATCH")
    assert (origin["threads"], origin["workers"]) == ("atom.toml:4", "default")


def test_every_setting_has_a_text():
    """Each setting is documented under its field; help and `atom config` are made from that."""
    assert [name for name, text in field_docs(Settings).items() if not text.endswith(".")] == []


def test_every_setting_survives_its_own_text():
    """Written as a variable, every default is read back as it was."""
    defaults = attrs.asdict(Settings(), recurse=False)
    for name, value in defaults.items():
        if value is None or name in ("tasks", "modules"):
            continue
        text = ",".join(value) if isinstance(value, tuple) else str(value)
        assert getattr(Settings.load(environ={f"ATOM_{name.upper()}": text}), name) == value


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("offline", "yes", True),
        ("reuse", "0", False),
        ("memory", "6GiB", 6 * 2**30),
        ("feature_cache_bytes", "500 MB", 500 * 10**6),
        ("block_plugins", "a, b,", ("a", "b")),
        ("load_plugins", "", ()),
        ("library", "~/films", Path.home() / "films"),
        ("window_s", "2.5", 2.5),
        ("device", "cuda:1", "cuda:1"),
    ],
)
def test_text_is_converted(name, text, value):
    """Text from a variable becomes a value of the setting's type."""
    assert getattr(Settings.load(environ={f"ATOM_{name.upper()}": text}), name) == value


BAD = [
    ("frames", "0", ">= 1"),
    ("frames", "x", "expected a whole number"),
    ("frames", "2.5", "expected a whole number"),
    ("frames", "", "expected a whole number"),
    ("batch", "-1", ">= 1"),
    ("workers", "0", ">= 1"),
    ("threads", "-1", ">= 0"),
    ("window_s", "0", ">= 0.1"),
    ("window_s", "nan", "expected a number"),
    ("window_s", "inf", "expected a number"),
    ("min_clip_s", "-1", ">= 0"),
    ("segment", "scenes", "'windows'"),
    ("device", "gpu", "expected auto, cpu, cuda"),
    ("offline", "maybe", "expected true or false"),
    ("reuse", "2", "expected true or false"),
    ("keep_going", "", "expected true or false"),
    ("trace_hooks", "x", "expected true or false"),
    ("memory", "lots", "expected a size such as 6GiB"),
    ("memory", "0", ">= 1"),
    ("memory", "6 potatoes", "expected a size"),
    ("prefix_cache_bytes", "-1", ">= 0"),
    ("feature_cache_bytes", "1TiBB", "expected a size"),
    ("library", "", "expected a folder"),
    ("cache", "", "expected a folder"),
]


@pytest.mark.parametrize(("name", "text", "expected"), BAD)
def test_bad_text(name, text, expected):
    """A value that does not fit is refused with the variable, the value and what was expected."""
    with pytest.raises(SettingsError) as refused:
        Settings.load(environ={f"ATOM_{name.upper()}": text})
    message = str(refused.value)
    assert message.startswith(f"ATOM_{name.upper()}: {name} = {text!r} does not fit: ")
    assert expected in message
    assert "\n" not in message


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("frames = true", "expected a whole number"),
        ("frames = 1.5", "expected a whole number"),
        ("frames = inf", "expected a whole number"),
        ("frames = [1]", "expected a whole number"),
        ("window_s = '2 s'", "expected a number"),
        ("model = 5", "expected text"),
        ("revision = 1.0", "expected text"),
        ("library = 5", "expected a folder"),
        ("block_plugins = 5", "expected names"),
        ("block_plugins = [1]", "expected names"),
        ("load_plugins = true", "expected names"),
        ("offline = 'x'", "expected true or false"),
        ("memory = [1]", "expected a size"),
        ("memory = true", "expected a size"),
        ("memory = '1e999'", "expected a size"),
        ("device = 5", "expected text"),
    ],
)
def test_bad_value_in_a_file(line, expected):
    """A value of the wrong type in the file is refused with file and line."""
    write(f"# a comment\nworkers = 2\n{line}\n")
    with pytest.raises(SettingsError) as refused:
        Settings.load(environ={})
    assert str(refused.value).startswith(f"atom.toml:3: {line.split()[0]} = ")
    assert expected in str(refused.value)


def test_unknown_setting():
    """An unknown name is refused with file and line, and the nearest name."""
    write("\nframe = 3\n")
    with pytest.raises(SettingsError, match=r"atom.toml:2: there is no setting 'frame', did you mean 'frames'\?"):
        Settings.load(environ={})
    with pytest.raises(SettingsError, match=r"argument: there is no setting 'modle', did you mean 'model'\?"):
        Settings.load({"modle": "x"}, environ={}, file=write("") or Path("atom.toml"))


@pytest.mark.parametrize("text", ["frames = ", "frames", b"\xff\xfe"])
def test_file_that_is_no_toml(text):
    """A file that cannot be read is refused by name."""
    Path("atom.toml").write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(SettingsError, match=r"^atom.toml: cannot be read as TOML: "):
        Settings.load(environ={})


@pytest.mark.parametrize("environment", [{}, {"ATOM_CONFIG": "other.toml"}])
def test_named_file(environment):
    """A file can be named by argument or by ATOM_CONFIG; then it must exist, and ./atom.toml is not read."""
    write("frames = 1\n")
    file = None if environment else Path("other.toml")
    with pytest.raises(SettingsError, match=r"settings file other.toml does not exist; create it"):
        Settings.load(environ=environment, file=file)
    Path("other.toml").write_text("batch = 2\n")
    settings = Settings.load(environ=environment, file=file)
    assert (settings.most_frames, settings.batch) == (8, 2)


@frozen(kw_only=True)
class Count:
    """Settings of a task."""

    most: int = field(default=10, validator=ge(1))
    """Most people."""
    style: str = "short"
    """How to
    say it."""
    fast: bool = False


def test_task_settings():
    """A task's settings come from its table, its variables and the call, in this order."""
    write("[tasks.count-people]\nmost = 2\nstyle = 'long'\nfast = true\n")
    settings, origin = load_with_sources(environ={})
    environment = {"ATOM_COUNT_PEOPLE_STYLE": "terse", "ATOM_COUNT_PEOPLE_MOST": "3"}
    values, sources = task_settings(
        Count, "count-people", settings, {"most": 4, "style": None}, environ=environment, origin=origin
    )
    assert values == Count(most=4, style="terse", fast=True)
    assert sources == {"most": "argument", "style": "ATOM_COUNT_PEOPLE_STYLE", "fast": "atom.toml:4"}


def test_bad_task_settings():
    """A task's bad or unknown setting is refused with file and line."""
    write("[tasks.count]\nmost = 0\n[tasks.other]\nmst = 1\n")
    settings, origin = load_with_sources(environ={})
    with pytest.raises(SettingsError, match=r"^atom.toml:2: most = 0 does not fit: "):
        task_settings(Count, "count", settings, environ={}, origin=origin)
    with pytest.raises(SettingsError, match=r"^atom.toml:4: task 'other' has no setting 'mst', did you mean 'most'"):
        task_settings(Count, "other", settings, environ={}, origin=origin)


def test_tables_of_tasks_are_merged():
    """An argument changes one setting of one task and leaves the rest of the file in force."""
    write("[tasks.count]\nmost = 2\nfast = true\n[tasks.other]\nx = 1\n")
    for arguments in ({"tasks": {"count": {"most": 5}}}, {"tasks.count.most": 5}):
        settings = Settings.load(arguments, environ={})
        assert settings.tasks == {"count": {"most": 5, "fast": True}, "other": {"x": 1}}


@pytest.mark.parametrize("text", ["tasks = 5", "[tasks]\ncount = 5"])
def test_tasks_must_be_tables(text):
    """Settings of tasks are tables; anything else is refused with an example."""
    write(text)
    with pytest.raises(SettingsError, match=r"expected a table for each task, for example \[tasks.caption\]"):
        Settings.load(environ={})


def test_field_docs():
    """The text under a field is found, on one line; a field without any has an empty one."""
    assert field_docs(Count) == {"most": "Most people.", "style": "How to say it.", "fast": ""}
    assert field_docs(attrs.make_class("Made", ["x"])) == {"x": ""}


@pytest.mark.parametrize(("text", "size"), [(5, 5), ("1_000", 1000), ("2KiB", 2048), ("1.5 kb", 1500), ("1b", 1)])
def test_sizes(text, size):
    """Sizes are numbers with or without a unit, binary or decimal."""
    assert parse_bytes(text) == size


def test_suggestion():
    """The nearest name is suggested, or none when nothing is near."""
    assert suggest("captoin", ["caption", "ask"]) == ", did you mean 'caption'?"
    assert suggest("zebra", ["caption", "ask"]) == ""


def test_a_default_may_name_a_prompt() -> None:
    """A task's own default `@name` is replaced by the prompt's text, unless something is set; a typo is told."""

    @frozen(kw_only=True)
    class Asks:
        prompt: str = "@slide"

    def asked(**given: str) -> str:
        return task_settings(Asks, "read", Settings(), given, environ={}, prompts={"slide": "What is written?"})[
            0
        ].prompt

    assert (asked(), asked(prompt="Why?")) == ("What is written?", "Why?")
    with pytest.raises(SettingsError, match="default of task 'read': prompt = '@slide': there is no prompt 'slide'"):
        task_settings(Asks, "read", Settings(), environ={}, prompts={})


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("threads", 100_000),
        ("frames", 10**9),
        ("workers", 10**6),
        ("batch", 10**9),
        ("window_s", 1e308),
        ("min_clip_s", 1e300),
        ("load_limit_s", 1e300),
        ("hook_limit_s", 1e18),
        ("memory", "1e300"),
        ("feature_cache_bytes", "1e30"),
        ("workers", 2**50_000),
        ("model", "a\0b"),
        ("library", "a\0b"),
    ],
    ids=lambda value: value if isinstance(value, str) and value.isidentifier() else "value",
)
def test_absurd_values_are_refused(name, value):
    """What no machine has is one short line, also where Python has no digits for it."""
    with pytest.raises(SettingsError, match="does not fit") as caught:
        Settings.load({name: value}, environ={})
    assert len(str(caught.value)) < 700
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("x = " + "[" * 50_000 + "]" * 50_000, "nested too deep"),
        (".".join(["a"] * 60_000) + " = 1", "more than 32 parts"),
        (".".join(['"a b"'] * 20_000) + " = 1", "more than 32 parts"),
        ("workers = " + "9" * 10_000, "too many digits"),
        ("# " + "x" * 200_000, "longer than 128 KiB"),
        ("workers = 0x" + "f" * 50_000, "does not fit"),
        (b"model = 'caf\xe9'", "no UTF-8"),
        (b"model = 'a\0b'", "character"),
    ],
    ids=["deep", "long key", "quoted key", "digits", "long", "hexadecimal", "latin", "nul"],
)
def test_files_are_read_within_bounds(tmp_path, text, said):
    """Depth, length and numbers that would take gigabytes or end Python are one short line."""
    file = tmp_path / "atom.toml"
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(SettingsError, match=said) as caught:
        Settings.load(environ={}, file=file)
    assert len(str(caught.value)) < 700


def test_a_file_may_begin_with_a_mark(tmp_path):
    """As some editors write it."""
    (tmp_path / "atom.toml").write_bytes(b"\xef\xbb\xbfframes = 4")
    assert Settings.load(environ={}, file=tmp_path / "atom.toml").frames == 4


def test_the_file_of_another_user_is_not_followed(tmp_path, monkeypatch):
    """Unless it is named; the line says whose it is, and the ways on."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "atom.toml").write_text('library = "elsewhere"')
    monkeypatch.setattr("os.geteuid", lambda: 4711)
    monkeypatch.setattr(
        "atom_core.files.owner.os.lstat", lambda path: os.stat_result((0o644, 0, 0, 1, 4712, 0, 1, 0, 0, 0))
    )
    with pytest.raises(SettingsError, match=r"belongs to user 4712, so it is not followed; .* --config atom.toml"):
        Settings.load(environ={})
    assert Settings.load(environ={}, file=Path("atom.toml")).library == Path("elsewhere")
    assert Settings.load(environ={}, file=Path(os.devnull)).library != Path("elsewhere")


def test_a_file_that_all_may_write_is_told_once(tmp_path, monkeypatch, caplog):
    """It is followed, as drives without permissions have no others."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "atom.toml").write_text("frames = 4")
    (tmp_path / "atom.toml").chmod(0o666)
    assert [Settings.load(environ={}).frames for _ in range(2)] == [4, 4]
    assert len(caplog.records) == 1
    assert "every user of this machine may write" in caplog.text


def test_arguments_go_before_variables(tmp_path):
    """Also for settings of tasks, as for all others; a file's do not."""
    file = tmp_path / "atom.toml"
    file.write_text("[tasks.say]\nwords = 1\nloud = true")
    settings, origin = load_with_sources({"tasks": {"say": {"words": "2"}}}, environ={}, file=file)
    environ = {"ATOM_SAY_WORDS": "3", "ATOM_SAY_LOUD": "false"}

    @frozen
    class Say:
        words: int = 0
        loud: bool = False

    found, sources = task_settings(Say, "say", settings, environ=environ, origin=origin)
    assert found == Say(words=2, loud=False)
    assert sources == {"words": "argument", "loud": "ATOM_SAY_LOUD"}


def test_a_library_on_a_server():
    """Its address makes a folder for what this machine keeps of it, which still says the address; others say none."""
    settings = Settings(library="http://studio:8000/")
    assert settings.library_server == "http://studio:8000"
    assert settings.library.is_absolute()
    assert attrs.evolve(settings, model="x").library_server == "http://studio:8000"
    assert attrs.evolve(settings, library="other").library_server == ""
    assert Settings().library_server == ""
    assert settings.library_called == "http://studio:8000"
    assert attrs.evolve(settings, library="other").library_called == "other"


@pytest.mark.parametrize("address", ["http://", "http:/studio:8000", "https://me:secret@studio", "http://studio/x?y"])
def test_addresses_that_are_none(address):
    """They are no folders either."""
    with pytest.raises(SettingsError, match="expected a folder, or the address of a Chroma server"):
        load_with_sources(environ={"ATOM_LIBRARY": address})
