"""``atom bench decoder``: one request against several waiting ones, and first against second questions."""

from __future__ import annotations

import argparse
import statistics
from collections import defaultdict
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from functools import partial
from threading import Barrier
from typing import Any

from attrs import evolve

import atom_core as atom
from atom_bench import arguments, figures

REQUESTS = (
    ("caption", "Describe this clip in one sentence."),
    ("answer", "What colour is it?"),
    ("answer", "How many objects are there?"),
    ("summarize", "Summarize this clip in three words."),
    ("answer", "What moves?"),
    ("script", "Write the shots of a film about this clip, one per line:"),
    ("order", "What happens first, and what happens last?"),
    ("tags", "List what can be seen in this clip."),
)
"""Tasks and what they ask; request n is about clip n mod 2."""
NUM_CLIPS = 2
QUESTIONS = ("What colour is it?", "How many objects are there?", "What moves?")


class DecoderBench:
    """Measure the decoder: throughput of waiting requests, and how long the first token takes."""

    summary = "Tokens per second, one request against eight waiting ones; first and second questions about a clip"

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """Declare the arguments."""
        parser.add_argument("--tokens", type=arguments.count, default=32, metavar="N", help="tokens per request (32)")
        parser.add_argument("--rounds", type=arguments.count, metavar="N", help="rounds (3; 1 with --dimensions)")
        arguments.add_recipe_argument(parser)
        arguments.add_model_arguments(parser)

    def run(self, context: atom.CommandContext) -> None:
        """Measure every recipe, round by round; one result."""
        about, recipes, args = figures.machine(), arguments.recipes_of(context), context.args
        tokens, rounds = args.tokens, args.rounds or (1 if args.dimensions else 3)
        settings = evolve(arguments.model_settings(context), segment="whole", reuse=True)
        settings = evolve(settings, batch=max(settings.batch, len(REQUESTS)))
        plugins = context.host().plugins
        measured: dict[str, list[dict[str, Any]]] = defaultdict(list)
        with arguments.workplace() as folder, ExitStack() as stack:
            paths = arguments.make_videos(folder / "videos", NUM_CLIPS + rounds)
            hosts = {}
            for recipe in recipes:
                own = evolve(settings, quantize=recipe, cache=folder / recipe)
                hosts[recipe] = stack.enter_context(atom.open_host(own, plugins=plugins))
            clips = arguments.whole_clips(next(iter(hosts.values())), paths)
            shared, fresh = clips[:NUM_CLIPS], clips[NUM_CLIPS:]
            with context.progress("Decoding", rounds * len(hosts)) as progress:
                for clip in fresh:
                    for recipe, host in hosts.items():
                        found = throughput(host, shared, tokens)
                        measured[recipe].append(found | first_tokens(host, clip, tokens))
                        progress.advance()
        value = {"bench": "decoder", "machine": about, "model": settings.model, "frames": settings.most_frames}
        value |= result(measured, recipes)
        context.emit(value, text(value))
        if note := figures.busy_note(about):
            context.note(note)


def throughput(host: Any, clips: Sequence[atom.Clip], max_new_tokens: int) -> dict[str, Any]:
    """Tokens per second of requests of several tasks, one at a time and all waiting; whether they say the same."""
    from atom_core.call_context import Caller, caller

    features = host.encoder.encode_batch(clips)
    barrier = Barrier(len(REQUESTS))

    def ask(number: int, wait: bool, tokens: int) -> Any:
        task, words = REQUESTS[number]
        token = caller.set(Caller(task=task))
        try:
            if wait:
                barrier.wait()
            return host.decoder.generate([features[number % len(features)], words], max_new_tokens=tokens)
        finally:
            caller.reset(token)

    numbers = range(len(REQUESTS))
    with ThreadPoolExecutor(len(REQUESTS)) as pool:

        def ask_all(wait: bool, tokens: int) -> list[Any]:
            together = pool.map if wait else map
            return list(together(lambda number: ask(number, wait, tokens), numbers))

        for wait in (False, True):  # prefixes are read, and buffers have their size
            ask_all(wait, 2)
        before = _decode_steps(host)
        alone_s, alone = figures.timed(lambda: ask_all(False, max_new_tokens))
        middle = _decode_steps(host)
        together_s, together = figures.timed(lambda: ask_all(True, max_new_tokens))
        after = _decode_steps(host)
    return {
        "alone_tokens_per_s": sum(text.num_tokens for text in alone) / alone_s,
        "waiting_tokens_per_s": sum(text.num_tokens for text in together) / together_s,
        "alone_steps": middle - before,
        "waiting_steps": after - middle,
        "same": [str(text) for text in alone] == [str(text) for text in together],
    }


def _decode_steps(host: Any) -> int:
    return sum(host.ledger.as_dict()["batches"].get("decode", {}).values())


def first_tokens(host: Any, clip: atom.Clip, max_new_tokens: int) -> dict[str, Any]:
    """Seconds to the first token of the first question about a clip nobody has seen, and of those that follow.

    The later answers are compared with those of a decoder that has to read the clip anew: a copy of the features under
    another key has no prefix.
    """
    decoder, ledger = host.decoder, host.ledger

    def ask(question: str) -> float:
        seconds, _ = figures.timed(lambda: decoder.generate([host.encoder.encode(clip), question], max_new_tokens=1))
        return seconds

    before = ledger.as_dict()["prefill_tokens"]
    first_s = ask(QUESTIONS[0])
    middle = ledger.as_dict()["prefill_tokens"]
    later_s = [ask(question) for question in QUESTIONS[1:]]
    after = ledger.as_dict()["prefill_tokens"]
    features = host.encoder.encode(clip)
    warm = [decoder.generate([features, question], max_new_tokens=max_new_tokens) for question in QUESTIONS]
    cold, cold_s = [], []
    for number, question in enumerate(QUESTIONS):
        unread = evolve(features, key=f"{features.key}-{number}")
        seconds, _ = figures.timed(partial(decoder.generate, [unread, question], max_new_tokens=1))
        cold_s.append(seconds)
        unread = evolve(features, key=f"{features.key}-cold-{number}")
        cold.append(decoder.generate([unread, question], max_new_tokens=max_new_tokens))
    asked = after["requested"] - middle["requested"]
    return {
        "first_s": first_s,
        "features_known_s": statistics.median(cold_s),
        "later_s": statistics.median(later_s),
        "prompt_tokens": middle["requested"] - before["requested"],
        "prefix_hit": (after["reused"] - middle["reused"]) / asked if asked else 0.0,
        "same_as_cold": [str(text) for text in warm] == [str(text) for text in cold],
    }


def result(measured: Mapping[str, Sequence[Mapping[str, Any]]], recipes: Sequence[str]) -> dict[str, Any]:
    """The figures by recipe; ratios are round by round."""
    found = {}
    for recipe in recipes:
        rounds = measured[recipe]

        def column(name: str, rounds: Sequence[Mapping[str, Any]] = rounds) -> list[float]:
            return [one[name] for one in rounds]

        found[recipe] = {
            **{name: figures.spread(column(name)) for name in ("alone_tokens_per_s", "waiting_tokens_per_s")},
            "waiting_gain": figures.ratio(column("waiting_tokens_per_s"), column("alone_tokens_per_s")),
            "alone_steps": rounds[-1]["alone_steps"],
            "waiting_steps": rounds[-1]["waiting_steps"],
            **{name: figures.spread(column(name)) for name in ("first_s", "features_known_s", "later_s")},
            "later_gain": figures.ratio(column("first_s"), column("later_s")),
            "prefix_gain": figures.ratio(column("features_known_s"), column("later_s")),
            "prompt_tokens": rounds[-1]["prompt_tokens"],
            "prefix_hit": statistics.median(column("prefix_hit")),
            "same": all(one["same"] and one["same_as_cold"] for one in rounds),
        }
    return {"waiting_requests": len(REQUESTS), "recipes": found}


def text(value: Mapping[str, Any]) -> str:
    """The figures for people."""
    rows = [
        [
            recipe,
            f"{found['alone_tokens_per_s']['median']:.1f}",
            f"{found['waiting_tokens_per_s']['median']:.1f}",
            f"{found['waiting_gain']['median']:.2f}",
            f"{1000 * found['first_s']['median']:.0f}",
            f"{1000 * found['features_known_s']['median']:.0f}",
            f"{1000 * found['later_s']['median']:.0f}",
            f"{found['later_gain']['median']:.1f}",
            f"{100 * found['prefix_hit']:.0f} %",
            "same" if found["same"] else "DIFFER",
        ]
        for recipe, found in value["recipes"].items()
    ]
    waiting = f"{value['waiting_requests']} waiting"
    head = [
        "recipe",
        "tokens/s alone",
        waiting,
        "gain",
        "first ms",
        "clip encoded",
        "later",
        "gain",
        "hit",
        "answers",
    ]
    return figures.table(head, rows)
