"""German and French questions are read word by word; others are put to the clips as they are."""

import pytest
from atom_reasoning.reading.languages.words import in_english, is_english
from atom_reasoning.reading.reader import read
from atom_reasoning.reading.record import Kind
from atom_reasoning.reading.wordings.agree import kind_of


@pytest.mark.parametrize(
    ("text", "kind", "thing"),
    [
        ("Wie viele Szenen gibt es?", "number of shots", None),
        ("In wie vielen Szenen ist ein roter Kreis zu sehen?", "number of shots with", ("red circle", "")),
        ("Was passiert in der zweiten Einstellung?", "what happens in a part", None),
        ("Wann blinkt der blaue Mond?", "when", ("blue moon", "blink")),
        ("Kommt der rote Stern vor dem blauen Mond?", "before or after: whether", ("red star", "")),
        ("Gibt es keinen Stern?", "never", ("star", "")),
        ("Wie lange dauert das Video?", "length of the video", None),
        ("Womit beginnt das Video?", "what happens first or last", None),
        ("Womit hört der Film auf?", "what happens first or last", None),
        ("In welcher Szene kommt ein gelber Ring vor?", "which shot", ("yellow ring", "")),
        ("Kommt nie ein Quadrat vor?", "never", ("square", "")),
        ("Was macht der blaue Stern?", "what a thing does", ("blue star", "")),
        ("De combien de plans se compose cet extrait ?", "number of shots", None),
        ("Qu'est-ce qu'on voit avant la croix verte ?", "before or after: what", None),
        ("Que fait l'étoile bleue ?", "what a thing does", ("blue star", "")),
        ("Combien de plans y a-t-il ?", "number of shots", None),
        ("Quand l'étoile rouge clignote-t-elle ?", "when", ("red star", "blink")),
        ("Quel plan montre une lune bleue ?", "which shot", ("blue moon", "")),
        ("Y a-t-il une étoile dans chaque plan ?", "in every shot", ("star", "")),
        ("Könnten Sie mir bitte sagen, wie viele Szenen das Video hat?", "number of shots", None),
        ("Könnten Sie bitte alle Objekte auflisten?", "list of things", ("", "")),
        ("Was alles kommt in dem Video vor?", "list of things", ("", "")),
        ("Welche Dinge werden größer?", "list of things", ("", "grow")),
        ("Stimmt es, dass kein Kreis vorkommt?", "never", ("circle", "")),
        ("In welcher Szene blinkt der rote Kreis?", "which shot", ("red circle", "blink")),
        ("Wie lange bleibt der rote Kreis im Bild?", "how long a thing is seen", ("red circle", "")),
        ("Was ist nach drei Sekunden zu sehen?", "what happens in a part", None),
        ("Laquelle des deux vidéos a le plus de plans ?", "video with more", None),
        ("Que se passe-t-il de 0:02 à 0:06 ?", "what happens in a part", None),
        ("Est-il vrai qu'il n'y a pas de cercle ?", "never", ("circle", "")),
        ("Y a-t-il un cercle rouge quelque part ?", "is it there", ("red circle", "")),
    ],
)
def test_german_and_french(text, kind, thing):
    """The common kinds are read, with what they are about in English."""
    found = read(text)
    assert kind_of(found) == kind
    assert found.trust > 0.8
    if thing:
        assert [(one.subject, one.predicate) for one in found.conditions[:1]] == [thing]


@pytest.mark.parametrize(
    "text",
    ["Hur många scener finns det?", "いくつのシーンがありますか", "Quante scene ci sono?", "¿Cuántas escenas hay?"],
)
def test_other_languages_are_not_read(text):
    """A question in a language that is not known is no other question: clips are asked it as it is."""
    found = read(text)
    assert (found.kind, found.sure, found.trust) == (Kind.WHAT, False, 0.5)


@pytest.mark.parametrize(
    "text",
    [
        "Is a dog in it?",
        "In what order, and on what?",
        "Any dogs?",
        "what is on",
        "Did Alexander Graham Bell Junior smile?",
    ],
)
def test_english_is_not_taken_for_another_language(text):
    """Words that several languages have make no German or French of a question."""
    assert in_english(text) is None
    assert is_english(text)


def test_what_is_asked_for_stays_in_english_order():
    """What is done is asked for with a verb, so that clips can be asked."""
    assert in_english("Was macht der blaue Stern?").text == "what does the blue star do"
    assert in_english("Wann taucht der blaue Stern auf?").text == "when does the blue star appear"


def test_words_that_are_not_known_lower_the_trust():
    """What stays untranslated is looked for as it is, with less trust."""
    assert read("Gibt es einen Schnürsenkel?").trust < read("Gibt es einen Hund?").trust


@pytest.mark.parametrize(
    ("text", "english"),
    [
        ("How many Szenen gibt es?", "how many scenes is there"),
        ("In which Szene is the red circle?", "in which scene is the red circle"),
        ("When does the étoile bleue appear?", "when does the blue star appear"),
        ("Was happens in shot 2?", "what happens in shot 2"),
        ("What comes nach the red circle?", "what comes after the red circle"),
        ("Combien de shots are there?", "how many shots are there"),
        ("List all Objekte.", "list all objects"),
    ],
)
def test_words_of_another_language_among_english_ones(text, english):
    """Only words that are none in English are put in English."""
    found = in_english(text)
    assert found is not None
    assert found.text == english


@pytest.mark.parametrize(
    "text",
    [
        "Was an orange cross observed?",
        "Is the man with a hat on visible?",
        "How many kind persons die in the film?",
        "Is a chat on the screen at 4 s?",
    ],
)
def test_english_words_are_no_foreign_ones(text):
    """Words that English shares with another language do not make a question one of that language."""
    assert in_english(text) is None
