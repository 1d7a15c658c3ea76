"""Memory counted before a weight is read."""

import pytest
import torch
from attrs import evolve

from atom_core.checkpoint.checkpoint import open_checkpoint
from atom_core.checkpoint.load import empty_model, load_model
from atom_core.checkpoint.recipes import RECIPES, kinds_by_layer
from atom_core.decoder.prefix_cache import RadixPrefixCache
from atom_core.errors import ModelError
from atom_core.families import family_of
from atom_core.loader.plan import fit
from atom_core.memory import estimate
from atom_core.memory.estimate import Need, Plan, Room, plan
from atom_core.memory.reservation import Reserve
from atom_core.settings import Settings
from atom_core.testing.models import make_checkpoint

WEIGHTS = {"none": 1000, "int8-decoder": 600, "int8": 300, "int4": 200}


def need_of(recipe, batch, tokens):
    return Need(program=100, weights=WEIGHTS[recipe.name], states=batch * tokens)


def planned(memory, recipe="none", batch=8, prefix=500):
    return plan(
        need_of,
        source="m",
        recipe=RECIPES[recipe],
        others=[RECIPES[name] for name in WEIGHTS if name != recipe],
        room=None if memory is None else Room(num_bytes=memory),
        batch=batch,
        row_tokens=(10, 60),
        prefix_cache_bytes=prefix,
    )


def test_without_a_limit_nothing_shrinks():
    """Everything is as the settings say."""
    assert planned(None) == Plan(
        need=evolve(need_of(RECIPES["none"], 8, 10), prefixes=500), batch=8, prefix_cache_bytes=500
    )


def test_caches_shrink_before_anything_fails():
    """First the prefix cache, then the batch; the plan never takes more than the limit."""
    assert planned(1680).prefix_cache_bytes == 500
    tight = planned(1200)
    assert (tight.prefix_cache_bytes, tight.batch) == (20, 8)
    tighter = planned(1130)
    assert tighter.batch == 2
    for memory in (1110, 1130, 1200, 1680, 5000):
        assert planned(memory).need.total <= memory


def test_what_is_left_is_for_long_requests():
    """When all else has what it wants, requests may be longer, up to what the model reads; the rest is spare."""
    assert [planned(memory).row_tokens for memory in (1200, 1680, 1688, 1759, 2080, 5000)] == [10, 10, 11, 19, 60, 60]
    assert [planned(memory).spare_bytes for memory in (1200, 1688, 1759, 2080, 5000)] == [0, 0, 7, 0, 2920]
    assert planned(None).row_tokens is None


def test_refusal_names_numbers_and_the_best_recipe_that_fits():
    """What it needs, what there is, and the least lossy way on."""
    with pytest.raises(ModelError) as caught:
        planned(750)
    text = str(caught.value)
    assert "\n" not in text
    assert "--quantize int8-decoder" in text
    with pytest.raises(ModelError, match="--quantize int8 needs"):
        planned(450)


def test_refusal_below_the_smallest_recipe():
    """Says which is the smallest, and what it needs."""
    with pytest.raises(ModelError, match=r"smallest recipe, 'int4', needs .*raise --memory or use a smaller model"):
        planned(120)


def test_loading_counts_where_it_is_the_peak():
    """Before tasks run there are no states; a layer that takes more than those while it is quantised is the limit."""
    loading = Need(program=100, weights=200, loading=90, states=50)
    assert loading.total == 390
    assert "quantising the largest layer" in str(loading)
    working = evolve(loading, tasks=60)
    assert working.total == 410
    assert "quantising" not in str(working)
    plans = {
        memory: plan(
            lambda *_: loading,
            source="m",
            recipe=RECIPES["int8"],
            others=(),
            room=Room(num_bytes=memory),
            batch=1,
            row_tokens=(10, 10),
            prefix_cache_bytes=500,
        )
        for memory in (390, 400, 1000)
    }
    assert {memory: found.prefix_cache_bytes for memory, found in plans.items()} == {390: 40, 400: 50, 1000: 500}
    assert all(found.need.total <= memory for memory, found in plans.items())


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory):
    folder = make_checkpoint(tmp_path_factory.mktemp("models") / "m", "smolvlm", text_layers=4, text_width=128)
    return open_checkpoint(str(folder))


@pytest.mark.parametrize("name", ["none", "int8", "int8-decoder", "int4"])
def test_weights_are_counted_as_they_are(checkpoint, name):
    """The count is what the loaded model holds, within a tenth."""
    recipe = RECIPES[name]
    model = empty_model(checkpoint.config)
    kinds = kinds_by_layer(model, recipe, "cpu")
    counted = estimate.weight_bytes(model, kinds, plain_bytes=4)
    loaded = load_model(checkpoint, dtype=torch.float32, device="cpu", recipe=recipe)
    held = sum(tensor.numel() * tensor.element_size() for tensor in loaded.state_dict().values())
    assert counted == pytest.approx(held, rel=0.1)


def test_settings_without_memory_plan_nothing(checkpoint):
    """Where nothing says how much memory there is, and where there is far more than it takes, all is as it is set."""
    settings, family = Settings(batch=3, prefix_cache_bytes=7), family_of(checkpoint)
    assert fit(checkpoint, family, RECIPES["none"], settings, "cuda") == Plan(
        need=Need(), batch=3, prefix_cache_bytes=7
    )
    plan = fit(checkpoint, family, RECIPES["none"], settings, "cpu")
    assert (plan.batch, plan.prefix_cache_bytes, plan.row_tokens, plan.spare_bytes) == (3, 7, None, None)
    assert plan.need.weights >= estimate.weight_bytes(empty_model(checkpoint.config), {}, plain_bytes=4)


def test_what_tasks_declare_counts(checkpoint):
    """A model that fits alone is refused beside a task that needs the memory."""
    settings = Settings(memory="1GiB")
    assert fit(checkpoint, family_of(checkpoint), RECIPES["none"], settings, "cpu").batch == settings.batch
    with pytest.raises(ModelError, match="tasks 700 MiB"):
        fit(checkpoint, family_of(checkpoint), RECIPES["none"], settings, "cpu", tasks_bytes={"hungry": 700 * 2**20})


@pytest.mark.parametrize("states", [False, True])
def test_memory_is_set_aside_from_what_is_spare_then_from_prefixes(states):
    """A task that comes late takes what nothing uses, then lets prefixes go; beyond that it gets nothing."""
    plan, tree = planned(5000), RadixPrefixCache(500)
    reserve = Reserve(plan, None if states else tree)
    assert reserve(2900)
    assert tree.max_bytes == 500
    assert reserve(100) is not states
    assert tree.max_bytes == (500 if states else 420)
    assert not reserve(421)
    assert reserve(20)
    assert tree.max_bytes == (500 if states else 400)
    assert Reserve(planned(None), None)(10**12)


@pytest.mark.parametrize(("size", "text"), [(2**30, "1.00 GiB"), (6 * 2**30, "6.00 GiB"), (500 * 2**20, "500 MiB")])
def test_sizes_for_people(size, text):
    """Sizes read as users write them."""
    assert estimate.gib(size) == text
