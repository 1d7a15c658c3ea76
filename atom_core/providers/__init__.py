"""For plugins that bring models on other engines: encoders, decoders, weights found and answers kept as Atom's are."""

from atom_core.hub.repo import local_folder
from atom_core.imports import import_apart
from atom_core.protocols import HoldingLanguage, Language, LanguageWeights, Matrix, Passed, Rows, Tower, TowerWeights
from atom_core.providers.decoder import BatchingDecoder, Sampling, check_cancelled
from atom_core.providers.encoder import KeepingEncoder
from atom_core.providers.kept import KeptAnswers
from atom_core.providers.tower import identify_model, modules_with_tower
from atom_core.providers.weights import digest_of, find_weights, hashes_of, is_here, lacking_weights
from atom_core.specs import FamilySpec

__all__ = [
    "BatchingDecoder",
    "FamilySpec",
    "HoldingLanguage",
    "KeepingEncoder",
    "KeptAnswers",
    "Language",
    "LanguageWeights",
    "Matrix",
    "Passed",
    "Rows",
    "Sampling",
    "Tower",
    "TowerWeights",
    "check_cancelled",
    "digest_of",
    "find_weights",
    "hashes_of",
    "identify_model",
    "import_apart",
    "is_here",
    "lacking_weights",
    "local_folder",
    "modules_with_tower",
]
