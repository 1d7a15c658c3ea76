"""The library: clips with their captions and vectors in a Chroma database, for the user alone."""

from atom_indexing.library.chroma import CAPTIONS, CLIPS, DATABASE, connect
from atom_indexing.library.chroma_library import ChromaLibrary
from atom_indexing.library.erase import erase
from atom_indexing.library.made_by import FORMAT

__all__ = ["CAPTIONS", "CLIPS", "DATABASE", "FORMAT", "ChromaLibrary", "connect", "erase"]
