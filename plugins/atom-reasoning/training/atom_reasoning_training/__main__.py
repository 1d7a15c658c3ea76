"""Train the networks, and say what they read of persons that were left out.

python -m atom_reasoning_training [--leave-out PERSON,PERSON] [--networks 3] [--out FILE]
"""

from __future__ import annotations

import argparse
import json
import re
from collections import Counter
from pathlib import Path

import atom_reasoning.learned.guess as guess
import attrs
import torch
from atom_reasoning.learned.network import Network, Shape
from atom_reasoning.learned.words import words
from safetensors.torch import save_file
from torch import Tensor, nn

from atom_reasoning_training.corpus import Wording, wordings
from atom_reasoning_training.filling import TAGS, Example, Filler

BATCH, EPOCHS, RATE, DROPOUT, WORD_DROPOUT = 48, 24, 3e-3, 0.35, 0.12
_IGNORED = -100


def shape_of(known: list[Wording]) -> Shape:
    """Of networks for these wordings."""
    counted = Counter(word.text.casefold() for one in known for word in words(re.sub(r"\{\w+\}", " ", one.text)))
    return Shape(
        vocabulary=tuple(word for word, number in counted.items() if number > 1),
        kinds=tuple(sorted({one.kind for one in known if one.label != "absent"})),
        tags=TAGS,
    )


def trained(known: list[Wording], shape: Shape, seed: int, epochs: int = EPOCHS) -> Network:
    """A network that learned from wordings, each in as many forms as there are epochs."""
    torch.manual_seed(seed)
    network, filler = Network(shape, DROPOUT), Filler(seed)
    steps = epochs * (len(known) // BATCH + 1)
    optimizer = torch.optim.AdamW(network.parameters(), RATE, weight_decay=0.02)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, RATE, total_steps=steps, pct_start=0.1)
    for epoch in range(epochs):
        examples, total = filler.examples(known), 0.0
        for at in range(0, len(examples), BATCH):
            loss = _loss(network, examples[at : at + BATCH])
            optimizer.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(network.parameters(), 1.0)
            optimizer.step()
            schedule.step()
            total += loss.item()
        print(f"network {seed}, epoch {epoch + 1} of {epochs}: loss {total / (len(examples) / BATCH):.3f}", flush=True)
    return network.eval()


def _loss(network: Network, batch: list[Example]) -> Tensor:
    kinds, tags = network([one.row for one in batch], word_dropout=WORD_DROPOUT)
    wanted = torch.tensor([network.shape.kinds.index(one.kind) if one.kind else _IGNORED for one in batch])
    told = torch.full(tags.shape[:2], _IGNORED)
    for at, one in enumerate(batch):
        told[at, : len(one.tags)] = torch.tensor([TAGS.index(tag) for tag in one.tags], dtype=torch.long)
    of_kinds = nn.functional.cross_entropy(kinds, wanted, ignore_index=_IGNORED, label_smoothing=0.03)
    return of_kinds + 1.5 * nn.functional.cross_entropy(tags.flatten(0, 1), told.flatten(), ignore_index=_IGNORED)


def save(networks: list[Network], path: Path) -> None:
    """Write networks for `Networks.opened`."""
    weights = {
        f"{at}.{name}": value.half().contiguous()
        for at, network in enumerate(networks)
        for name, value in network.state_dict().items()
    }
    save_file(weights, path, metadata={"shape": json.dumps(attrs.asdict(networks[0].shape))})
    path.chmod(0o644)


def measured(networks: list[Network], known: list[Wording]) -> str:
    """How many wordings are read right, what is asked and all that they name, and of the surer ones."""
    together, filler, found = guess.Networks(networks), Filler(5), []
    for one in filler.examples(known, untidy=False):
        if one.kind and (made := together.of_row(one.row)):
            named = (
                {
                    tag: " ".join(w for w, t in zip(one.row, one.tags, strict=True) if t == tag)
                    for tag in one.tags
                    if tag != "O"
                }
                if one.tags
                else made.named
            )
            found.append((made.probability, made.kind == one.kind, made.kind == one.kind and made.named == named))
    lines = []
    for least in (0.0, 0.5, 0.7, 0.8, 0.9):
        own = [one for one in found if one[0] >= least]
        right = [100 * sum(one[at] for one in own) / max(len(own), 1) for at in (1, 2)]
        lines.append(f"sure from {least}: {len(own)} of {len(found)}, kind {right[0]:.1f} %, all {right[1]:.1f} %")
    return "\n".join(lines)


def main() -> None:
    """Train as the arguments say."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--leave-out", type=lambda text: text.split(","), default=[], metavar="PERSON,...")
    parser.add_argument("--networks", type=int, default=3)
    parser.add_argument("--epochs", type=int, default=EPOCHS)
    parser.add_argument("--out", type=Path, default=Path(guess.__file__).with_name("weights.safetensors"))
    args = parser.parse_args()
    known = wordings(args.leave_out)
    shape = shape_of(known)
    networks = [trained(known, shape, seed, args.epochs) for seed in range(args.networks)]
    save(networks, args.out)
    if args.leave_out:
        print(measured(networks, [one for one in wordings() if one.person in args.leave_out]))


if __name__ == "__main__":
    main()
