"""Graphs of tasks, the threads that run them, and the journal by which a run goes on."""
