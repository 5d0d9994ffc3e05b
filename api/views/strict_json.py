"""A request's body as JSON: what the files' reader accepts, and nothing that JSON does not know."""

from __future__ import annotations

import math
from typing import Any

from api.files import documents
from api.http_errors import Problem, invalid_json
from geodata.errors import BadInput, Text

MOST_DEPTH = 64


def read_json(body: bytes) -> Any:
    """The value. Raises ``Problem`` (400) for broken text, NaN, infinities, repeated names and deep nesting."""
    try:
        value = documents.read_json(body)
    except BadInput as refusal:
        raise invalid_json(refusal.complaints[0].message) from None
    _require_json(value)
    return value


def _require_json(value: object) -> None:
    """Level by level, without recursion."""
    level = [value]
    for depth in range(MOST_DEPTH + 1):
        if any(isinstance(item, float) and not math.isfinite(item) for item in level):
            raise invalid_json(Text("不允许 NaN 和无穷大", "NaN and infinities are not allowed"))
        if depth == MOST_DEPTH and any(isinstance(item, dict | list) for item in level):
            raise _too_deep()
        level = [inner for outer in level for inner in _inside(outer)]


def _too_deep() -> Problem:
    return invalid_json(Text(f"嵌套超过 {MOST_DEPTH} 层", f"nested more than {MOST_DEPTH} levels deep"))


def _inside(value: object) -> list[Any]:
    return list(value.values()) if isinstance(value, dict) else value if isinstance(value, list) else []
