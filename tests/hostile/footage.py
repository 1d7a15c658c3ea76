"""Writes videos of the embedded model's world: ``footage.py FOLDER COUNT SHOTS``; a program, not a test.

Each shot is a single thing; prints JSON, what each shot of each file shows.
"""

import json
import sys
from fractions import Fraction
from pathlib import Path

import numpy as np
from atom_tiny import language, mp4, world

FORM = {"width": 128, "height": 96, "fps": Fraction(12), "preset": "ultrafast", "sound": False}


def main(folder: Path, count: int, shots: int) -> None:
    """Write them."""
    truth = {}
    folder.mkdir(parents=True, exist_ok=True)
    for number in range(count):
        rng = np.random.default_rng(number)
        clips = [world.sample_clip(rng, count=1, relation="alone", aspect=(4, 3)) for _ in range(shots)]
        name = f"w{number:04}.mp4"
        mp4.write(folder / name, [mp4.Shot(clip=clip, num_frames=14) for clip in clips], mp4.Format(**FORM), rng)
        truth[name] = [language.caption(clip) for clip in clips]
    print(json.dumps(truth))


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))
