"""The words by which a request says which, how often, where in the film, and what not."""

from __future__ import annotations

ARTICLES = frozenset(("a", "an", "the", "another", "one", "some"))
_LINKS = "of in on to at by for with from into onto that which who is are and while than"
LINKS = frozenset(_LINKS.split())
"""Words that a thing may have inside: "a dog on the beach", "that is barking"."""
WAYS = frozenset(("left", "right", "up", "down", "forward", "backward", "forwards", "backwards"))
_ALL = "all every each everything anything whatever any whole complete"
ALL = frozenset(_ALL.split())
_ONLY = "only just solely exclusively uniquely purely strictly merely entirely alone"
ONLY = frozenset(_ONLY.split())
_NOT = """
without no not never minus except excluding isn't aren't don't doesn't nothing none skip omit avoid ignore exclude drop
remove leave spare excluded hate hates hated dislike dislikes mustn't shouldn't can't cannot nor neither nobody omitting
avoiding skipping enough exception apart aside barring
"""
NOT = frozenset(_NOT.split())
_START = """
start starts starting begin begins beginning begin open opens opening opener intro first firstly lead leads front kick
initially 1st head hook commence commences commencing
"""
START = frozenset(_START.split())
_END = """
end ends ending finish finishes finishing close closes closing closer conclude concludes terminate terminates last
lastly final finally finale outro wrap tail payoff
"""
END = frozenset(_END.split())
MIDDLE = frozenset(("middle", "between", "centre", "center", "mid", "midway", "halfway"))
_RANKS = "second third fourth fifth sixth seventh eighth ninth tenth"
RANKS = {word: rank for rank, word in enumerate(_RANKS.split(), 2)} | {"2nd": 2, "3rd": 3, "4th": 4, "5th": 5}
"""Places in the film after the first, by number."""
_TURNS = """
bounce bounces bouncing swap toggle flip ping-pong zigzag alternate alternates alternating alternately intercut
intercuts intercutting interleave interleaved loop
"""
TURNS = frozenset(_TURNS.split())
_CUES = """
before after then next again times twice thrice followed preceded follows precedes together both same prior until
"""
CUES = frozenset(_CUES.split())
AGAIN = frozenset(("again", "back", "repeat", "reprise", "encore", "revisit", "replay", "replayed", "rerun"))
_SHOTS = """
shots clips scenes images pictures moments parts pieces videos recordings takes excerpts snippets segments extracts
visuals files entries samples views
"""
SHOTS = frozenset(_SHOTS.split())
ONE_SHOT = frozenset(("shot", "clip", "scene", "thing", "one", "object", "moment", "picture", "video"))
WHERE = frozenset(("which", "that", "where", "with", "of", "showing", "containing", "featuring", "have", "has", "from"))
THESE = frozenset(("that", "this", "it", "which", "those", "these", "them"))
REASONS = frozenset(("because", "since", "although", "though", "unless", "whereas", "cause", "cuz", "coz"))
"""Words that a reason begins with, which says nothing of the film."""
PERSONS = frozenset(("i", "we", "you", "they", "he", "she", "it", "my", "our", "your", "their", "his", "her"))
