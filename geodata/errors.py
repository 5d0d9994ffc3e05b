"""Every error of geodata, and the form a complaint about bad input takes in the whole project."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple


class Text(NamedTuple):
    """One message in both languages, written where it arises so that neither can be forgotten."""

    zh: str
    en: str

    def in_language(self, language: str) -> str:
        return self.en if language == "en" else self.zh


@dataclass(frozen=True, slots=True)
class Complaint:
    """One thing wrong with the input, and where: file, sheet, row (1 = first line), column, or JSON pointer."""

    message: Text
    file: str = ""
    sheet: str = ""
    row: int | None = None
    column: str = ""
    pointer: str = ""

    def place(self, language: str = "zh") -> str:
        """Where it is, as a person would say it; empty when the whole input is meant."""
        english = language == "en"
        parts = [
            self.file,
            (f"sheet {self.sheet}" if english else f"工作表 {self.sheet}") if self.sheet else "",
            (f"row {self.row}" if english else f"第 {self.row} 行") if self.row is not None else "",
            (f"column {self.column}" if english else f"“{self.column}”列") if self.column else "",
            self.pointer if self.row is None else "",
        ]
        return (", " if english else "\uff0c").join(part for part in parts if part)

    def in_language(self, language: str) -> str:
        place = self.place(language)
        colon = ": " if language == "en" else "\uff1a"
        return f"{place}{colon}{self.message.in_language(language)}" if place else self.message.in_language(language)


class GeodataError(Exception):
    """Base of what this package raises."""


class BadInput(GeodataError):
    """What was given cannot be used. Carries every complaint, not only the first."""

    def __init__(self, complaints: Iterable[Complaint]) -> None:
        self.complaints = tuple(complaints)
        super().__init__("; ".join(complaint.in_language("en") for complaint in self.complaints))

    @classmethod
    def one(cls, zh: str, en: str, *, file: str = "", pointer: str = "") -> BadInput:
        return cls([Complaint(Text(zh, en), file=file, pointer=pointer)])


class NetworkUnavailable(GeodataError):
    """The online map service did not answer, or answered with something other than a road network."""

    def __init__(self, message: Text) -> None:
        self.message = message
        super().__init__(message.en)
