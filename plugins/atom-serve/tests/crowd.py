"""A hundred clients at once: ``python plugins/atom-serve/tests/crowd.py [CLIENTS] [SECONDS]``.

Starts a server of `tiny`, lets every client ask about one of two videos again and again, and says how long they waited,
whether any was told about another video, and how the server's memory went. Exit code 1 where something was wrong.
"""

from __future__ import annotations

import asyncio
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from bisect import bisect, insort
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import httpx

from atom_core.testing.videos import BLUE, RED, Shot, write_video

COLOUR = "Which colour comes first?"


def memory_bytes(process: int) -> int:
    """What a process holds now."""
    lines = Path(f"/proc/{process}/status").read_text(encoding="ascii").splitlines()
    return int(next(line for line in lines if line.startswith("VmRSS")).split()[1]) * 1024


def most_overtaken(times: list[tuple[float, float]]) -> int:
    """How many came later than some client and were answered before it: at most, which a busy machine does not change.

    :param times: when each asked, and was answered
    """
    ends: list[float] = []
    most = 0
    for _, end in sorted(times, reverse=True):  # from who came last
        most = max(most, bisect(ends, end))
        insort(ends, end)
    return most


async def crowd(address: str, token: str, process: int, clients: int, seconds: float) -> int:
    """Let all ask; 1 if one was told something else than the first who asked that."""
    times: list[tuple[float, float]] = []
    wrong: list[str] = []
    options: dict[str, Any] = {"headers": {"authorization": f"Bearer {token}"}, "timeout": 600, "verify": False}
    async with AsyncExitStack() as stack:
        each = [
            await stack.enter_async_context(
                httpx.AsyncClient(base_url=address, limits=httpx.Limits(keepalive_expiry=None), **options)
            )
            for _ in range(clients)
        ]

        async def ask(client: httpx.AsyncClient, name: str) -> str:
            content = [{"type": "video_url", "video_url": {"url": name}}, {"type": "text", "text": COLOUR}]
            body = {"model": "tiny", "messages": [{"role": "user", "content": content}], "max_tokens": 8}
            answer = await client.post("/v1/chat/completions", json=body)
            answer.raise_for_status()
            return str(answer.json()["choices"][0]["message"]["content"])

        expected = {name: await ask(each[0], name) for name in ("0.mp4", "1.mp4")}
        # all are connected before the clock runs: who still has to is overtaken by those who ask again meanwhile,
        # before the server knows of it
        await asyncio.gather(*(client.get("/v1/models") for client in each))
        end_s = time.monotonic() + seconds

        async def one(number: int) -> None:
            name = f"{number % 2}.mp4"
            while time.monotonic() < end_s:
                start = time.monotonic()
                said = await ask(each[number], name)
                times.append((start, time.monotonic()))
                if said != expected[name]:
                    wrong.append(f"{name}: {said!r}")

        held = [memory_bytes(process)]
        asking = [asyncio.create_task(one(number)) for number in range(clients)]
        while not all(task.done() for task in asking):
            await asyncio.sleep(max(seconds / 10, 0.1))
            held.append(memory_bytes(process))
        await asyncio.gather(*asking)
    waits = [end - start for start, end in times]
    median, overtaken = statistics.median(waits), most_overtaken(times)
    sys.stdout.write(
        f"{clients} clients, {len(waits)} answers in {seconds:g} s; waited {median:.2f} s (median), {max(waits):.2f} s"
        f" ({max(waits) / median:.1f} times) at most; up to {overtaken} came after somebody and were answered before;"
        f" {sorted(set(expected.values()))}; wrong: {wrong[:5] or 0};"
        f" memory {' '.join(f'{size / 2**20:.0f}' for size in held)} MiB\n"
    )
    return int(bool(wrong))


def main() -> int:
    """Start the server, let the crowd in, end the server."""
    clients, seconds = int(sys.argv[1]) if len(sys.argv) > 1 else 100, float((*sys.argv, "60")[2])
    with tempfile.TemporaryDirectory() as folder:
        for number, colours in enumerate(((RED, BLUE), (BLUE, RED))):
            write_video(Path(folder) / f"{number}.mp4", shots=[Shot(24, colour) for colour in colours])
        own = {"XDG_CACHE_HOME": folder, "ATOM_CACHE": f"{folder}/atom", "ATOM_LIBRARY": f"{folder}/library"}
        program = [str(Path(sys.executable).with_name("atom")), "serve", "--model", "tiny"]
        environ = {**os.environ, **own}
        started = subprocess.run(
            [*program, "--background", "--port", "0", "--allow", folder, "--json"],
            env=environ,
            capture_output=True,
            text=True,
            check=True,
        )
        told = json.loads(started.stdout)[0]
        token = Path(told["token_file"]).read_text(encoding="ascii").strip()
        try:
            return asyncio.run(crowd(told["address"], token, told["process"], clients, seconds))
        finally:
            subprocess.run([*program, "--stop"], env=environ, check=True, capture_output=True)


if __name__ == "__main__":
    sys.exit(main())
