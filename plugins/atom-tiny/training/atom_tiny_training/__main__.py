"""`python -m atom_tiny_training FOLDER`, in this folder's parent, trains the embedded model from nothing.

Run it again to resume.

Stages: `vision` and the first part of `decoder` side by side, a process and a core each; the rest of `decoder` in two
processes; then the checkpoint is written.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from atom_tiny_training.stages import STAGES, Plan, conclude, train


def main() -> None:
    """Parse the command line and train."""
    parser = argparse.ArgumentParser(prog="python -m atom_tiny_training", description=__doc__)
    parser.add_argument("folder", type=Path, help="where states, logs, plots and the checkpoint go")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--device", default="cpu", help="cpu or cuda")
    parser.add_argument("--processes", type=int, default=2, help="processes of the decoder's second part; 1 on a GPU")
    parser.add_argument("--scale", type=float, default=1.0, help="multiplies the minutes of every stage")
    parser.add_argument("--only", choices=[*STAGES, "export"], help="run one stage")
    args = parser.parse_args()
    plan = Plan(folder=args.folder, seed=args.seed, device=args.device, processes=args.processes).scaled(args.scale)
    wanted = [args.only] if args.only else [*STAGES, "export"]
    train(plan, wanted)
    conclude(plan, export="export" in wanted)


if __name__ == "__main__":
    main()
