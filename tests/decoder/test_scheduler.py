"""Who is served when, without a model: what somebody waits for first, then tasks in turn."""

from __future__ import annotations

import pytest

from atom_core.call_context import Caller, Cancel
from atom_core.decoder import PREFILL_TOKENS, num_rows
from atom_core.decoder.request import DecodeRequest, looping
from atom_core.decoder.scheduler import Prefix, Scheduler, prefill_groups
from atom_core.families.prompt import Prompt, Visual
from atom_core.records import Features
from atom_core.testing.fakes import fake_clips, fake_features, fake_video

CLIPS = [fake_features(clip, str(clip.index), num_tokens=4) for clip in fake_clips(fake_video(), 3)]


class Kept:
    """Prefixes by name, as a store keeps them."""

    def __init__(self) -> None:
        self.prefixes: set[Prefix] = set()

    def missing(self, request: DecodeRequest) -> Prefix:
        return () if request.shared_prefix in self.prefixes else request.shared_prefix

    def num_reused(self, request: DecodeRequest) -> int:
        return request.prompt.visual_end if request.shared_prefix in self.prefixes else 0


def asked(
    task: str = "t",
    *,
    urgent: bool = False,
    clip: Features | None = None,
    length: int = 4,
    cancelled: Cancel | None = None,
    new: int = 8,
) -> DecodeRequest:
    """A request of `length` words, after a clip if there is one."""
    visuals = () if clip is None else (Visual(start=1, features=clip, row=0, num_tokens=4),)
    prompt = Prompt(ids=tuple(range((5 if visuals else 0) + length)), visuals=visuals)
    caller = Caller(task=task, interactive=urgent, cancelled=cancelled or Cancel())
    return DecodeRequest(prompt=prompt, max_new_tokens=new, caller=caller)


class Decoder:
    """A scheduler and what an engine does with it, without a model: `log` tells what was prefilled and decoded."""

    def __init__(self, max_rows: int, *, pads: bool = True) -> None:
        self.kept = Kept()
        self.scheduler = Scheduler(max_rows, self.kept, pads=pads)
        self.log: list[tuple[str, list[DecodeRequest]]] = []

    def add(self, *requests: DecodeRequest) -> tuple[DecodeRequest, ...]:
        for request in requests:
            self.scheduler.add(request)
        return requests

    def turn(self) -> None:
        """One round of the engine's loop."""
        scheduler = self.scheduler
        scheduler.admit()
        if scheduler.prefilling:
            group = scheduler.next_prefill()
            self.log.append(("prefill", group))
            scheduler.start(group)
            for request in group:
                self.kept.prefixes.add(request.shared_prefix)
                request.tokens.append(0)
        if scheduler.decodes_now:
            self.log.append(("decode", list(scheduler.running)))
            for request in scheduler.running:
                request.tokens.append(0)
        done = [row for row, r in enumerate(scheduler.running) if len(r.tokens) >= r.max_new_tokens]
        for row in reversed(done):
            scheduler.leave(row)

    def run(self) -> list[DecodeRequest]:
        """Rounds until all is done; the requests in the order in which they were prefilled."""
        for _ in range(1000):
            if not self.scheduler.requests:
                return [request for what, group in self.log if what == "prefill" for request in group]
            self.turn()
        raise AssertionError(f"{len(self.scheduler.requests)} requests are never served")


def test_interactive_requests_go_ahead_of_bulk_work() -> None:
    """Of what waits, what somebody waits for is served first."""
    decoder = Decoder(1)
    decoder.add(*(asked("bulk") for _ in range(5)))
    (question,) = decoder.add(asked("ask", urgent=True))
    assert decoder.run()[0] is question


def test_interactive_requests_have_a_row_of_their_own() -> None:
    """However full the decoder is; bulk work waits for a row, and with one row everybody does."""
    for max_rows in (2, 1):
        decoder = Decoder(max_rows)
        decoder.add(*(asked("bulk") for _ in range(4)))
        decoder.turn()
        decoder.add(asked("ask", urgent=True), asked("ask", urgent=True))
        decoder.run()
        batches = [group for what, group in decoder.log if what == "decode"]
        assert max(map(len, batches)) == num_rows(max_rows) == (3 if max_rows == 2 else 1)
        assert all(any(r.caller.interactive for r in group) for group in batches if len(group) > max_rows)


def test_interactive_requests_are_prefilled_next_and_decoded_meanwhile() -> None:
    """Bulk work that has rows and is not prefilled yet lets a question pass, and does not hold it up afterwards."""
    decoder = Decoder(8)
    bulk = decoder.add(*(asked(f"bulk {n}", length=4 * 3**n) for n in range(4)))
    decoder.turn()
    (question,) = decoder.add(asked("ask", urgent=True))
    decoder.run()
    assert decoder.log[0] == ("prefill", [bulk[0]])
    assert decoder.log[1] == ("prefill", [question])
    last = decoder.log.index(("prefill", [bulk[3]]))
    assert any(what == "decode" and question in group for what, group in decoder.log[2:last])


def test_rows_that_are_not_prefilled_yet_are_taken() -> None:
    """Of many questions that come meanwhile, as many find a row as are free."""
    decoder = Decoder(2)
    decoder.add(asked("bulk"), asked("bulk", length=100))
    decoder.turn()
    decoder.add(*(asked("ask", urgent=True) for _ in range(4)))
    decoder.scheduler.admit()
    assert (len(decoder.scheduler.running), len(decoder.scheduler.prefilling)) == (1, 2)
    assert len(decoder.run()) == 6


def test_bulk_work_is_prefilled_before_any_of_it_is_decoded() -> None:
    """The rows of a batch then share all their steps."""
    decoder = Decoder(8)
    decoder.add(*(asked(f"bulk {n}", length=4 * 3**n) for n in range(4)))
    decoder.run()
    assert [what for what, _ in decoder.log][:5] == ["prefill"] * 4 + ["decode"]
    assert [len(group) for what, group in decoder.log if what == "decode"] == [4] * 7


def test_tasks_are_served_in_turn() -> None:
    """A task with many requests does not keep another waiting until all are done."""
    decoder = Decoder(1)
    decoder.add(*(asked("early") for _ in range(4)), *(asked("late") for _ in range(4)))
    assert [request.caller.task for request in decoder.run()] == ["early", "late"] * 4


def test_a_task_that_comes_back_starts_level() -> None:
    """It neither jumps the queue for having been idle, nor pays for what it was given before."""
    for idle in ("was idle", "was busy"):
        decoder = Decoder(1)
        decoder.add(*(asked("was busy") for _ in range(6)))
        decoder.run()
        decoder.log.clear()
        decoder.add(*(asked("other") for _ in range(6)))
        for _ in range(20):  # three of them are served
            decoder.turn()
        decoder.add(*(asked(idle) for _ in range(2)))
        order = [request.caller.task for request in decoder.run()]
        assert order == ["other"] * 4 + [idle, "other", idle, "other"]


def test_long_answers_count_for_more_than_short_ones() -> None:
    """Turns are counted in tokens, prompt and answer, not in requests."""
    decoder = Decoder(1)
    decoder.add(*(asked("long", new=60) for _ in range(3)), *(asked("short", new=8) for _ in range(9)))
    tasks = [request.caller.task for request in decoder.run()]
    assert tasks[:6] == ["long", *["short"] * 5]


def test_one_request_computes_a_prefix_and_the_others_wait_for_it() -> None:
    """Of several about a clip that nobody has asked about, one is prefilled; the others then reuse it together."""
    decoder = Decoder(8)
    first, *others = decoder.add(*(asked("t", clip=CLIPS[0]) for _ in range(4)))
    (other_clip,) = decoder.add(asked("t", clip=CLIPS[1]))
    decoder.turn()
    assert decoder.log[0] == ("prefill", [first, other_clip])
    assert decoder.scheduler.num_sharing(first) == 4
    assert decoder.scheduler.num_sharing(other_clip) == 1
    decoder.turn()
    prefills = [group for what, group in decoder.log if what == "prefill"]
    assert prefills[1] == others


def test_the_prefix_that_a_question_waits_for_is_computed_next() -> None:
    """Bulk work that computes it goes ahead of other bulk work."""
    decoder = Decoder(8)
    bulk = decoder.add(
        asked("bulk", length=4), asked("bulk", length=40, clip=CLIPS[0]), asked("bulk", length=400, clip=CLIPS[1])
    )
    decoder.turn()
    (question,) = decoder.add(asked("ask", urgent=True, clip=CLIPS[1], length=2))
    order = decoder.run()
    assert order == [bulk[0], bulk[2], question, bulk[1]]


def test_requests_without_a_clip_share_nothing() -> None:
    """Texts have no prefix that is worth waiting for."""
    decoder = Decoder(4)
    requests = decoder.add(*(asked() for _ in range(4)))
    decoder.turn()
    assert decoder.log[0] == ("prefill", list(requests))
    assert decoder.scheduler.num_sharing(requests[0]) == 1


@pytest.mark.parametrize("pads", [True, False])
def test_prompts_of_similar_length_are_prefilled_together(pads: bool) -> None:
    """None is padded to more than twice its length; without padding each is prefilled alone."""
    requests = [asked(length=length) for length in (30, 10, 19, 100, 20, 61)]
    groups = [[len(r.prompt) for r in group] for group in prefill_groups(requests, lambda _: 0, pads=pads)]
    assert groups == ([[10, 19, 20], [30], [61, 100]] if pads else [[10], [19], [20], [30], [61], [100]])


def test_what_is_known_counts_for_nothing() -> None:
    """Groups are made by what is still to be computed."""
    requests = [asked(length=100), asked(length=104)]
    known = {id(requests[1]): 100}
    groups = prefill_groups(requests, lambda request: known.get(id(request), 0), pads=True)
    assert groups == [[requests[1]], [requests[0]]]


def test_a_prefill_has_an_upper_bound() -> None:
    """Groups end where padding would make them too large; a prompt that is longer is prefilled alone."""
    half = PREFILL_TOKENS // 2
    requests = [asked(length=half) for _ in range(5)] + [asked(length=3 * PREFILL_TOKENS)]
    assert [len(group) for group in prefill_groups(requests, lambda _: 0, pads=True)] == [2, 2, 1, 1]


def test_cancelled_requests_leave_every_queue() -> None:
    """Those that wait and those with rows, by their task or by who asked; the others go on."""
    decoder = Decoder(2)
    scheduler = decoder.scheduler
    cancel = Cancel()
    running = decoder.add(asked("stopped", cancelled=cancel), asked("goes on"))
    decoder.turn()
    waiting = decoder.add(asked("stopped", cancelled=cancel), asked("given up"), asked("waits"))
    assert scheduler.running == list(running)
    assert scheduler.take_cancelled() == []
    cancel.set()
    waiting[1].future.cancel()
    assert scheduler.take_cancelled() == [waiting[0], waiting[1]]
    assert scheduler.waiting == [waiting[2]]
    assert running[0].is_cancelled
    assert scheduler.leave(0) is running[1]
    assert scheduler.running == [running[1]]
    assert waiting[2] in decoder.run()


def test_the_last_row_moves_into_a_free_one() -> None:
    """Rows have no gaps; the last row moves nowhere."""
    decoder = Decoder(4)
    a, b, c = decoder.add(asked(), asked(), asked())
    decoder.turn()
    assert decoder.scheduler.leave(0) is c
    assert decoder.scheduler.running == [c, b]
    assert decoder.scheduler.leave(1) is b
    assert decoder.scheduler.running == [c]
    assert a not in decoder.scheduler.requests


def test_after_a_fault_only_what_waits_is_left() -> None:
    """All requests with rows are handed back, to be told."""
    decoder = Decoder(2)
    requests = decoder.add(asked(), asked(length=100), asked())
    decoder.turn()
    assert decoder.scheduler.clear() == [requests[1], requests[0]]
    assert decoder.scheduler.requests == (requests[2],)


def test_a_request_reuses_whole_keys_and_computes_what_is_wanted() -> None:
    """A clip is reused whole or not at all, and the last token, whose hidden state is wanted, never."""
    request = asked(clip=CLIPS[0], length=3)
    assert [request.reusable(known) for known in (0, 1, 4, 5, 7, 8)] == [0, 1, 1, 5, 7, 7]
    scoring = DecodeRequest(prompt=request.prompt, answer_from=6, caller=Caller())
    assert scoring.reusable(8) == 5, "the hidden state before the answer is wanted, too"
    assert scoring.num_answer_tokens == 2
    looks_ahead = Prompt(ids=request.prompt.ids, visuals=request.prompt.visuals, blocks=((1, 7),))
    blocked = DecodeRequest(prompt=looks_ahead, caller=Caller())
    assert blocked.reusable(8) == 7
    assert blocked.reusable(6) == 1, "a span that looks ahead is not cut"
    assert blocked.shared_prefix == ()


def test_a_loop_is_looked_for_now_and_then() -> None:
    """Looking at every token would cost more than a few tokens more of a loop."""
    request = asked()
    request.tokens = [7] * 40
    assert looping(request.tokens)
    assert request.loops
    request.tokens.append(7)
    assert not request.loops
