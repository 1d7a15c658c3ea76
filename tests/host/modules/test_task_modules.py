"""What a task does to what it is lent is told, and reaches nobody else."""

import gc
import weakref
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import numpy as np
import pytest
import torch
from attrs import evolve

import atom_core as atom
from atom_core.call_context import Caller, caller
from atom_core.checkpoint.checkpoint import open_checkpoint
from atom_core.checkpoint.export import save_quantized
from atom_core.checkpoint.load import load_model, pack, weights
from atom_core.checkpoint.recipes import RECIPES
from atom_core.host.modules.task_modules import Loans, weights_stamp
from atom_core.kernels.packed_linear import PackedLinear
from atom_core.plugins.contracts import modules_fault
from atom_core.testing.fakes import FakeDecoder, FakeEncoder, fake_clips, fake_features, fake_video
from atom_core.testing.models import make_checkpoint

CLIP = fake_clips(fake_video(), 1)[0]


class TorchEncoder(FakeEncoder):
    """Always gives the same tensors, as a store does."""

    def __init__(self, *, inference: bool = False) -> None:
        super().__init__(lambda clip: "a red circle")
        with torch.inference_mode(inference):
            self.features = evolve(fake_features(CLIP, "x"), values=torch.ones(4, 8), extra={"deep": torch.ones(2)})

    def encode(self, clip):
        return self.features


class Worded(FakeDecoder):
    """Was trained with a wording of its own."""

    wordings = {"caption": "Say it."}


def loans_of(encoder, weights=(), *, decoder=None):
    modules = atom.Modules(encoder=encoder, decoder=decoder or FakeDecoder(), model="fake", weights=lambda: weights)
    return Loans("task 'rude' of plugin 'bad'", modules, weights_stamp(modules))


@pytest.mark.parametrize("inference", [True, False])
@pytest.mark.parametrize("which", ["values", "extra"])
def test_changed_features_are_told_and_stay_with_the_task(inference, which):
    """Neither the decoder nor the end of the run takes them; the store's own are as they were."""
    encoder = TorchEncoder(inference=inference)
    loans = loans_of(encoder)
    features = loans.encoder.encode(CLIP)
    (features.values if which == "values" else features.extra["deep"]).mul_(2)
    with pytest.raises(atom.TaskError, match="'rude' of plugin 'bad' changed features in place"):
        loans.decoder.generate([features, "What?"])
    for ask in (
        lambda: loans.decoder.generate_many([[features]]),
        lambda: loans.decoder.embed_many([[features]]),
        lambda: loans.decoder.score_many([([features], "a")]),
        lambda: loans.decoder.scores([features], ["a"]),
        loans.check,
    ):
        with pytest.raises(atom.TaskError, match=r"features\.array\(\)"):
            ask()
    assert bool((encoder.features.values == 1).all() and (encoder.features.extra["deep"] == 1).all())


def test_well_behaved_task_is_left_in_peace():
    """Reading, scoring and changing a copy are what features are for; what protocols allow is there, too."""
    loans = loans_of(TorchEncoder(), decoder=Worded())
    first, second = loans.encoder.encode_batch([CLIP, CLIP])
    array = first.array()
    array *= 2
    assert loans.decoder.score([second, "a"], "a") == loans.decoder.score(["a"], "a")
    assert "".join(loans.decoder.stream([first, "What?"])) == loans.decoder.generate([first, "What?"])
    assert loans.decoder.embed([first]).shape == (256,)
    assert loans.decoder.generate_many([[first, "What?"]] * 2) == [loans.decoder.generate([first, "What?"])] * 2
    assert loans.decoder.embed_many([[first], [second]]).shape == (2, 256)
    assert loans.decoder.score_many([([first], "a")]) == loans.decoder.scores([first], ["a"])
    assert loans.decoder.wordings == {"caption": "Say it."}
    assert isinstance(loans.encoder, atom.Encoder)
    assert isinstance(loans.decoder, atom.Decoder)
    loans.check()


def test_features_of_fakes_cannot_be_changed():
    """Arrays refuse at once."""
    features = loans_of(FakeEncoder()).encoder.encode(CLIP)
    with pytest.raises(ValueError, match="read-only"):
        features.values += 1
    features.array()[:] = 0


def test_lent_features_are_not_kept_alive():
    """Watching costs no memory once the task has let go."""
    loans = loans_of(TorchEncoder())
    lent = [weakref.ref(loans.encoder.encode(CLIP)) for _ in range(20)]
    gc.collect()
    assert [one for one in lent if one() is not None] == []


def test_changed_weight_is_noticed():
    """One weight changed in place is enough."""
    weights = [torch.nn.Parameter(torch.ones(3), requires_grad=False) for _ in range(3)]
    loans = loans_of(TorchEncoder(), weights)
    assert not loans.weights_changed
    weights[1].mul_(2)
    assert loans.weights_changed


@pytest.mark.parametrize("recipe", ["int8", "int4"])
def test_quantised_weights_are_watched(tmp_path, recipe):
    """One changed value of a quantised layer is noticed; arranging layers for their kernels is no change."""
    folder = make_checkpoint(tmp_path / "m", "smolvlm")
    source = open_checkpoint(str(folder))
    save_quantized(source, tmp_path / "saved", recipe=RECIPES[recipe], source_hash="x")
    for opened in (source, open_checkpoint(str(tmp_path / "saved"))):
        model = load_model(opened, dtype=torch.float32, device="cpu", recipe=RECIPES[recipe])
        modules = atom.Modules(encoder=FakeEncoder(), decoder=FakeDecoder(), model="m", weights=partial(weights, model))
        loans = Loans("task", modules, weights_stamp(modules))
        layer = model.get_decoder().layers[0].mlp.down_proj
        layers = [module for module in model.modules() if isinstance(module, PackedLinear) and module is not layer]
        pack(layers)
        assert all(module.qweight is None for module in layers)
        assert not loans.weights_changed
        layer.qweight[0, 0] += 1
        assert loans.weights_changed


def test_threads_that_a_task_starts_work_for_it():
    """Their calls of the modules carry the task's name and urgency, and end where it is cancelled, streams too."""
    seen = []

    class Decoder(FakeDecoder):
        def generate(self, parts, **options):
            seen.append(caller.get())
            return super().generate(parts, **options)

        def stream(self, parts, **options):
            seen.append(caller.get())
            yield "a"
            seen.append(caller.get())
            yield "b"

    task = Caller(task="mine", interactive=True)
    token = caller.set(task)
    try:
        loans = Loans("task 'mine'", atom.Modules(encoder=FakeEncoder(str), decoder=Decoder(), model="fake"), 0)
    finally:
        caller.reset(token)
    with ThreadPoolExecutor(1) as pool:
        pool.submit(loans.decoder.generate, ["x"]).result()
        assert pool.submit(lambda: list(loans.decoder.stream(["x"]))).result() == ["a", "b"]
        assert seen == [task] * 3
        assert pool.submit(caller.get).result().task == "", "only during calls"
        task.cancelled.set()
        for call in (loans.decoder.generate, loans.decoder.embed, loans.encoder.encode):
            with pytest.raises(atom.Cancelled):
                pool.submit(call, ["x"]).result()
    assert not caller.get().cancelled.is_set(), "who works for no task is not cancelled with it"


@pytest.mark.parametrize(
    ("half", "said"), [("encoder", "has no encode, encode_batch, fingerprint"), ("decoder", "has no embed, generate")]
)
def test_modules_that_cannot_be_called_are_told(half, said):
    """A plugin that returns something else as a half is told what it lacks."""
    halves = {"encoder": FakeEncoder(str), "decoder": FakeDecoder()} | {half: object()}
    assert said in modules_fault(atom.Modules(**halves, model="fake"))


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"model": 5}, "modules whose model is an int, not text"),
        ({"close": None}, "modules whose close cannot be called"),
        ({"reserve": 3}, "modules whose reserve cannot be called"),
        ({"weights": lambda: 1 / 0}, "modules whose weights() fails, ZeroDivisionError: division by zero"),
        ({"weights": lambda: None}, "modules whose weights() fails, TypeError"),
    ],
)
def test_modules_that_the_host_could_not_use_are_told(wrong, said):
    """What else a plugin returns is looked at before a task relies on it."""
    fault = modules_fault(atom.Modules(encoder=FakeEncoder(str), decoder=FakeDecoder(), **{"model": "fake", **wrong}))
    assert fault.startswith(said)


def test_a_task_reaches_nothing_else_of_the_modules():
    """Whatever a module has beside its protocol, `close` of everybody's decoder among it, is not lent."""

    class Encoder(FakeEncoder):
        def close(self):
            raise AssertionError("closed by a task")

    class Decoder(FakeDecoder):
        close = Encoder.close

    loans = loans_of(Encoder(str), decoder=Decoder())
    for half in (loans.encoder, loans.decoder):
        with pytest.raises(AttributeError, match="no attribute 'close'"):
            half.close()


def test_a_decoder_without_calls_for_several_is_asked_in_turn():
    """A plugin's decoder that answers one prompt at a time is taken, and tasks are lent all calls."""

    class Plain:
        name = "plain"

        def generate(self, parts, **options):
            return atom.Generated(f"{parts[0]} {options['max_new_tokens']}")

        def stream(self, parts, **options):
            yield self.generate(parts, **options)

        def embed(self, parts):
            return np.ones(2, np.float32)

        def score(self, parts, continuation):
            return -float(len(continuation))

    modules = atom.Modules(encoder=FakeEncoder(str), decoder=Plain(), model="m")
    assert modules_fault(modules) == ""
    decoder = Loans("task", modules, 0).decoder
    assert decoder.generate_many([["a"], ["b"]], max_new_tokens=3) == ["a 3", "b 3"]
    assert decoder.embed_many([["a"], ["b"]]).shape == (2, 2)
    assert decoder.embed_many([]).shape == (0, 0)
    assert decoder.score_many([(["a"], "x"), (["a"], "xyz")]) == decoder.scores(["a"], ["x", "xyz"]) == [-1, -3]
    assert decoder.wordings == {}


def test_provenance_says_what_made_a_result():
    """Model and prompt, and the frames of what was shown, if anything was."""
    features = fake_features(CLIP, "a dog")
    shown = atom.Provenance.of(FakeDecoder(), "What?", features)
    assert shown == atom.Provenance(
        model="fake (none)",
        prompt="What?",
        timestamps_s=features.timestamps_s,
        rule=features.rule,
        size=features.size,
    )
    assert atom.Provenance.of(FakeDecoder(), "What?") == atom.Provenance(model="fake (none)", prompt="What?")
