"""Fonts for pictures: Chinese where one is at hand, else a Latin one that comes with matplotlib."""

from __future__ import annotations

import os
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path

from matplotlib import font_manager
from matplotlib.font_manager import FontProperties
from matplotlib.ft2font import FT2Font

FONTS_VARIABLE = "BAOGONG_FONTS"
_PACKAGE = Path("node_modules/@expo-google-fonts/noto-sans-sc")
_REGULAR, _BOLD = "NotoSansSC_400Regular.ttf", "NotoSansSC_700Bold.ttf"
_INSTALLED = ("Noto Sans SC", "Noto Sans CJK SC", "Source Han Sans SC", "Noto Sans CJK JP", "WenQuanYi Zen Hei")
_LATIN = "DejaVu Sans"


@dataclass(frozen=True)
class Typeface:
    regular: FontProperties
    bold: FontProperties
    chinese: bool

    @cached_property
    def _font(self) -> FT2Font:
        return font_manager.get_font(font_manager.findfont(self.regular))

    def writable(self, text: str) -> str:
        """The text with a question mark for each character the font has no picture of (else matplotlib warns)."""
        return "".join(sign if sign == " " or self._font.get_char_index(ord(sign)) else "?" for sign in text)


def default_fonts_folder() -> Path:
    """Where ``npm ci`` puts the fonts: beside the packages."""
    return Path(__file__).resolve().parents[2] / _PACKAGE


@cache
def find_typeface(folder: Path | None = None) -> Typeface:
    """The font files of ``folder`` (else of BAOGONG_FONTS, else of npm), else an installed Chinese font, else Latin."""
    named = os.environ.get(FONTS_VARIABLE)
    where = folder or (Path(named) if named else default_fonts_folder())
    return _from_files(where) or _installed() or _latin()


def _from_files(folder: Path) -> Typeface | None:
    regular, bold = (_find(folder, name) for name in (_REGULAR, _BOLD))
    if regular is None:
        return None
    return Typeface(FontProperties(fname=str(regular)), FontProperties(fname=str(bold or regular)), chinese=True)


def _find(folder: Path, name: str) -> Path | None:
    return next(iter(sorted(folder.rglob(name))), None) if folder.is_dir() else None


def _installed() -> Typeface | None:
    at_hand = {entry.name for entry in font_manager.fontManager.ttflist}
    family = next((name for name in _INSTALLED if name in at_hand), None)
    return _family(family, chinese=True) if family else None


def _latin() -> Typeface:
    return _family(_LATIN, chinese=False)


def _family(family: str, *, chinese: bool) -> Typeface:
    return Typeface(FontProperties(family=[family]), FontProperties(family=[family], weight="bold"), chinese=chinese)
