"""Writing what a study leaves behind in a folder: all of it, or nothing."""

from __future__ import annotations

import io
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from api.files.outputs import require_writable
from api.files.workbook import Clock, Table, write_tables
from api.schemas import ScenarioReference

MADE_AT = datetime(2020, 1, 1, tzinfo=UTC)
"""A study is of no instant; a workbook must name one, and the same study writes the same bytes."""


def write_together(folder: Path, files: Mapping[str, bytes]) -> None:
    """Write the files; they appear together when all are complete."""
    require_writable(folder)
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=f".{folder.name}.", dir=folder.parent) as temporary:
        draft = Path(temporary)
        for name, content in files.items():
            (draft / name).write_bytes(content)
        folder.mkdir(exist_ok=True)
        for name in files:
            shutil.move(draft / name, folder / name)


def study_workbook(tables: Sequence[Table], scenario: ScenarioReference, *, language: str) -> bytes:
    """An XLSX workbook."""
    stream = io.BytesIO()
    clock = Clock(ZoneInfo(scenario.timezone), date.min)
    write_tables(tables, stream, clock=clock, title=scenario.name, at=MADE_AT, lang=language)
    return stream.getvalue()
