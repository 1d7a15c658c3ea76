"""The modules of one host: loaded once, lent to tasks, looked at when they come back, closed once."""
