"""Exit codes of ``atom``; imports nothing, so that they are known before all else."""

OK, SOME_FAILED, MISTAKE, INTERRUPTED, BROKEN_PIPE = 0, 1, 2, 130, 141
