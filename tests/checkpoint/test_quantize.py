"""Recipes, quantising while loading, and quantised checkpoints."""

import argparse
import json

import pytest
import torch
from attrs import evolve
from torch import nn

from atom_core.checkpoint.checkpoint import content_hash, open_checkpoint
from atom_core.checkpoint.export import save_quantized
from atom_core.checkpoint.load import empty_model, load_model, pack
from atom_core.checkpoint.recipes import RECIPES, kinds_by_layer, recipe_of
from atom_core.checkpoint.safetensors_file import read_weights
from atom_core.cli.commands.quantize import QuantizeCommand
from atom_core.decoder.llama import FusedLlama
from atom_core.errors import ModelError
from atom_core.families import family_of
from atom_core.kernels import int8
from atom_core.kernels.bf16 import Bf16Embedding, Bf16Linear
from atom_core.kernels.int4 import GroupInt4Linear
from atom_core.kernels.int8 import Int8Embedding, RowInt8Linear
from atom_core.kernels.processor import has_bf16
from atom_core.kernels.threads import Threads
from atom_core.loader.identity import identity
from atom_core.loader.plan import recipe_for
from atom_core.settings import Settings
from atom_core.testing.models import FAMILIES, make_checkpoint

CPU_RECIPES = [name for name, recipe in RECIPES.items() if "cpu" in recipe.devices and recipe.kinds and recipe.is_saved]
HAS_BF16 = pytest.mark.skipif(not has_bf16(), reason="needs a processor with AVX-512 BF16 or AMX")
IDS = torch.arange(5, 17)[None]
"""Makes a weight [64, 128] one that int8 holds badly."""


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory):
    return open_checkpoint(str(make_checkpoint(tmp_path_factory.mktemp("models") / "small", "smolvlm")))


def load(checkpoint, recipe):
    return load_model(checkpoint, dtype=torch.float32, device="cpu", recipe=RECIPES[recipe])


def logits(model):
    with torch.inference_mode():
        return model(input_ids=IDS).logits


def part_types(model):
    """The types of linear layers in each part."""
    inside = {id(module) for module in model.get_decoder().modules()}
    head = model.get_output_embeddings()
    found = {
        "encoder": set(),
        "decoder": set(),
        "head": {type(head)},
        "embeddings": {type(model.get_input_embeddings())},
    }
    for module in model.modules():
        if isinstance(module, (nn.Linear, Bf16Linear, RowInt8Linear, GroupInt4Linear)) and module is not head:
            found["decoder" if id(module) in inside else "encoder"].add(type(module))
    return found


@pytest.mark.parametrize(
    ("recipe", "encoder", "decoder", "embeddings", "head"),
    [
        ("none", nn.Linear, nn.Linear, nn.Embedding, nn.Linear),
        pytest.param("bf16", Bf16Linear, Bf16Linear, Bf16Embedding, Bf16Linear, marks=HAS_BF16),
        ("int8", RowInt8Linear, RowInt8Linear, Int8Embedding, RowInt8Linear),
        ("int8-decoder", nn.Linear, RowInt8Linear, nn.Embedding, RowInt8Linear),
        ("int4", RowInt8Linear, GroupInt4Linear, Int8Embedding, RowInt8Linear),
    ],
)
def test_each_part_has_its_precision(checkpoint, recipe, encoder, decoder, embeddings, head):
    """Encoder, decoder, embeddings and head are quantised as the recipe says, all of their layers."""
    found = part_types(load(checkpoint, recipe))
    assert found == {"encoder": {encoder}, "decoder": {decoder}, "embeddings": {embeddings}, "head": {head}}


@pytest.mark.parametrize(
    ("recipe", "alike"),
    [
        pytest.param("bf16", 0.999, marks=HAS_BF16),
        ("int8", 0.98),
        ("int8-decoder", 0.98),
        ("int4", 0.85),
    ],
)
def test_quantised_models_say_nearly_the_same(checkpoint, recipe, alike):
    """Logits point the same way, as far as random weights let them; less so with int4. They are not the same."""
    plain, quantized = logits(load(checkpoint, "none")), logits(load(checkpoint, recipe))
    assert alike < nn.functional.cosine_similarity(plain.flatten(), quantized.flatten(), dim=0) < 1
    assert not torch.equal(plain, quantized)


@pytest.mark.parametrize("recipe", CPU_RECIPES)
@pytest.mark.parametrize("family", FAMILIES)
def test_saved_is_quantised_at_load_to_the_bit(family, recipe, tmp_path):
    """For every family: all tensors of a saved checkpoint are those of the model quantised while loading."""
    source = open_checkpoint(str(make_checkpoint(tmp_path / family, family, dtype="bfloat16")))
    folder = save_quantized(source, tmp_path / "saved", recipe=RECIPES[recipe], source_hash="0" * 64)
    wanted, got = load(source, recipe), load(open_checkpoint(str(folder)), recipe)
    assert [type(module) for module in got.modules()] == [type(module) for module in wanted.modules()]
    pairs = {**wanted.state_dict(), **dict(wanted.named_buffers())}, {**got.state_dict(), **dict(got.named_buffers())}
    assert pairs[0].keys() == pairs[1].keys()
    assert [name for name, tensor in pairs[0].items() if not torch.equal(tensor, pairs[1][name])] == []


def test_tied_table_is_kept_once(tmp_path):
    """One int8 table in the file; table and head share its memory until the head is first used."""
    folder = make_checkpoint(tmp_path / "m", "smolvlm")
    config = json.loads((folder / "config.json").read_text())
    config["tie_word_embeddings"] = config["text_config"]["tie_word_embeddings"] = True
    (folder / "config.json").write_text(json.dumps(config))
    source = open_checkpoint(str(folder))
    saved = save_quantized(source, tmp_path / "saved", recipe=RECIPES["int8"], source_hash="x")
    rows = source.config.get_text_config().vocab_size
    assert sum(rows in tensor.shape for tensor in read_weights("m", saved).tensors.values()) == 2
    for model in (load(source, "int8"), load(open_checkpoint(str(saved)), "int8")):
        table, head = model.get_input_embeddings(), model.get_output_embeddings()
        assert head.qweight is table.qweight
        assert torch.isfinite(logits(model)).all()


def test_saved_folder_is_complete_and_says_what_it_is(checkpoint, tmp_path):
    """Everything but the weights is beside them; recipe, source and versions are in the file; opening maps it."""
    folder = save_quantized(checkpoint, tmp_path / "saved", recipe=RECIPES["int8"], source_hash="ab" * 32)
    kept = {file.name for file in checkpoint.folder.iterdir()}
    assert {file.name for file in folder.iterdir()} == kept
    opened = open_checkpoint(str(folder))
    said = opened.weights.metadata
    assert (opened.saved_recipe, said["atom_source"], said["atom_source_hash"]) == ("int8", "small", "ab" * 32)
    assert json.loads(said["atom_versions"]).keys() == {"atom-core", "torch", "torchao", "transformers"}
    assert str(tmp_path) not in json.dumps(dict(said))
    assert identity(opened.quantized, str(folder), "cd" * 32) == f"small@{'ab' * 6}"
    model = load(opened, "int8")
    name, layer = next((n, m) for n, m in model.named_modules() if isinstance(m, RowInt8Linear))
    stored = opened.weights.tensors[f"{name}.qweight"]
    with stored.file.open("r+b") as stream:
        stream.seek(stored.start)
        stream.write(b"\x55")
    assert int(layer.qweight[0, 0]) == 0x55


@pytest.mark.parametrize(("recipe", "quantised"), [("int8", {"int8"}), ("int4", {"int4", "int8"})])
def test_opening_quantises_nothing(checkpoint, tmp_path, monkeypatch, recipe, quantised):
    """A quantised checkpoint is opened without quantising one layer again; its source is quantised layer by layer."""
    folder = save_quantized(checkpoint, tmp_path / "saved", recipe=RECIPES[recipe], source_hash="x")
    seen = []
    for kind, owner, name in (("int8", int8, "quantize_rows"), ("int4", GroupInt4Linear, "from_linear")):
        real = getattr(owner, name)
        monkeypatch.setattr(owner, name, lambda weight, real=real, kind=kind: seen.append(kind) or real(weight))
    load(open_checkpoint(str(folder)), recipe)
    assert seen == []
    load(checkpoint, recipe)
    assert set(seen) == quantised


@pytest.mark.parametrize("recipe", ["int8", "int4"])
def test_saved_layers_that_do_not_fit_are_refused(checkpoint, tmp_path, recipe):
    """Missing, or of another shape than the config says: told by name, as those of plain checkpoints are."""
    folder = save_quantized(checkpoint, tmp_path / "saved", recipe=RECIPES[recipe], source_hash="x")
    opened = open_checkpoint(str(folder))
    name = next(name for name in opened.weights.tensors if name.endswith("layers.0.mlp.up_proj.qweight"))
    short = evolve(opened.weights.tensors[name], shape=(1, 2), num_bytes=2)
    without = {key: stored for key, stored in opened.weights.tensors.items() if key != name}
    for tensors, problem in (
        (without, rf"missing: {name}\)"),
        ({**without, name: short}, rf"of another shape: {name} is \[1, 2\], not \[\d+, \d+\]\)"),
    ):
        with pytest.raises(ModelError, match=rf"weights do not match its config \({problem}; fetch or export it again"):
            load(evolve(opened, weights=evolve(opened.weights, tensors=tensors)), recipe)


def test_refuses_to_overwrite(checkpoint, tmp_path):
    """What exists stays, unless it is Atom's own and replacing was asked for; a failure leaves nothing behind."""
    folder = tmp_path / "saved"
    save = {"recipe": RECIPES["int8"], "source_hash": "x"}
    save_quantized(checkpoint, folder, **save)
    before = content_hash(folder, tmp_path / "hashes.json")
    with pytest.raises(ModelError, match="exists; name another folder, or pass --overwrite"):
        save_quantized(checkpoint, folder, **save)
    assert content_hash(folder, tmp_path / "hashes.json") == before
    save_quantized(checkpoint, folder, recipe=RECIPES["int8-decoder"], source_hash="x", overwrite=True)
    assert open_checkpoint(str(folder)).saved_recipe == "int8-decoder"
    precious = tmp_path / "precious"
    precious.mkdir()
    (precious / "thesis.txt").write_text("years of work")
    with pytest.raises(ModelError, match="is not a checkpoint written by `atom quantize`"):
        save_quantized(checkpoint, precious, **save, overwrite=True)
    with pytest.raises(ModelError, match="does not exist; create it first"):
        save_quantized(checkpoint, tmp_path / "no" / "where", **save)
    assert sorted(file.name for file in tmp_path.iterdir() if file.is_dir()) == ["precious", "saved"]


def test_failing_halfway_leaves_nothing(checkpoint, tmp_path, monkeypatch):
    """A disk that fills up while weights are written leaves no folder, whole or partial."""

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("atom_core.checkpoint.export.write_tensors", full)
    with pytest.raises(ModelError, match="cannot be written: No space left on device"):
        save_quantized(checkpoint, tmp_path / "saved", recipe=RECIPES["int8"], source_hash="x")
    assert list(tmp_path.iterdir()) == []


def test_quantised_twice_or_otherwise_is_refused(checkpoint, tmp_path):
    """A quantised checkpoint has its precision for good."""
    folder = save_quantized(checkpoint, tmp_path / "saved", recipe=RECIPES["int8"], source_hash="x")
    saved, threads = open_checkpoint(str(folder)), Threads(1)
    family = family_of(saved)
    for fine in ("none", "auto", "int8"):
        assert recipe_for(saved, family, Settings(quantize=fine), "cpu", threads).name == "int8"
    with pytest.raises(ModelError, match="is quantised as 'int8' already, not 'int4'"):
        recipe_for(saved, family, Settings(quantize="int4"), "cpu", threads)
    with pytest.raises(ModelError, match="is quantised as 'int8' already"):
        save_quantized(saved, tmp_path / "again", recipe=RECIPES["int8"], source_hash="x")
    with pytest.raises(ModelError, match="quantised for processors; use --device cpu"):
        load_model(saved, dtype=torch.bfloat16, device="cuda", recipe=RECIPES["int8"])


def test_unknown_recipes_and_wrong_devices():
    """A slip gets a suggestion; a recipe for other devices gets those for this one."""
    with pytest.raises(ModelError, match="no recipe 'int9', did you mean 'int8"):
        recipe_of("int9", "cpu")
    with pytest.raises(ModelError, match=r"'float8' is for cuda, not cpu; use none, .*int8"):
        recipe_of("float8", "cpu")


def test_on_cuda_tables_stay_as_they_are(checkpoint):
    """torchao's configurations for CUDA are given linear layers alone."""
    model = empty_model(checkpoint.config)
    for name in ("int8", "int4", "float8"):
        assert all(isinstance(model.get_submodule(n), nn.Linear) for n in kinds_by_layer(model, RECIPES[name], "cuda"))


def test_command_writes_a_checkpoint_that_opens(checkpoint, tmp_path):
    """``atom quantize`` names the folder, the sizes and how to use it."""
    parser = argparse.ArgumentParser()
    command = QuantizeCommand()
    command.add_arguments(parser)
    args = parser.parse_args([str(checkpoint.folder), "--to", "int8", "-o", str(tmp_path / "saved")])
    said = []

    class Context:
        settings = Settings(cache=tmp_path / "cache")
        plugins = argparse.Namespace(models={}, of=lambda kind: {})

        def __init__(self):
            self.args = args

        def emit(self, value, text):
            said.append((value, text))

    command.run(Context())
    assert said[0][0]["size_bytes"] < 0.5 * said[0][0]["source_bytes"]
    assert said[0][1].endswith(f"use it with --model {tmp_path / 'saved'}")
    assert open_checkpoint(str(tmp_path / "saved")).saved_recipe == "int8"


def test_joined_layers_stay_in_the_model(checkpoint):
    """What walks through the model's layers, to arrange or watch them, finds the weights of those that were joined."""
    model = load(checkpoint, "int8")

    def numbers():
        layers = (module for module in model.modules() if isinstance(module, RowInt8Linear))
        return sum(layer.in_features * layer.out_features for layer in layers)

    before = numbers()
    FusedLlama(model.get_decoder())
    assert "gate_proj" not in dict(model.get_decoder().layers[0].mlp.named_children())
    assert numbers() == before
    pack([model])
    assert numbers() == before
    assert not any("qweight" in name for name, _ in model.get_decoder().layers.named_buffers())
