"""What searches find in a library of which pictures, speech and titles are known; run it by hand.

``python measure_recall.py PAIRS ABSENT EMBEDDER``: the files of ``atom bench retrieval`` and the folder of a text
embedder. Forty videos of one shot each, with a caption, two sentences that are said and a title; and the same captions
without anything said or written, to see what that costs searches for pictures.
"""

from __future__ import annotations

import sys
import tempfile
from contextlib import closing
from pathlib import Path

import atom_indexing
import numpy as np
from atom_indexing.library import ChromaLibrary

import atom_core as atom
from atom_core.embedder.embedder import Embedder
from atom_core.testing.fakes import FakeHost

NUM = 40
SAID = """
We close the bridge on Monday for repairs.|bridge closed on Monday
The price went up to nineteen dollars a kilo.|what does it cost per kilo
My grandmother came here from Lisbon in nineteen fifty four.|where the grandmother came from
Never open the valve before the pressure is down.|"open the valve"
The committee will vote on the budget next week.|vote about money
I forgot my umbrella on the ferry again.|umbrella on the ferry
He was born on a leap day, so he is only seven.|born on the twenty-ninth of February
Our server crashed twice during the launch.|"crashed twice"
The doctor said I should sleep more and worry less.|medical advice about rest
Please keep your seat belts fastened.|seat belts fastened
They found a Roman coin under the kitchen floor.|ancient money discovered in a house
The recipe needs two eggs and a pinch of salt.|pinch of salt
You can see Mount Fuji from the hotel window.|"Mount Fuji"
We missed the last bus and walked for three hours.|had to go on foot at night
The interest rate stays at four percent.|interest rate
She resigned because of the scandal.|why did she quit her job
The satellite lost contact at dawn.|satellite lost contact
Nobody believed that the treaty would hold.|doubts about the peace agreement
I would like a table for six near the window.|"table for six"
The warranty covers all parts for five years.|how long is the guarantee
""".strip().splitlines()
FILLING = """
And that is how it went on for the rest of the afternoon.
So let us have a look at the next one.
I think we should talk about this again tomorrow.
It was much better than I had expected.
Thank you all for coming here tonight.
We have been working on this for a long time.
That is a very good question indeed.
There is not much more to say about it.
First of all, welcome back to the channel.
Maybe you have seen that one before.
""".strip().splitlines()
WRITTEN = """
Kowalczyk Bakery since 1931|Kowalczyk bakery
Prof. Anna Lindqvist, geologist|Anna Lindqvist
Chapter 12: The long way home|"The long way home"
Warning: high voltage|danger of electric shock
Exit 42 Fjordgata|Fjordgata exit
Copenhagen, 14 March 1987|Copenhagen 1987
Sale ends Sunday|discount until the weekend
Written and directed by M. Okafor|"directed by M. Okafor"
Platform 7 Bergen|platform 7
Breaking: mayor steps down|mayor steps down
Quarterly revenue by region|chart of sales figures
No swimming beyond this point|bathing is not allowed
Do not feed the pelicans|feed the pelicans
Departure delayed 45 min|late flight
Step 3: tighten both screws|"tighten both screws"
Lost dog, reward 200|missing pet poster
Vote today 8 to 18|vote today
Organic honey 500 g|jar of honey label
Camera: Jonas Weber|Jonas Weber
Thank you for watching|end credits of a video
""".strip().splitlines()


def pairs_of(file: str) -> list[tuple[str, str]]:
    rows = [line.split("\t") for line in Path(file).read_text().splitlines() if line and not line.startswith("#")]
    return [(row[1], row[2]) for row in rows if row[0] not in ("german", "french")]


class Tasks:
    """Captions, speech and titles by the number in a video's name."""

    def __init__(self, captions, kind, said, written):
        self.captions, self.kind, self.said, self.written = captions, kind, said, written
        self.consumes, self.produces = {
            "caption": (atom.Clip, atom.Caption),
            "transcribe": (atom.Video, tuple[atom.Utterance, ...]),
            "read": (atom.Clip, tuple[atom.WrittenText, ...]),
        }[kind]

    def run(self, item):
        video = item if isinstance(item, atom.Video) else item.video
        number = int(video.path.stem)
        if self.kind == "caption":
            return atom.Caption(clip=item, text=self.captions[number])
        if self.kind == "read":
            texts = [self.written[number]] if number < len(self.written) else []
            return tuple(atom.WrittenText(text=it, start_s=0.5, end_s=3, box=(0, 0.8, 1, 0.9)) for it in texts)
        texts = [self.said[number]] if number < len(self.said) else []
        texts.append(FILLING[number % len(FILLING)])
        return tuple(atom.Utterance(text=it, start_s=at, end_s=at + 1) for at, it in enumerate(texts))


def figures(captions, searches, absent, embedder, *, words, folder):
    settings = atom.Settings(model="fake", library=Path(folder) / f"library {len(captions)} {words}", cache=folder)
    said = [line.split("|")[0] for line in SAID]
    written = [""] * (len(captions) - len(WRITTEN)) + [line.split("|")[0] for line in WRITTEN]
    kinds = ("caption", "transcribe", "read") if words else ("caption",)
    tasks = {kind: Tasks(captions, kind, said, written) for kind in kinds}
    shows = {f"{number}.mp4": [caption] for number, caption in enumerate(captions)}
    with closing(ChromaLibrary.open(settings, "fake@1")) as library:
        host = FakeHost(
            atom_indexing,
            shows=shows,
            tasks=tasks,
            settings=settings,
            library=library,
            modules={"embedder": embedder},
        )
        for name in shows:
            host.run("index-video", host.video(name))
        hits, wrong, refused = [], [], []
        for text, name in searches:
            found = host.run("search", atom.Query(text=text, limit=5))
            hits.append(bool(found) and found[0].path.name == name)
            refused.append(not found or found[0].fits is False)
            if not hits[-1]:
                got = [
                    (one.path.name, round(one.score, 2), one.channels, [q.text for q in one.quotes])
                    for one in found[:1]
                ]
                wrong.append((text, name, got))
        nothing = [not (found := host.run("search", atom.Query(text=text))) or not found[0].fits for text in absent]
    return np.mean(hits), np.mean(refused), np.mean(nothing or [0]), wrong


def main(pairs_file, absent_file, model):
    pairs, absent = pairs_of(pairs_file), Path(absent_file).read_text().split("\n")
    absent = [line for line in absent if line and not line.startswith("#")]
    embedder = Embedder(atom.Settings(embedder=model))
    with tempfile.TemporaryDirectory() as folder:
        captions = [caption for caption, _ in pairs]
        seen = [(search, f"{number}.mp4") for number, (_, search) in enumerate(pairs)]
        for words in (False, True):
            found, refused, nothing, wrong = figures(captions, seen, absent, embedder, words=words, folder=folder)
            print(
                f"{len(pairs)} searches for pictures, speech and titles {'there' if words else 'not there'}:", end=" "
            )
            print(f"Recall@1 {found:.3f}, refused {refused:.3f}, absent ones called absent {nothing:.3f}")
            for row in wrong:
                print("   ", *row)
        captions = captions[:NUM]
        said = [(line.split("|")[1], f"{number}.mp4") for number, line in enumerate(SAID)]
        written = [(line.split("|")[1], f"{NUM - len(WRITTEN) + number}.mp4") for number, line in enumerate(WRITTEN)]
        for name, searches in (("pictures", seen[:NUM:2]), ("speech", said), ("titles", written)):
            found, refused, _, wrong = figures(captions, searches, [], embedder, words=True, folder=f"{folder}/{name}")
            print(f"40 videos, {len(searches)} searches for {name}: Recall@1 {found:.2f}, called absent {refused:.2f}")
            for row in wrong:
                print("   ", *row)


if __name__ == "__main__":
    main(*sys.argv[1:])
