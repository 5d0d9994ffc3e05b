"""Read a plan document, or the state of a day under way."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

from pydantic import ValidationError

from api.files.csv_lists import read_bytes
from api.files.documents import read_json
from api.schemas import Document, PlanDocument, StateDocument
from api.validation import translated
from geodata.errors import BadInput, Complaint, Text

D = TypeVar("D", bound=Document)


def read_plan(path: Path) -> PlanDocument:
    """The plan document at ``path``. Raises BadInput with every member that is not as the schema says."""
    return _read(path, examine_plan)


def read_state(path: Path) -> StateDocument:
    """The state document at ``path``. Raises BadInput with every member that is not as the schema says."""
    return _read(path, examine_state)


def examine_plan(raw: object) -> PlanDocument:
    """The plan document in ``raw`` (what JSON gives). Raises BadInput with every complaint by JSON pointer."""
    return _examine(PlanDocument, raw, Text("不符合方案格式", "is not as a plan has it"))


def examine_state(raw: object) -> StateDocument:
    """The state document in ``raw`` (what JSON gives). Raises BadInput with every complaint by JSON pointer."""
    return _examine(StateDocument, raw, Text("不符合状态格式", "is not as a state has it"))


def _read(path: Path, examine: Callable[[object], D]) -> D:
    raw = read_json(read_bytes(path), file=path.name)
    try:
        return examine(raw)
    except BadInput as refusal:
        raise BadInput(replace(complaint, file=path.name) for complaint in refusal.complaints) from None


def _examine(kind: type[D], raw: object, wrong: Text) -> D:
    try:
        return kind.model_validate(raw)
    except ValidationError as error:
        details = error.errors(include_url=False)
        complaints = (translated(detail, lambda path: () if path else kind.model_fields) for detail in details)
        raise BadInput(_told(wrong, complaint) for complaint in complaints) from None


def _told(wrong: Text, complaint: Complaint) -> Complaint:
    said = complaint.message
    return replace(complaint, message=Text(f"{wrong.zh}：{said.zh}", f"{wrong.en}: {said.en}"))
