"""Questions whose wording no pattern was written for: their kind by likeness to known ones, then what they are about."""
