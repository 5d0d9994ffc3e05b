"""What an installation of the service decides: read once, at the start, from variables named BAOGONG_…"""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from geodata.errors import BadInput, Complaint, Text

PREFIX = "BAOGONG_"


@dataclass(frozen=True, slots=True)
class Settings:
    """``network_folder`` holds stored networks; a request names one of them, never a path.

    ``max_seconds`` and ``max_iterations`` bound one request's search. ``plans_at_once`` is per process. ``fonts`` is
    a folder with Noto Sans SC; None: where npm puts it.
    """

    network_folder: Path = Path("networks")
    max_seconds: float = 20.0
    max_iterations: int = 1_000_000
    max_body_bytes: int = 10_000_000
    plans_at_once: int = 1
    fonts: Path | None = None

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] | None = None) -> Settings:
        """Raises ``BadInput`` with every variable that cannot be read; an empty one counts as not set."""
        given = os.environ if environment is None else environment
        read: dict[str, Any] = {}
        complaints: list[Complaint] = []
        for name, (reader, wanted) in _READERS.items():
            text = given.get(PREFIX + name.upper(), "").strip()
            try:
                read |= {name: reader(text)} if text else {}
            except ValueError:
                complaints.append(_complaint(name, text, wanted))
        if complaints:
            raise BadInput(complaints)
        return cls(**read)


def _complaint(name: str, text: str, wanted: Text) -> Complaint:
    zh, en = f"“{text}”无法使用；应为{wanted.zh}", f"cannot use '{text}'; wanted: {wanted.en}"
    return Complaint(Text(zh, en), file=PREFIX + name.upper())


def _whole(low: int, high: int) -> tuple[Callable[[str], Any], Text]:
    def read(text: str) -> int:
        number = int(text)
        if not low <= number <= high:
            raise ValueError(text)
        return number

    return read, Text(f" {low} 到 {high} 的整数", f"a whole number from {low} to {high}")


def _number(low: float, high: float) -> tuple[Callable[[str], Any], Text]:
    def read(text: str) -> float:
        number = float(text)
        if not (math.isfinite(number) and low <= number <= high):
            raise ValueError(text)
        return number

    return read, Text(f" {low:g} 到 {high:g} 的数", f"a number from {low:g} to {high:g}")


def _folder() -> tuple[Callable[[str], Any], Text]:
    def read(text: str) -> Path:
        folder = Path(text)
        if not folder.is_dir():
            raise ValueError(text)
        return folder

    return read, Text("已存在的文件夹", "an existing folder")


_READERS: Mapping[str, tuple[Callable[[str], Any], Text]] = {
    "network_folder": _folder(),
    "max_seconds": _number(1, 600),
    "max_iterations": _whole(1, 1_000_000_000),
    "max_body_bytes": _whole(1_000, 1_000_000_000),
    "plans_at_once": _whole(1, 64),
    "fonts": _folder(),
}
