"""Fakes, fixtures and the conformance suite for plugin authors."""
