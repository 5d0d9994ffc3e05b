"""The embedded example's road network; ATTRIBUTION.md says where it comes from."""

from __future__ import annotations

from pathlib import Path

FOLDER = Path(__file__).parent
PREFIX = "sample:"


def sample_network(name: str) -> Path | None:
    """The file of ``sample:NAME``; None when there is no such sample."""
    path = FOLDER / f"{name.removeprefix(PREFIX)}.bgn"
    return path if name.startswith(PREFIX) and path.parent == FOLDER and path.is_file() else None
