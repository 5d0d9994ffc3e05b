"""Complaints about a document: at a JSON pointer, with the words filled in and the nearest known name."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

from geodata.errors import Complaint, Text


def complaint_at(pointer: str, message: Text, **words: object) -> Complaint:
    """The complaint at ``pointer``, its message filled with words; a word that is a Text is put in its language."""
    texts = {name: word if isinstance(word, Text) else Text(str(word), str(word)) for name, word in words.items()}
    zh = message.zh.format(**{name: text.zh for name, text in texts.items()})
    en = message.en.format(**{name: text.en for name, text in texts.items()})
    return Complaint(Text(zh, en), pointer=pointer)


def pointer_to(*steps: str | int) -> str:
    """The JSON pointer (RFC 6901) of a path."""
    return "".join("/" + str(step).replace("~", "~0").replace("/", "~1") for step in steps)


def nearest_name(name: str, known: Iterable[str]) -> str:
    """The known name that ``name`` was most likely meant to be, or nothing."""
    return next(iter(difflib.get_close_matches(name, list(known), n=1, cutoff=0.5)), "")
