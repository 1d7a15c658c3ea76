"""How people ask: for each kind some wordings that the reader of questions was made with, and some that it was not."""

TUNED: dict[str, tuple[str, ...]] = {
    "shots": ("How many shots are there?", "How many scenes does the video have?", "how many clips is it made of", "What is the number of shots?"),
    "shots with": (
        "How many shots show {a}?", "In how many shots is there {a}?", "How many shots are there with {a}?",
        "How many of the shots contain {a}?", "How many shots have {a} in them?",
    ),
    "ordinal shot": ("What happens in the {nth} shot?", "What is in shot {n}?", "Describe the {nth} clip.", "What does the {nth} scene show?"),
    "of one shot": ("What colour is the {shape} in the {nth} shot?", "In shot {n}, what colour is the {shape}?"),
    "at a time": ("What happens at {clock}?", "What is shown at {s} seconds?", "What is on screen {s} seconds in?", "What can be seen at the {s} second mark?"),
    "between times": (
        "What happens between {s} and {e} seconds?", "What is shown from {clock} to {clock2}?", "Is there {a} between {clock} and {clock2}?",
        "What do we see between second {s} and second {e}?",
    ),
    "when": ("When does the {noun} {bare}?", "At what time does the {noun} {bare}?", "At what point is there {a}?", "When is {a} shown?", "When can the {noun} be seen?"),
    "first, last": ("What happens first?", "What happens last?", "What is the first thing that happens?", "What is shown at the end?", "How does the video begin?"),
    "which is first": ("Which comes first, the {noun} or the {other}?", "Does the {noun} or the {other} come first?", "Which appears last, the {noun} or the {other}?"),
    "before, after": (
        "What happens after the {noun} {verb}?", "What comes right before the {noun}?", "What follows the {noun}?", "What is shown immediately after the {noun}?",
        "Does the {noun} come before the {other}?",
    ),
    "in order": ("List what happens in order.", "What is the order of events?", "In what order do the {noun} and the {other} appear?"),
    "count": ("How many {plural} are there in total?", "How many {plural} appear in the video?", "How many objects {bare}?", "How many {plural} are there?", "How many times does something {bare}?"),
    "which shot": ("Which shot shows {a}?", "In which shot does the {noun} {bare}?", "Which shots have {a}?", "Which shot is {a} in?"),
    "list": ("Which shapes {bare}?", "What {verb}?", "Name everything that {verb}.", "List all colours in the video.", "What colours are there?", "Name all objects."),
    "both": ("Is there both {a} and {b}?", "Do both the {noun} and the {other} {bare}?", "Are there {a} and {b} in the same shot?", "Does the video show {a} and {b}?"),
    "every": ("Is there {as} in every shot?", "Does every shot show {as}?", "Do all shots have {as}?", "Do all {plural} {bare}?"),
    "never": ("Is there never {as}?", "Does the {noun} never {bare}?", "Is it true that nothing ever {verb}?", "Does no {shape} appear?"),
    "two videos": (
        "Which video shows {a}?", "In which video is there {a}?", "Do both videos show {as}?", "Which video has more shots?", "Which video has more {plural}?",
    ),
    "how long": ("How long is the video?", "How long is the {noun} visible?", "For how long does the {noun} {bare}?", "What is the length of the video?"),
    "is it there": ("Is there {a}?", "Does the {noun} {bare}?", "Can you see {as}?", "Does anything {bare}?", "Is anything {colour}?"),
    "not there": (
        "Is there {a}?", "What does the {noun} do?", "When does the {noun} appear?", "What colour is the {shape}?", "Which shot shows {a}?", "What {verb}?",
        "How many {plural} are there?",
    ),
}  # fmt: skip
"""The wordings that the patterns were written by."""

HELD_OUT: dict[str, tuple[str, ...]] = {
    "shots": (
        "Into how many shots is this cut?", "Can you count the scenes for me?", "number of clips in this video?", "How many different shots do we get to see?",
        "So how many separate scenes are in here", "Please tell me how many shots the film consists of.",
    ),
    "shots with": (
        "Across how many scenes does {a} turn up?", "How many clips feature {a}?", "count the shots where you can see {a}", "What is the number of scenes in which {a} is visible?",
        "In how many of the clips can {a} be spotted?", "how many shots include {a}",
    ),
    "ordinal shot": (
        "what's going on in the {nth} scene", "Could you describe shot number {n}?", "Tell me what we see in the {nth} clip.", "During the {nth} shot, what takes place?",
        "Whats shown in clip {n}?", "Please caption the {nth} scene",
    ),
    "of one shot": ("Which colour does the {shape} have in scene {n}?", "what color is the {shape} during the {nth} clip", "The {nth} shot has a {shape}. What colour is it?"),
    "at a time": (
        "What's on the screen at {clock}?", "{s} seconds into the video, what do you see?", "what is happening around {clock}", "At second {s}, what is visible?",
        "Describe the scene at {clock}.", "What do we see when {s} seconds have passed?",
    ),
    "between times": (
        "What goes on from second {s} to second {e}?", "Describe {clock}-{clock2}", "between {clock} and {clock2}, what is visible?", "Anything like {a} from {s}s to {e}s?",
        "Tell me what happens during {s} to {e} seconds",
    ),
    "when": (
        "At which moment do we get to see {a}?", "how far in does the {noun} {bare}", "What's the timestamp where {a} shows up?", "On what second can {a} be found?",
        "Find the time when the {noun} {verb}", "I'd like to know when {a} is on screen", "where in the video does the {noun} {bare}?",
    ),
    "first, last": (
        "What do we see to begin with?", "What's the very last thing shown?", "How does it all end?", "what is the opening shot about", "At the start, what occurs?", "What concludes the video?",
    ),
    "which is first": (
        "Who shows up earlier, the {noun} or the {other}?", "Between the {noun} and the {other}, which one is seen first?", "What appears sooner: the {noun} or the {other}?",
        "Is the {noun} or the {other} shown last?",
    ),
    "before, after": (
        "Once the {noun} is gone, what do we see?", "What takes place directly after the {noun} {verb}?", "What preceded the {noun}?", "Is the {noun} shown earlier than the {other}?",
        "which shape comes next after the {noun}", "What was on screen just before the {noun} appeared?", "Is the {noun} followed by the {other}?",
    ),
    "in order": (
        "Go through the video shot by shot.", "Give me a chronological list of what happens", "Walk me through the events one after another", "Which order do the {noun} and the {other} come in?",
        "Put these in order of appearance: the {noun}, the {other}",
    ),
    "count": (
        "What's the total number of {plural}?", "Count all the {plural} please", "how many {plural} can I see altogether?", "How often does something {bare}?", "How many things are {ing}?",
        "Tell me how many {plural} were shown overall",
    ),
    "which shot": (
        "What's the number of the shot with {a}?", "Where do I find {a}, which scene?", "in what scene is the {noun} {ing}?", "The {noun} {verb} in which shot?", "Name the shots that contain {a}",
        "Which of the clips has {a} in it?",
    ),
    "list": (
        "Which things are {ing}?", "Give me everything that {verb}", "what all {verb} in this video", "Tell me which objects {bare}", "Which colors can be seen?", "Enumerate the colours used",
        "List every object you can see",
    ),
    "both": (
        "Are {a} as well as {b} shown?", "Does one find both {a} and {b} in here?", "Do {a} and {b} ever share a shot?", "Do we see {a} and also {b}?", "Do the {noun} and the {other} both {bare}?",
    ),
    "every": (
        "Does each scene contain {as}?", "Is {as} present throughout all of the shots?", "Can {as} be seen in all clips?", "Is every single {shape} {ing}?", "Are there any shots without {as}?",
    ),
    "never": (
        "Is it correct that {as} is never shown?", "Does the {noun} at no point {bare}?", "Are there no {plural} at all?", "So nothing {verb} in this video?", "Is the video free of {plural}?",
    ),
    "two videos": (
        "Which one of the videos contains {a}?", "Is there {as} in both of the videos?", "Where does {a} appear, in the first or the second video?", "Which of the two has the larger number of shots?",
        "Which film has the most {plural}?", "Do the two videos each have {as}?",
    ),
    "how long": (
        "What's the running time?", "How many seconds does the video last?", "for how many seconds can we see the {noun}?", "How much time does the {noun} spend on screen?", "How long does this clip go on for?",
    ),
    "is it there": (
        "does {a} show up at any point?", "Any {plural}?", "Is something {ing}?", "Do you ever see {a}?", "Has {as} been included?", "Is it the case that the {noun} {verb}?", "have they shown {a}",
    ),
    "not there": (
        "Does {a} ever show up?", "What is the {noun} doing?", "At what point do we see {a}?", "which scene contains {a}", "How does the {noun} move?", "Is anything {ing}?", "Are there any {plural}?",
        "Where is the {noun}?", "What happens to the {noun}?", "How many times does {a} appear?",
    ),
}  # fmt: skip
"""Wordings that were written apart and are used for the figure alone."""

KINDS = tuple(TUNED)
"""The kinds of question."""
