"""Words that patterns of several kinds of questions share."""

from __future__ import annotations

from atom_reasoning.reading.scope import VIDEO

A_VIDEO = rf"(?:(?:this|the|that|whole|entire|full)(?: whole| entire| full)? {VIDEO}|it|this)"
