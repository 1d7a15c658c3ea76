"""Looks at media files as Atom does: probed, cut, sampled; a program, not a test.

Reads paths as JSON lines, and answers each with ``faults``, ``refused``, ``mib`` (most memory since the last) and
``seconds`` of the processor.
"""

import json
import os
import resource
import sys
import time
import traceback
from itertools import pairwise
from pathlib import Path

answers = os.fdopen(os.dup(1), "w", buffering=1)
os.dup2(2, 1)
resource.setrlimit(resource.RLIMIT_CORE, (0, 0))

from atom_core.errors import MediaError
from atom_core.media.probe import find_videos, probe
from atom_core.media.sample import sample
from atom_core.media.segment import segment
from atom_core.quiet import quiet
from atom_core.settings import Settings

MOST_CLIPS = 100_000
SETTINGS = Settings(reuse=False)


def look(path: Path) -> list[str]:
    """What is wrong with what Atom makes of a file.

    :raises MediaError: if it makes nothing of it
    """
    files, refused = find_videos([path])
    if refused:
        raise refused[0][1]
    video = probe(files[0])
    clips = segment(video, SETTINGS)
    if len(clips) > MOST_CLIPS:
        return [f"{len(clips)} clips"]
    faults = []
    if clips[0].start_s != 0 or abs(clips[-1].end_s - video.duration_s) > 1e-6:
        faults.append("the clips do not cover the video")
    if any(abs(one.end_s - other.start_s) > 1e-6 for one, other in pairwise(clips)):
        faults.append("the clips have gaps")
    for clip in dict.fromkeys((*clips[:2], *clips[-2:])):
        frames = sample(clip, 3)
        if any(image.shape != (video.height, video.width, 3) for image in frames.images):
            faults.append(f"frames of {frames.images[0].shape}, the video is {video.height} high, {video.width} wide")
        if list(frames.timestamps_s) != sorted(frames.timestamps_s):
            faults.append("times that fall")
        if frames.timestamps_s[-1] > clip.end_s + 1e-3:
            faults.append("a frame after its clip")
    return faults


def judged(path: Path) -> dict:
    """What `look` finds, and whether a refusal is in shape."""
    try:
        return {"faults": look(path), "refused": False}
    except MediaError as error:
        said = str(error)
        lines = ["a refusal of several lines"] * ("\n" in said)
        return {"faults": lines + ["a refusal that names no file"] * (path.name not in said), "refused": True}
    except BaseException as error:
        place = traceback.extract_tb(error.__traceback__)[-1]
        return {"faults": [f"{type(error).__name__}: {error} ({place.filename}:{place.lineno})"], "refused": False}


def peak_mib() -> int:
    """Most memory since it was set back."""
    line = next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM"))
    return int(line.split()[1]) // 1024


def main() -> None:
    """Answer until nothing more is asked."""
    quiet()
    answers.write(json.dumps({"ready": True}) + "\n")
    for line in sys.stdin:
        Path("/proc/self/clear_refs").write_text("5")
        begun = time.process_time()
        found = judged(Path(json.loads(line)))
        answers.write(json.dumps({**found, "mib": peak_mib(), "seconds": time.process_time() - begun}) + "\n")


if __name__ == "__main__":
    main()
