"""Which recipe a model is loaded with, and how it fits into memory: the settings' wishes made definite."""

from __future__ import annotations

from typing import TYPE_CHECKING

from atom_core.errors import ModelError
from atom_core.modules import budget
from atom_core.modules.quantize import RECIPES, Recipe, kinds_by_layer, recipe_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from atom_core.modules.checkpoint import Checkpoint
    from atom_core.modules.families import Family
    from atom_core.modules.threads import Threads
    from atom_core.settings import Settings


def recipe_for(checkpoint: Checkpoint, family: Family, settings: Settings, device: str, threads: Threads) -> Recipe:
    """The recipe to load a checkpoint with: its own if it is quantised already, else what the settings say.

    :param threads: lent to measure with, for ``auto``
    :raises ModelError: if it is quantised otherwise than the settings say
    """
    saved = checkpoint.saved_recipe
    if saved is not None:
        if settings.quantize not in ("none", "auto", saved):
            raise ModelError(
                f"model {checkpoint.source} is quantised as {saved!r} already, not {settings.quantize!r};"
                f" leave --quantize out, or name the model it was made from"
            )
        return recipe_of(saved, device)
    if settings.quantize != "auto":
        return recipe_of(settings.quantize, device)
    if device != "cpu":
        return RECIPES["none"]  # without compiling, torchao's dynamic int8 does not pay on CUDA
    from atom_core.modules.auto import choose

    with threads.share() as share:
        name = choose(checkpoint, family, cache=settings.cache, threads=share, memory=settings.memory)
    return RECIPES[name]


def fit(
    checkpoint: Checkpoint,
    family: Family,
    recipe: Recipe,
    settings: Settings,
    device: str,
    *,
    tasks_bytes: Mapping[str, int] | None = None,
) -> budget.Plan:
    """How the model fits into `settings.memory`; nothing is counted where that is not set.

    :param tasks_bytes: what tasks declare, by name
    :raises ModelError: if it does not fit, with the numbers and the recipe that would
    """
    prefix_cache_bytes = settings.prefix_cache_bytes if settings.reuse else 0
    if settings.memory is None:
        return budget.Plan(need=budget.Need(), batch=settings.batch, prefix_cache_bytes=prefix_cache_bytes)
    from atom_core.modules.frames import FrameBudget
    from atom_core.modules.loading import empty_model, saved_layers

    model, config = empty_model(checkpoint.config), checkpoint.config
    text = config.get_text_config()
    number_bytes = 4 if device == "cpu" else 2
    frames = FrameBudget(family, settings.frames)
    encoding = budget.encoding_bytes(
        config, frames=settings.most_frames, workers=settings.workers, number_bytes=number_bytes
    )
    declared = tasks_bytes or {}
    counted: dict[str, dict[str, int]] = {}

    def need_of(recipe: Recipe, rows: int, tokens: int) -> budget.Need:
        if recipe.name not in counted:
            saved = saved_layers(checkpoint.weights.metadata)
            kinds = saved or kinds_by_layer(model, recipe, device)
            counted[recipe.name] = {
                "weights": budget.weight_bytes(model, kinds, plain_bytes=number_bytes),
                "loading": budget.loading_bytes(model, kinds, saved=bool(saved)),
            }
        most_rows = rows + (rows > 1)  # the decoder has one more for what somebody waits for
        states = budget.state_bytes(text, rows=most_rows, tokens=tokens, number_bytes=number_bytes)
        work = encoding + budget.reading_bytes(text, rows=rows, tokens=tokens, number_bytes=number_bytes)
        return budget.Need(**counted[recipe.name], states=states, work=work, tasks=sum(declared.values()))

    kind = device.partition(":")[0]
    others = [] if checkpoint.saved_recipe else [r for r in RECIPES.values() if kind in r.devices and r != recipe]
    return budget.plan(
        need_of,
        source=checkpoint.source,
        recipe=recipe,
        others=others,
        memory=settings.memory,
        tasks=tuple(declared),
        batch=settings.batch,
        row_tokens=(frames.usual_tokens, frames.context_tokens),
        prefix_cache_bytes=prefix_cache_bytes,
    )
