"""JSON from outside, read with suspicion: duplicate members, NaN, deep nesting and wrong encodings are complaints."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

from api.complaints import pointer_to
from geodata.errors import BadInput, Complaint, Text

NOT_UTF8 = Text("JSON 须为 UTF-8 编码", "JSON must be in UTF-8")
EMPTY = Text("文件没有内容", "is empty")
NOT_JSON = Text(
    "不是合法的 JSON：第 {line} 行第 {column} 个字符", "is not valid JSON at line {line}, character {column}"
)
NUMBER = Text("JSON 中的数字过长", "holds a number that is too long")
TOO_DEEP = Text("嵌套过深", "is nested too deeply")
TWICE = Text("“{name}”出现两次", "'{name}' is given twice")


def read_json(data: bytes, *, file: str = "") -> object:
    """What the JSON text says; NaN and infinities come out as such, for the examination to refuse at their pointer.

    Raises BadInput if it is not JSON, or a member is given twice.
    """
    doubles: list[tuple[dict[str, Any], str]] = []
    try:
        value = json.loads(_text(data, file), object_pairs_hook=lambda pairs: _object(pairs, doubles))
    except RecursionError as error:
        raise BadInput([Complaint(TOO_DEEP, file=file)]) from error
    except json.JSONDecodeError as error:
        message = _filled(NOT_JSON, line=error.lineno, column=error.colno)
        raise BadInput([Complaint(message, file=file, row=error.lineno)]) from error
    except ValueError as error:
        raise BadInput([Complaint(NUMBER, file=file)]) from error
    if doubles:
        raise BadInput(_double_complaints(value, doubles, file))
    return value


def _text(data: bytes, file: str) -> str:
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise BadInput([Complaint(NOT_UTF8, file=file)]) from error
    if not text.strip():
        raise BadInput([Complaint(EMPTY, file=file)])
    return text


def _object(pairs: list[tuple[str, Any]], doubles: list[tuple[dict[str, Any], str]]) -> dict[str, Any]:
    value = dict(pairs)
    if len(value) < len(pairs):
        counts = Counter(name for name, _ in pairs)
        doubles.extend((value, name) for name, count in counts.items() if count > 1)
    return value


def _double_complaints(value: object, doubles: list[tuple[dict[str, Any], str]], file: str) -> list[Complaint]:
    """Where the objects with double members stand: found by identity, since JSON's reader does not say."""
    names: dict[int, list[str]] = {}
    for found, name in doubles:
        names.setdefault(id(found), []).append(name)
    complaints = []
    todo: list[tuple[object, tuple[str | int, ...]]] = [(value, ())]
    while todo:
        item, path = todo.pop()
        pointers = [(name, pointer_to(*path, name)) for name in names.get(id(item), ())]
        complaints += [Complaint(_filled(TWICE, name=name), file=file, pointer=pointer) for name, pointer in pointers]
        if isinstance(item, dict):
            todo.extend((child, (*path, name)) for name, child in item.items())
        elif isinstance(item, list):
            todo.extend((child, (*path, index)) for index, child in enumerate(item))
    return complaints[::-1] or [Complaint(_filled(TWICE, name=name), file=file) for _, name in doubles]


def _filled(message: Text, **words: object) -> Text:
    return Text(message.zh.format(**words), message.en.format(**words))
