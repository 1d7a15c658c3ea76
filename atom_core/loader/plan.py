"""Which recipe a model is loaded with, and how it fits into memory: the settings' wishes made definite."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from atom_core.checkpoint.direct.load import direct_model
from atom_core.checkpoint.reading import guarded
from atom_core.checkpoint.recipes import FIT, RECIPES, Recipe, kinds_by_layer, recipe_of, recipes_for
from atom_core.decoder import num_rows
from atom_core.errors import ModelError
from atom_core.memory import estimate
from atom_core.memory.available import free_memory_bytes

if TYPE_CHECKING:
    from collections.abc import Mapping

    from transformers import PreTrainedModel

    from atom_core.checkpoint.checkpoint import Checkpoint
    from atom_core.checkpoint.direct.model import DirectModel
    from atom_core.families import Family
    from atom_core.kernels.threads import Threads
    from atom_core.settings import Settings

log = logging.getLogger("atom")


def recipe_for(checkpoint: Checkpoint, family: Family, settings: Settings, device: str, threads: Threads) -> Recipe:
    """The recipe to load a checkpoint with: its own if it is quantised already, else what the settings say.

    :param threads: lent to measure with, for ``auto``
    :raises ModelError: if it is quantised otherwise than the settings say
    """
    saved = checkpoint.saved_recipe
    if saved is not None:
        if settings.quantize not in (FIT, "none", "auto", saved):
            raise ModelError(
                f"model {checkpoint.source} is quantised as {saved!r} already, not {settings.quantize!r};"
                f" leave --quantize out, or name the model it was made from",
                source=checkpoint.source,
            )
        return recipe_of(saved, device)
    if settings.quantize == FIT:
        return RECIPES["none"]
    if settings.quantize != "auto":
        return recipe_of(settings.quantize, device)
    if device != "cpu":
        return RECIPES["none"]  # without compiling, torchao's dynamic int8 does not pay on CUDA
    from atom_core.autotune.auto import choose

    with threads.share() as share:
        name = choose(checkpoint, family, cache=settings.cache, threads=share, memory=settings.memory)
    return RECIPES[name]


def recipe_and_plan(
    checkpoint: Checkpoint,
    family: Family,
    settings: Settings,
    device: str,
    threads: Threads,
    *,
    tasks_bytes: Mapping[str, int] | None = None,
) -> tuple[Recipe, estimate.Plan]:
    """The recipe to load a checkpoint with, and how it fits into memory.

    Where no recipe is set, and the model does not fit as it is stored, the one that loses least of those that fit is
    taken, which is said. One that is set is kept.

    :param threads: lent to measure with, for ``auto``
    :param tasks_bytes: what tasks declare, by name
    :raises DoesNotFit: if it does not fit, with the numbers and the recipe that would
    :raises ModelError: if it is quantised otherwise than the settings say
    """
    recipe = recipe_for(checkpoint, family, settings, device, threads)
    try:
        plan = fit(checkpoint, family, recipe, settings, device, tasks_bytes=tasks_bytes)
    except estimate.DoesNotFit as error:
        if settings.quantize not in (FIT, "auto") or error.fitting is None:
            raise
        recipe = error.fitting
        plan = fit(checkpoint, family, recipe, settings, device, tasks_bytes=tasks_bytes)
        needed = estimate.gib(plan.need.total)
        log.warning("%s: %s is taken, which needs %s; --quantize sets one", error.numbers, recipe.name, needed)
    if plan.batch < settings.batch and settings.memory is None:
        log.warning("memory is short: the decoder works on %d requests at once, not %d", plan.batch, settings.batch)
    return recipe, plan


def room_for(checkpoint: Checkpoint, settings: Settings, device: str) -> estimate.Room | None:
    """What a model has to fit into: what is set, else what is free; None where neither is known, as on a card."""
    if settings.memory is not None:
        return estimate.Room(num_bytes=settings.memory)
    if device != "cpu":
        return None
    free_bytes = free_memory_bytes(mapped_bytes=checkpoint.weights.num_bytes)
    return None if free_bytes is None else estimate.Room.free(free_bytes)


def fit(
    checkpoint: Checkpoint,
    family: Family,
    recipe: Recipe,
    settings: Settings,
    device: str,
    *,
    tasks_bytes: Mapping[str, int] | None = None,
) -> estimate.Plan:
    """How the model fits into `settings.memory`, or into what is free where that is not set.

    :param tasks_bytes: what tasks declare, by name
    :raises DoesNotFit: if it does not fit, with the numbers and the recipe that would
    """
    room = room_for(checkpoint, settings, device)
    prefix_cache_bytes = settings.prefix_cache_bytes if settings.reuse else 0
    if room is None:
        return estimate.Plan(need=estimate.Need(), batch=settings.batch, prefix_cache_bytes=prefix_cache_bytes)
    from atom_core.families.frames.budget import FrameBudget

    frames = FrameBudget(family, settings.frames)
    needs = _Needs(checkpoint, family, settings, device, sum((tasks_bytes or {}).values()))
    most = None if room.is_set else needs.at_most(recipe, frames.usual_tokens, prefix_cache_bytes)
    if most is not None and most.total <= room.num_bytes:  # far more room than it needs: not worth counting
        return estimate.Plan(need=most, batch=settings.batch, prefix_cache_bytes=prefix_cache_bytes)
    return estimate.plan(
        needs,
        source=settings.model,
        recipe=recipe,
        others=[] if checkpoint.saved_recipe else [other for other in recipes_for(device) if other != recipe],
        room=room,
        tasks=tuple(tasks_bytes or {}),
        batch=settings.batch,
        row_tokens=(frames.usual_tokens, frames.context_tokens),
        prefix_cache_bytes=prefix_cache_bytes,
    )


def least_needs(checkpoint: Checkpoint, family: Family, settings: Settings) -> dict[str, int]:
    """What a checkpoint needs on a processor at least, by recipe, bytes: one request at a time, no prefix cache."""
    from atom_core.families.frames.budget import FrameBudget

    tokens = FrameBudget(family, settings.frames).usual_tokens
    needs, saved = _Needs(checkpoint, family, settings, "cpu", 0), checkpoint.saved_recipe
    recipes = recipes_for("cpu") if saved is None else [recipe_of(saved, "cpu")]
    return {recipe.name: needs(recipe, 1, tokens).total for recipe in recipes}


class _Needs:
    """What a checkpoint needs in memory by recipe, rows and tokens, without the prefix cache."""

    def __init__(
        self, checkpoint: Checkpoint, family: Family, settings: Settings, device: str, tasks_bytes: int
    ) -> None:
        self._checkpoint, self._device, self._tasks_bytes = checkpoint, device, tasks_bytes
        self._number_bytes = 4 if device == "cpu" else 2
        self._encoding_bytes = estimate.encoding_bytes(
            checkpoint.config,
            frames=settings.most_frames,
            at_once=family.frames_at_once(settings.most_frames),
            workers=settings.workers,
            number_bytes=self._number_bytes,
        )
        self._batch = settings.batch
        self._model: PreTrainedModel | DirectModel | None = None
        self._counted: dict[str, dict[str, int]] = {}

    def __call__(self, recipe: Recipe, rows: int, tokens: int) -> estimate.Need:
        """Weights are counted exactly."""
        if recipe.name not in self._counted:
            self._counted[recipe.name] = self._weights(recipe)
        return self._need(rows, tokens, **self._counted[recipe.name])

    def at_most(self, recipe: Recipe, tokens: int, prefixes: int) -> estimate.Need | None:
        """No less than what weights as they are stored need, told by the files' headers; None for other recipes."""
        if recipe.kinds or self._checkpoint.saved_recipe:
            return None
        text = self._checkpoint.config.get_text_config()
        numbers = sum(stored.numel for stored in self._checkpoint.weights.tensors.values())
        numbers += int(text.vocab_size) * int(text.hidden_size)  # a tied head
        return self._need(self._batch, tokens, weights=numbers * self._number_bytes, prefixes=prefixes)

    def _need(self, rows: int, tokens: int, state_bytes: int = 0, **more: int) -> estimate.Need:
        """
        :param state_bytes: of a number of keys and values; 0 is as of all numbers
        """
        text, each = self._checkpoint.config.get_text_config(), state_bytes or self._number_bytes
        states = estimate.state_bytes(text, rows=num_rows(rows), tokens=tokens, number_bytes=each)
        reading = estimate.reading_bytes(text, rows=rows, tokens=tokens, number_bytes=self._number_bytes)
        return estimate.Need(states=states, work=self._encoding_bytes + reading, tasks=self._tasks_bytes, **more)

    def _empty_model(self) -> PreTrainedModel | DirectModel:
        direct = direct_model(self._checkpoint, self._device)
        if direct is not None:
            return direct
        from atom_core.checkpoint.load import empty_model

        return guarded(self._checkpoint.source, "config", lambda: empty_model(self._checkpoint.config))

    def _weights(self, recipe: Recipe) -> dict[str, int]:
        from atom_core.decoder.llama import is_plain

        if self._model is None:
            self._model = self._empty_model()
        saved = self._checkpoint.quantized.layers if self._checkpoint.quantized else {}
        kinds = saved or kinds_by_layer(self._model, recipe, self._device)
        model = self._model

        def count() -> dict[str, int]:
            return {
                "weights": estimate.weight_bytes(model, kinds, plain_bytes=self._number_bytes),
                "loading": estimate.loading_bytes(model, kinds, saved=bool(saved)),
                "state_bytes": 2 if recipe.decoder == "bf16" and is_plain(model.get_decoder()) else 0,
            }

        return guarded(self._checkpoint.source, "weights", count)
