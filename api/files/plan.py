"""Read a plan document from a file."""

from __future__ import annotations

from pathlib import Path

from pydantic import ValidationError

from api.complaints import pointer_to
from api.files.csv_lists import read_bytes
from api.files.documents import read_json
from api.schemas import PlanDocument
from geodata.errors import BadInput, Complaint, Text


def read_plan(path: Path) -> PlanDocument:
    """The plan document at ``path``. Raises BadInput with every member that is not as the schema says."""
    raw = read_json(read_bytes(path), file=path.name)
    try:
        return PlanDocument.model_validate(raw)
    except ValidationError as error:
        raise BadInput(
            Complaint(
                Text(f"不符合方案格式：{detail['msg']}", f"is not as a plan has it: {detail['msg']}"),
                file=path.name,
                pointer=pointer_to(*detail["loc"]),
            )
            for detail in error.errors()
        ) from None
