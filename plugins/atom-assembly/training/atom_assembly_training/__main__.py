"""Train the networks, and say what they read of persons that were left out.

python -m atom_assembly_training [--leave-out PERSON,PERSON] [--taggers 2] [--planners 3] [--out FILE]

A graphics card makes minutes of what takes an hour on two cores.
"""

from __future__ import annotations

import argparse
import json
import random
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import TypeVar

import atom_assembly.requests.learned.guess as guess
import attrs
import torch
from atom_assembly.requests.learned.network import SIGNS, TAGS, Planner, Shape, Tagger
from atom_assembly.requests.learned.words import words
from safetensors.torch import save_file
from torch import Tensor, nn

from atom_assembly_training.corpus import Wording, others, wordings
from atom_assembly_training.filling import Example, Filler

BATCH, RATE, WORD_DROPOUT, DROPOUT = 64, 3e-3, 0.1, 0.35
FORMS = 12
"""In how many forms each wording is learned, in turn."""
TAGGER, PLANNERS = Shape(vocabulary=(), width=48, state=80), (96, 112, 128)
"""The sizes of taggers; the states of planners, which differ so that their errors do."""
EPOCHS = {"tagger": 40, "planner": 80}
_IGNORED = -100
Net = TypeVar("Net", Tagger, Planner)
Loss = Callable[[Net, list[Example]], Tensor]


def trained(network: Net, loss: Loss[Net], forms: Sequence[list[Example]], epochs: int, seed: int) -> Net:
    """A network that learned from examples, in another form each time."""
    rng = random.Random(seed)
    device = "cuda" if torch.cuda.is_available() else "cpu"
    network.to(device).train()
    steps = epochs * (max(map(len, forms)) // BATCH + 1)
    optimizer = torch.optim.AdamW(network.parameters(), RATE, weight_decay=0.02)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, RATE, total_steps=steps, pct_start=0.1)
    for epoch in range(epochs):
        rows = sorted(forms[epoch % len(forms)], key=lambda one: len(one.masked) + rng.random() * 6)
        batches = [rows[at : at + BATCH] for at in range(0, len(rows), BATCH)]
        rng.shuffle(batches)
        total = 0.0
        for batch in batches:
            found = loss(network, batch)
            optimizer.zero_grad()
            found.backward()
            nn.utils.clip_grad_norm_(network.parameters(), 1.0)
            optimizer.step()
            schedule.step()
            total += found.item()
        print(f"{type(network).__name__} {seed}, epoch {epoch + 1} of {epochs}: {total / len(batches):.3f}", flush=True)
    return network.cpu().eval()


def tagging_loss(network: Tagger, batch: list[Example]) -> Tensor:
    """How far it is from what each word is."""
    tags = network([one.row for one in batch], WORD_DROPOUT)
    told = torch.full(tags.shape[:2], _IGNORED)
    for at, one in enumerate(batch):
        told[at, : len(one.tags)] = torch.tensor([TAGS.index(tag) for tag in one.tags])
    return nn.functional.cross_entropy(tags.flatten(0, 1), told.flatten().to(tags.device), ignore_index=_IGNORED)


def planning_loss(network: Planner, batch: list[Example]) -> Tensor:
    """How far it is from what comes next, where all before was right."""
    read = network.read([one.masked for one in batch], [one.numbers for one in batch], WORD_DROPOUT)
    goals = [[*map(_place, one.program or ()), SIGNS.index("end")] for one in batch]
    longest = max(map(len, goals))
    goal_BS = torch.tensor([[*goal, *[_IGNORED] * (longest - len(goal))] for goal in goals])
    last_BS = torch.cat([torch.full((len(batch), 1), -1), goal_BS[:, :-1].clamp(min=0)], 1)
    things_BS = last_BS - len(SIGNS)
    one_hot_BST = nn.functional.one_hot(things_BS.clamp(min=0), read.words_BTL.shape[1])
    counts_BST = (one_hot_BST * (things_BS >= 0).unsqueeze(-1)).cumsum(1)
    device = read.state_BH.device
    logits, _ = network.told(read, last_BS.to(device), counts_BST.to(device), read.state_BH)
    return nn.functional.cross_entropy(logits.flatten(0, 1), goal_BS.flatten().to(device), ignore_index=_IGNORED)


def _place(sign: str | int) -> int:
    return len(SIGNS) + sign - 1 if isinstance(sign, int) else SIGNS.index(sign)


def vocabulary(rows: Iterable[Sequence[str]]) -> tuple[str, ...]:
    """The words that stand in more than one place."""
    counted = Counter(word for row in rows for word in row)
    return tuple(word for word, number in counted.items() if number > 1)


def save(networks: guess.Networks, path: Path) -> None:
    """Write networks for `Networks.opened`."""
    named: dict[str, Tagger | Planner] = {f"tagger{at}": one for at, one in enumerate(networks.taggers)}
    named |= {f"planner{at}": one for at, one in enumerate(networks.planners)}
    weights = {
        f"{name}.{key}": value.half().contiguous()
        for name, network in named.items()
        for key, value in network.state_dict().items()
    }
    shapes = {name: attrs.asdict(network.shape) for name, network in named.items()}
    save_file(weights, path, metadata={"shapes": json.dumps(shapes)})
    path.chmod(0o644)


def learned(known: Sequence[Wording], taggers: int, planners: int) -> guess.Networks:
    """Networks that learned from wordings: first what each word is, then what is asked for."""
    filler = Filler(0)
    forms = [[made for one in known if (made := filler.example(one))] for _ in range(FORMS)]
    vocabulary_ = vocabulary(one.masked for one in forms[0])
    tagging = []
    for seed in range(taggers):
        torch.manual_seed(seed)
        tagger = Tagger(attrs.evolve(TAGGER, vocabulary=vocabulary_), DROPOUT)
        tagging.append(trained(tagger, tagging_loss, forms, EPOCHS["tagger"], seed))
    more = [one for text in others() if (one := _other(tagging, text))]
    told = [[one for one in form if one.program] + more for form in forms]
    planning = []
    for seed in range(planners):
        torch.manual_seed(seed)
        planner = Planner(Shape(vocabulary=vocabulary_, state=PLANNERS[seed % len(PLANNERS)]), DROPOUT)
        planning.append(trained(planner, planning_loss, told, EPOCHS["planner"], seed))
    return guess.Networks(tagging, planning)


def _other(taggers: Sequence[Tagger], text: str) -> Example | None:
    """A request for something else, with what the taggers take for its things."""
    row = [word.text.casefold() for word in words(text)]
    masked = guess.mask(row, guess.tagged(taggers, row)[0])
    if not masked.things:
        return None
    return Example(row=[], tags=[], masked=list(masked.row), numbers=list(masked.numbers), program=[guess.OTHER])


def measured(networks: guess.Networks, known: Iterable[Wording]) -> str:
    """How many wordings are read right, in all and of the surer ones."""
    filler, found = Filler(5), []
    for wording in known:
        one = filler.example(wording, untidy=False)
        if one is None or not one.program:
            continue
        made = networks.of_row(one.row)
        found.append((made.probability if made else 0.0, made is not None and list(made.program) == one.program))
    lines = []
    for least in (0.0, 0.6, 0.9):
        own = [right for probability, right in found if probability >= least]
        lines.append(f"sure from {least}: {len(own)} of {len(found)}, right {100 * sum(own) / max(len(own), 1):.1f} %")
    return "\n".join(lines)


def main() -> None:
    """Train as the arguments say."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--leave-out", type=lambda text: text.split(","), default=[], metavar="PERSON,...")
    parser.add_argument("--taggers", type=int, default=2)
    parser.add_argument("--planners", type=int, default=3)
    parser.add_argument("--out", type=Path, default=Path(guess.__file__).with_name("weights.safetensors"))
    args = parser.parse_args()
    networks = learned(wordings(args.leave_out), args.taggers, args.planners)
    save(networks, args.out)
    if args.leave_out:
        print(measured(networks, [one for one in wordings() if one.person in args.leave_out]))


if __name__ == "__main__":
    main()
