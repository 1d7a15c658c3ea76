"""The words that people speak of films and requests with, which say nothing of what is to be seen."""

from __future__ import annotations

from atom_assembly.evidence.words import stem

_SMALL = """
a an the and or of in on to at by for with from into onto as is are was were be been being am it its it's this that
that's these those which who what there there's here i i'd i'm i'll you you'd we we'd we've you've i've they he she
my our your me us them do does did done have has had having got so but if when while where will would can could
should shall must may might let's let lets also too very really quite rather please thanks thank hi hello hey ok
okay yes he's she's they're such whichever whoever whom whose nor among amongst per via upon himself herself itself
themselves yourself ourselves myself them em unto toward towards beside besides despite plus like unlike than much
either neither wouldn't couldn't won't ought because since though
"""
_SPOKEN = """
film films video videos movie movies clip clips shot shots scene scenes reel reels montage supercut cut cuts edit
edits sequence piece pieces part parts list order footage library collection archive frame frames picture pictures
image images screen view moment moments take takes thing things object objects stuff item items one ones example
examples something anything everything whatever nothing none time times length duration beginning start end middle
centre center front back top bottom opener opening closing closer intro outro finale ending story version result total
trt rest others lot number bunch set series row loop project timeline first second third fourth fifth sixth seventh
eighth ninth tenth last final finally lastly firstly secondly thirdly next then later after afterwards before
beforehand again once twice thrice more most less least same different other another both together simultaneously each
every all any some many several few whole entire complete full single exactly precisely about around roughly maximum
minimum max min nice good great possible available visible seen shown present clearly somewhere anywhere ever always
already actually basically simply strictly exclusively uniquely solely purely merely entirely completely absolutely
directly immediately right straight ahead behind between across throughout within during inside up out off over
through along plus minus except excluding without no not never isn't aren't don't doesn't only just follows followed
following precedes preceded comes goes opens closes starts ends begins finishes concludes terminates belongs sits need
way kind sort type else apart besides own lovely grateful favourite favorite dear fine perfect cool awesome wonderful
ideally preferably kindly appreciated enough long short began started opened ended finished closed sees color colour
colors colours shape shapes asc desc ascending descending sorted date block blocks chapter section segment act beat
filter content criteria requirement scope deliverable storyboard thanks sir madam folks guys bit while too half old
new oldest newest longest shortest recent regard respect case sake um uh erm hm hmm yeah well so kinda sorta gonna
wanna gotta maybe perhaps possibly probably pretty super quick hard cold smash match jump fade dissolve roll a-roll
b-roll hook payoff bumper teaser kicker head tail mid footage-wise prior subsequently initially containing featuring
including consisting showing seconds minutes minute sec secs running runtime shooting exist exists existing hi hello
regards wishes best sincerely yours cheers greetings thx ty asap shortlist everyone everybody anyone somebody someone
homework lesson client forth switch couple pair dozen compilation recording recordings visual visuals tape tapes
excerpt excerpts snippet snippets segments extract extracts sample samples instance instances occurrence appearance
sighting asset assets material media rushes dailies insert inserts file files entry entries views cutaway selection
selects pick picks choice programme program show feature today tonight tomorrow yesterday now currently recently
monday tuesday wednesday thursday friday saturday sunday morning evening afternoon week month year sense difference
point idea suggestion note notes reason oh ah wow lol btw fyi etc namely suffice briefest suffices sufficient trouble
mind thereafter henceforth accordingly additionally moreover furthermore however hence thus therefore instead
meanwhile exception regarding concerning involving starring mostly mainly purpose style mood ender loops looping
random arbitrary bit bits matches hits results findings otherwise preference portion portions glimpse glimpses
looped repeats repeated interlude pause transition transitions sequel theme topic occur occurs occurring occurred
present regardless irrespective whichever succession conclusion understood specified exceed exceeds exceeding beats
requirements requirement constraint constraints timestamp timestamps haven't hasn't how total totals original originals
criterion constraint preferences ordering sightings sighting mention mentions visible unseen afterward otherwise
"""
_VERBS = """
show make create cut give find use include insert add put take get display present assemble build edit compile collect
gather bring play feature render produce pick choose select sort order arrange rank combine join stitch string line
pull grab fetch throw drop stick place set lead bookend open close start begin end finish conclude terminate wrap kick
go come follow want need desire wish like love prefer require ask search look see watch have keep hold leave skip omit
avoid ignore exclude remove repeat loop alternate mix merge think mean suppose guess try contain consist call do
sandwich shift move pop slot dump round top tail work organise organize prepare generate serve deliver provide demand
seek request imagine consider trim shorten limit spare stay precede appreciate remember reveal save hit enjoy hope
listen tell say said know let lets hate dislike agree agreed plan plans practise practice happen intercut screen post
locate retrieve furnish supply publish upload describe mention list depict filter extract return output cover
"""
SMALL = frozenset(_SMALL.split())
"""Articles, pronouns, prepositions, auxiliaries and courtesies."""
SPOKEN = frozenset(_SPOKEN.split())
"""Nouns, adverbs and forms of verbs that are about films, places in them, order and number."""
VERBS = frozenset(stem(word) for word in _VERBS.split())
"""Stems of verbs that ask for something; a thing that does these does something."""
