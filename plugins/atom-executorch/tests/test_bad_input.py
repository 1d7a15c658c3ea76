"""What cannot be exported, and folders that are not what was exported: one line, exit code 2, with the next step."""

import json
import shutil

import pytest
from atom_executorch.manifest import NAME, PROGRAMS, checksum

from atom_core.cli.main import main
from atom_core.testing.models import make_checkpoint


@pytest.fixture
def refused(capsys):
    """What `atom` says to a user's mistake."""

    def refused(*arguments):
        code = main([str(argument) for argument in arguments])
        printed = capsys.readouterr()
        assert code == 2, printed
        assert printed.out == ""
        assert len(printed.err.splitlines()) == 1, printed.err
        return printed.err

    return refused


@pytest.fixture(scope="module")
def stub(tiny, tmp_path_factory):
    """A folder that says it was exported, with programs that nothing could run: what is checked before is enough."""
    folder = tmp_path_factory.mktemp("stub") / "tiny"
    shutil.copytree(tiny, folder, ignore=shutil.ignore_patterns("*.safetensors"))
    (folder / PROGRAMS).write_bytes(b"no programs" * 100)
    sizes = {"context": 512, "prefill": 128, "frame_side": 64, "frame_rows": 1, "width": 192, "vocabulary": 382}
    manifest = {
        "model": "tiny",
        "source_hash": "0" * 64,
        "precision": "fp32",
        "backend": "xnnpack",
        "executorch": "1.5.1",
        "sizes": sizes,
        "sampling": {"temperature": 0.0, "repetition_penalty": 1.0, "suppress_tokens": [], "end_tokens": [3]},
        "files": {path.name: checksum(path) for path in folder.iterdir()},
        "format": 1,
    }
    (folder / NAME).write_text(json.dumps(manifest))
    return folder


def changed(stub, tmp_path, **changes):
    """A copy of `stub` whose manifest says something else."""
    folder = tmp_path / "copy"
    shutil.copytree(stub, folder)
    said = json.loads((folder / NAME).read_text()) | changes
    (folder / NAME).write_text(json.dumps(said))
    return folder


@pytest.fixture
def video(tmp_path):
    """A video to ask about."""
    from atom_core.testing.videos import RED, Shot, write_video

    return write_video(tmp_path / "one.mp4", shots=[Shot(12, RED)])


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (lambda folder: (folder / PROGRAMS).write_bytes((folder / PROGRAMS).read_bytes()[:100]), "is not the file"),
        (lambda folder: (folder / PROGRAMS).unlink(), f"it has no {PROGRAMS}"),
        (lambda folder: (folder / "config.json").write_text("{}"), "config.json is not the file"),
        (lambda folder: (folder / NAME).write_text('{"format": 1'), "cannot be read"),
        (lambda folder: (folder / NAME).write_text("[]"), "cannot be read"),
        (lambda folder: (folder / NAME).write_text('{"format": 1}'), "does not say what it should"),
    ],
    ids=["cut off", "gone", "other config", "manifest cut off", "no object", "nothing in it"],
)
def test_damaged_folders(refused, stub, video, tmp_path, engine, damage, said):
    """A file that is cut off, missing or another one is named."""
    folder = changed(stub, tmp_path)
    damage(folder)
    assert said in (line := refused("caption", video, "--model", folder))
    assert "again" in line


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"format": 2}, "in format 2, and this Atom runs format 1"),
        ({"executorch": "0.7.0"}, "was exported with ExecuTorch 0.7.0"),
        ({"files": {}}, "names no config.json, model.pte"),
        ({"files": {"../config.json": "0", PROGRAMS: "0", "config.json": "0"}}, "it has no ../config.json"),
        ({"sizes": {"context": -1}}, "does not say what it should"),
        ({"sizes": 4}, "does not say what it should"),
        ({"files": 4}, "does not say what it should"),
    ],
    ids=lambda value: str(value)[:20],
)
def test_other_versions_and_sizes(refused, stub, video, tmp_path, engine, changes, said):
    """Folders of another version, of other sizes, and manifests that say nonsense."""
    assert said in refused("caption", video, "--model", changed(stub, tmp_path, **changes))


def test_programs_of_another_model(refused, stub, video, tmp_path, engine):
    """A config of other sizes than the programs', with checksums that agree."""
    folder = changed(stub, tmp_path)
    said = json.loads((folder / NAME).read_text())
    said["sizes"]["width"] = 256
    (folder / NAME).write_text(json.dumps(said))
    assert "hidden_size = 192, the programs were made for 256" in refused("caption", video, "--model", folder)


def test_programs_that_are_none(refused, stub, video, engine):
    """A file that ExecuTorch cannot open."""
    assert "ExecuTorch cannot run it" in refused("caption", video, "--model", stub)


def test_settings_that_do_not_fit(refused, stub, video):
    """Another precision, and a card."""
    assert "exported as 'fp32' already, not 'int8'" in refused("caption", video, "--model", stub, "--quantize", "int8")
    assert "for processors, not for 'cuda'" in refused("caption", video, "--model", stub, "--device", "cuda")


@pytest.mark.parametrize("family", ["llava", "qwen2_vl"])
def test_models_that_cannot_be_exported(refused, tmp_path, engine, family):
    """A family that is not served is refused by name, before anything is written."""
    folder = make_checkpoint(tmp_path / "other", family)
    said = refused("export", folder, "-o", tmp_path / "phone")
    assert f"is of type {family!r}, and `atom export` writes smolvlm, idefics3" in said
    assert not (tmp_path / "phone").exists()


def test_what_is_in_the_way(refused, tiny, tmp_path, engine):
    """A folder with other things is kept; a place that is not there is named."""
    (tmp_path / "note.txt").write_text("mine")
    assert "pass --overwrite" in refused("export", tiny, "-o", tmp_path)
    assert "is not a model written by `atom export`" in refused("export", tiny, "-o", tmp_path, "--overwrite")
    assert "create it first" in refused("export", tiny, "-o", tmp_path / "no" / "where")
    assert "no-such-model" in refused("export", "no-such-model", "-o", tmp_path / "phone")
    assert (tmp_path / "note.txt").read_text() == "mine"


def test_options_out_of_range(refused, tiny, tmp_path, engine):
    """A context that the model was not made for, and a precision that is not written."""
    assert "2 to 1024" in refused("export", tiny, "-o", tmp_path / "phone", "--context", "4096")
    assert "2 to 1024" in refused("export", tiny, "-o", tmp_path / "phone", "--context", "-3")
    assert "'int3'" in refused("export", tiny, "-o", tmp_path / "phone", "--to", "int3")


def test_without_executorch(refused, stub, tiny, video, tmp_path, monkeypatch):
    """Both ways say in one line how it is installed."""
    from atom_executorch import runtime

    def missing(name):
        raise runtime.PackageNotFoundError(name)

    monkeypatch.setattr(runtime, "version", missing)
    assert "pip install" in refused("caption", video, "--model", stub)
    assert "pip install" in refused("export", tiny, "-o", tmp_path / "phone")
