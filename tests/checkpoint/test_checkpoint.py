"""Finding and opening checkpoints, and refusing what cannot serve."""

import json
import os
import shutil
import socket
import subprocess
import sys

import pytest
import torch
from safetensors.torch import load_file, save_file

from atom_core.checkpoint.checkpoint import content_hash, open_checkpoint
from atom_core.checkpoint.export import save_quantized
from atom_core.checkpoint.find import find
from atom_core.checkpoint.load import load_model
from atom_core.checkpoint.recipes import RECIPES
from atom_core.checkpoint.safetensors_file import read_weights
from atom_core.errors import ModelError
from atom_core.families import family_of
from atom_core.files import stamp
from atom_core.hub import hashes
from atom_core.testing.models import make_checkpoint


@pytest.fixture(scope="module")
def model_folder(tmp_path_factory):
    return make_checkpoint(tmp_path_factory.mktemp("models") / "small", "smolvlm", dtype="bfloat16")


@pytest.fixture
def folder(model_folder, tmp_path):
    """A copy to spoil."""
    return shutil.copytree(model_folder, tmp_path / "small")


@pytest.fixture
def no_network(monkeypatch):
    """Whoever tries to reach out is found out; what they tried is listed."""
    tried = []

    def refuse(self, address, *_):
        tried.append(address)
        raise OSError("the network is forbidden")

    def refuse_name(host, *_, **__):
        tried.append(host)
        raise socket.gaierror("the network is forbidden")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket.socket, "connect_ex", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse_name)
    return tried


@pytest.fixture
def hub(model_folder, tmp_path, monkeypatch):
    """A hub cache that holds ``owner/small`` at two revisions."""
    root = tmp_path / "hub"
    repo = root / "models--owner--small"
    for revision, commit in (("main", "a" * 40), ("old", "b" * 40)):
        shutil.copytree(model_folder, repo / "snapshots" / commit)
        (repo / "refs").mkdir(exist_ok=True)
        (repo / "refs" / revision).write_text(commit)
    monkeypatch.setenv("HF_HUB_CACHE", str(root))
    return root


def load(source, recipe="none"):
    checkpoint = open_checkpoint(str(source))
    family_of(checkpoint)
    return load_model(checkpoint, dtype=torch.float32, device="cpu", recipe=RECIPES[recipe])


def refusal(source, recipe="none"):
    with pytest.raises(ModelError) as caught:
        load(source, recipe)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def change_config(folder, **changes):
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps(config | changes))


def test_loads_what_transformers_loads(model_folder):
    """Weights and buffers are those that transformers reads from the same folder."""
    from transformers import AutoModelForImageTextToText

    wanted = AutoModelForImageTextToText.from_pretrained(model_folder, dtype=torch.float32, local_files_only=True)
    got = load(model_folder)
    assert got.state_dict().keys() == wanted.state_dict().keys()
    for tensors in ((got.state_dict(), wanted.state_dict()), (dict(got.named_buffers()), dict(wanted.named_buffers()))):
        assert all(torch.equal(tensor, tensors[1][name]) for name, tensor in tensors[0].items())


def test_weights_stored_as_wanted_stay_in_their_file(tmp_path):
    """float32 weights are mapped, not copied: what the file says now is what the model sees."""
    folder = make_checkpoint(tmp_path / "m", "smolvlm")
    model = load(folder)
    stored = read_weights("m", folder).tensors
    name, parameter = next((n, p) for n, p in model.named_parameters() if n in stored and p.ndim == 2)
    with (folder / "model.safetensors").open("r+b") as stream:
        stream.seek(stored[name].start)
        stream.write(b"\0\0\0\0")
    assert float(parameter[0, 0]) == 0.0


def test_opening_and_loading_reach_no_network(hub, model_folder, no_network):
    """Neither a folder nor a cached hub model makes a network call, with and without ``--offline``."""
    for source in (str(model_folder), "owner/small"):
        for offline in (False, True):
            opened = open_checkpoint(source, offline=offline)
            load_model(opened, dtype=torch.float32, device="cpu", recipe=RECIPES["int8"])
    assert no_network == []


def test_hub_ids_and_revisions_are_found_in_the_cache(hub, no_network):
    """A cached revision is opened as it is; one that is not cached is not taken for another."""
    assert find("owner/small", offline=True).name == "a" * 40
    assert find("owner/small", revision="old", offline=True).name == "b" * 40
    for source, revision in (("owner/small", "none-such"), ("owner/other", None)):
        with pytest.raises(ModelError, match="not cached and --offline forbids the network"):
            find(source, revision=revision, offline=True)
    assert no_network == []


@pytest.mark.parametrize(
    "name",
    ["nonesuch", "a/b/c", "./nowhere", "/no/where", "", "owner/", "own er/name", "owner/na..me", "https://h/o/n"],
)
def test_unknown_models_are_refused_without_the_network(name, no_network):
    """What is neither a folder nor a hub id is said to be neither."""
    with pytest.raises(ModelError, match="atom models"):
        find(name)
    assert no_network == []


def test_text_only_and_encoder_only_models_are_refused(folder):
    """The type is named, and what is missing."""
    for kind in ("llama", "siglip_vision_model", "clip"):
        change_config(folder, model_type=kind)
        assert f"{kind!r}" in refusal(folder)
        assert "both an encoder and a decoder" in refusal(folder)


def test_remote_code_is_never_run(folder):
    """A model with code of its own is refused, and the code is not imported."""
    change_config(folder, model_type="evil", auto_map={"AutoConfig": "evil.EvilConfig"})
    (folder / "evil.py").write_text("raise SystemExit('this code has run')")
    assert "runs code of its own, which Atom never does" in refusal(folder)


def test_pickled_weights_are_refused(folder):
    """They can run code; the way on is named."""
    (folder / "model.safetensors").unlink()
    torch.save({}, folder / "pytorch_model.bin")
    assert "only pickled weights" in refusal(folder)
    assert "save_pretrained" in refusal(folder)


def test_folder_without_weights_or_config(folder):
    """What is missing is named."""
    (folder / "model.safetensors").unlink()
    assert "has no weights (*.safetensors)" in refusal(folder)
    (folder / "config.json").unlink()
    assert "has no config.json" in refusal(folder)


@pytest.mark.parametrize("keep", [0, 5, 200, 0.5, 0.999])
def test_truncated_weights_are_refused_before_anything_is_loaded(folder, keep):
    """A file that was cut short anywhere is told, by name."""
    file = folder / "model.safetensors"
    data = file.read_bytes()
    file.write_bytes(data[: int(keep * len(data)) if isinstance(keep, float) else keep])
    with pytest.raises(ModelError, match=r"model\.safetensors is damaged or cut short .*fetch it again"):
        open_checkpoint(str(folder))


def test_missing_shard_is_named(folder):
    """An index that lists a file which is not there."""
    (folder / "model.safetensors").rename(folder / "model-00001.safetensors")
    index = {"weight_map": {"a": "model-00001.safetensors", "b": "model-00002.safetensors"}}
    (folder / "model.safetensors.index.json").write_text(json.dumps(index))
    assert "weights file model-00002.safetensors is missing" in refusal(folder)


@pytest.mark.parametrize("recipe", ["none", "int8"])
def test_config_that_does_not_match_its_weights(folder, recipe):
    """More layers than there are weights, or wider ones: refused in one line, whatever the recipe."""
    text = json.loads((folder / "config.json").read_text())["text_config"]
    for change, problem in (
        ({"num_hidden_layers": text["num_hidden_layers"] + 1}, "missing: model.text_model.layers.2."),
        ({"num_hidden_layers": text["num_hidden_layers"] - 1}, "left over: model.text_model.layers.1."),
        ({"intermediate_size": 256}, "of another shape: model.text_model.layers.0.mlp.down_proj.weight is [64, 128]"),
        ({"vocab_size": text["vocab_size"] + 7}, "of another shape: "),
    ):
        change_config(folder, text_config=text | change)
        said = refusal(folder, recipe)
        assert f"weights do not match its config ({problem}" in said
        assert "fetch or export it again" in said


def test_saved_weights_that_do_not_match_their_config(folder, tmp_path):
    """Quantised checkpoints are looked at in the same way."""
    saved = save_quantized(open_checkpoint(str(folder)), tmp_path / "saved", recipe=RECIPES["int8"], source_hash="x")
    text = json.loads((saved / "config.json").read_text())["text_config"]
    change_config(saved, text_config=text | {"intermediate_size": 256})
    assert "do not match its config (of another shape: " in refusal(saved)


def test_tensors_that_the_model_has_no_use_for_are_no_harm(folder):
    """Some checkpoints hold more than the model; what is there is loaded."""
    file = folder / "model.safetensors"
    save_file({**load_file(file), "draft.layers.0.weight": torch.ones(2, 2)}, file, metadata={"format": "pt"})
    assert load(folder).num_parameters()


@pytest.mark.parametrize(
    ("file", "text", "said"),
    [
        ("config.json", '{"model_type": ', "config.json cannot be read"),
        ("config.json", "[]", "config.json cannot be read: it is no JSON object"),
        ("config.json", "{}", "config.json names no model_type"),
        ("tokenizer.json", None, "has no tokenizer (tokenizer.json)"),
        ("tokenizer.json", "{", "its tokenizer cannot be loaded"),
        ("preprocessor_config.json", None, "has no image processor (preprocessor_config.json)"),
        ("preprocessor_config.json", "{", "preprocessor_config.json cannot be read"),
        ("model.safetensors", "version https://git-lfs.github.com/spec/v1\nsize 7\n", "`git lfs pull`"),
    ],
)
def test_files_that_are_missing_or_broken(folder, file, text, said):
    """Each is named, with the way on."""
    (folder / file).unlink()
    if text is not None:
        (folder / file).write_text(text)
    assert said in refusal(folder)
    assert "again" in refusal(folder)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"text_config": {"model_type": "llama", "hidden_size": "wide"}}, "expected int, got str"),
        ({"text_config": {"model_type": "llama", "num_attention_heads": 7}}, "not a multiple of the number"),
        ({"quantization_config": [1]}, "quantised by [1], which Atom does not read"),
    ],
)
def test_configs_that_make_no_sense(folder, change, said):
    """What the libraries say of it is passed on in one line."""
    change_config(folder, **change)
    assert said in refusal(folder)


def test_weights_of_another_quantiser_are_refused(folder):
    """The method is named; loading them as if they were plain would be nonsense."""
    change_config(folder, quantization_config={"quant_method": "gptq", "bits": 4})
    assert "quantised by 'gptq', which Atom does not read" in refusal(folder)


def test_weights_that_are_not_a_number_type_of_ours(folder):
    """An unknown number type is told, not guessed."""
    save_file({"a": torch.ones(2)}, folder / "model.safetensors")
    file = folder / "model.safetensors"
    file.write_bytes(file.read_bytes().replace(b'"F32"', b'"F99"'))
    assert "unknown type F99" in refusal(folder)


def test_content_hash_follows_content(folder, tmp_path):
    """Changing a weight changes the hash; asking again does not read the weights again."""
    memory = tmp_path / "hashes.json"
    first = content_hash(folder, memory)
    assert content_hash(folder, memory) == first
    data = bytearray((folder / "model.safetensors").read_bytes())
    data[-1] ^= 1
    (folder / "model.safetensors").write_bytes(bytes(data))
    assert content_hash(folder, memory) != first


def test_weights_rewritten_in_place_are_another_model(folder, tmp_path, monkeypatch):
    """Also with the size, time and place of the old ones; what is as it was is not read again."""
    monkeypatch.setattr(hashes, "_WORTH_REMEMBERING_BYTES", 1)
    monkeypatch.setattr(stamp, "_YOUNG_NS", 0)
    memory, weights = tmp_path / "hashes.json", folder / "model.safetensors"
    first, stat = content_hash(folder, memory), weights.stat()
    with monkeypatch.context() as patch:
        patch.setattr(hashes.hashlib, "file_digest", None)
        assert content_hash(folder, memory) == first
    with weights.open("r+b") as file:
        file.seek(-1, os.SEEK_END)
        file.write(b"\1")
    os.utime(weights, ns=(stat.st_atime_ns, stat.st_mtime_ns))
    assert content_hash(folder, memory) != first


def test_young_weights_are_not_known_by_their_times(folder, tmp_path, monkeypatch):
    """A clock may not have ticked between two changes."""
    monkeypatch.setattr(hashes, "_WORTH_REMEMBERING_BYTES", 1)
    monkeypatch.setattr(stamp, "_YOUNG_NS", 10**12)
    content_hash(folder, tmp_path / "hashes.json")
    assert not (tmp_path / "hashes.json").exists()


def test_a_model_that_is_not_there_costs_no_imports():
    """It is refused before torch is imported, which takes seconds."""
    code = (
        "import sys; from atom_core.host import open_host; from atom_core.errors import ModelError\n"
        "with open_host(model='nope', load_plugins=()) as host:\n"
        "    try: host.decoder\n"
        "    except ModelError: print('torch' in sys.modules)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"
