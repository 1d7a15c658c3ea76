"""Words that patterns of several kinds of questions share."""

from __future__ import annotations

from atom_reasoning.reading.scope import VIDEO

A_VIDEO = rf"(?:(?:this|the|that|whole|entire|full)(?: whole| entire| full)? {VIDEO}|it|this)"
WITH = (
    r"(?:with|of|involv(?:e|es|ing)|show(?:s|ing|n)?|ha(?:ve|s|ving)|contain(?:s|ing)?|featur(?:e|es|ing)|includ(?:e|es|ing)|depict(?:s|ing)?|"
    r"display(?:s|ing)?|where|when|in which|during which|on which|that (?:show|shows|have|has|contain|contains|feature|features|include|includes|depict|depicts)|"
    r"which (?:show|shows|have|has|contain|contains|feature|features)|do|does|is|are|can|could|did|was|were|there (?:is|are)|we see|you see|you can see|can you see|do you see|do we see)"
)
"""What leads to the thing that a shot shows: "with", "that contain", "in which"."""
HAPPENS = r"(?:happen(?:s|ed|ing)?|goes on|going on|go on|occurs?|occurring|takes? place|taking place|is up|is (?:there|shown|seen|visible|displayed|depicted|presented|on|being shown|on display|featured|to be seen|to see|happening|going on|occurring)|(?:can|could) be (?:seen|observed|found)|(?:do|can|could|does|did|are|will|would) (?:you|we|i|one|they|the viewer|viewers|it|this|there) (?:see|observe|find|be|show|get to see|watch|notice|seeing|watching|contain)|appears?|comes?(?: up| on)?|shows?(?: up)?|we see|you see|you can see|we can see|we get to see|(?:is|are) (?:we|you) (?:seeing|shown|looking at)|is|are|are there|are shown|are visible|acts?)"
"""How one asks for what goes on: "happens", "is shown", "do you see"."""
