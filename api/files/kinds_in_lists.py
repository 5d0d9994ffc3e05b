"""Closures, checkpoints and zones in one list, told apart by the kind of each row, as maps are drawn."""

from __future__ import annotations

from dataclasses import replace

from api.complaints import pointer_to
from api.files.cells import folded
from api.files.columns import RESTRICTIONS, ListForm, form_named
from api.files.table import Row, Table, is_blank
from geodata.errors import BadInput, Complaint, Text

KIND = frozenset({"kind", "种类", "限制种类"})

NO_KIND = Text(
    "缺少此列：种类 (kind)，须为封闭、检查点、防控区之一",
    "this column is missing: kind, one of closure, checkpoint and zone",
)
UNKNOWN_KIND = Text(
    "种类须为封闭、检查点、防控区之一，而不是“{kind}”", "the kind must be closure, checkpoint or zone, not '{kind}'"
)
OTHER_KIND = Text(
    "此清单只有 {wanted}；“{kind}”请放在限制清单中",
    "this list holds {wanted} alone; put '{kind}' into the list of restrictions",
)


def split_by_kind(table: Table, form: ListForm) -> dict[str, Table]:
    """The rows of each list, without the column of kinds and columns that none of them fills.

    Raises BadInput with every row of an unknown kind. Only the common list of restrictions must have the column.
    """
    at = next((at for at, heading in enumerate(table.headings) if folded(heading) in KIND), None)
    if at is None and form.name != "restrictions":
        return {form.name: _without_blanks(table, None)}
    if at is None:
        raise BadInput([table.complaint(NO_KIND)])
    rows: dict[str, list[Row]] = {}
    complaints = []
    for row in table.rows:
        kind, problem = _kind(row, at, form)
        if problem is None:
            rows.setdefault(kind, []).append(row)
        else:
            complaints.append(_at(table, row, at, problem))
    if complaints:
        raise BadInput(complaints)
    return {name: _without_blanks(replace(table, rows=tuple(some)), at) for name, some in rows.items()}


def _kind(row: Row, at: int, form: ListForm) -> tuple[str, Text | None]:
    """The list a row belongs to, or what is wrong with its kind."""
    cell = row.cells[at] if at < len(row.cells) else None
    if is_blank(cell) and form.name != "restrictions":
        return form.name, None
    word = str(cell or "").strip()
    found = form_named(word)
    if found is None or found.name not in RESTRICTIONS:
        return "", Text(UNKNOWN_KIND.zh.format(kind=word[:60]), UNKNOWN_KIND.en.format(kind=word[:60]))
    if form.name not in ("restrictions", found.name):
        words = {"wanted": form.names[0], "kind": word[:60]}
        return "", Text(OTHER_KIND.zh.format(**words), OTHER_KIND.en.format(**(words | {"wanted": form.name})))
    return found.name, None


def _at(table: Table, row: Row, at: int, problem: Text) -> Complaint:
    if row.pointer:
        return Complaint(problem, file=table.file, pointer=row.pointer + pointer_to("properties", table.headings[at]))
    return table.complaint(problem, row=row, column=table.headings[at])


def _without_blanks(table: Table, kind: int | None) -> Table:
    """The place of a row of GeoJSON is a point or a shape, and other kinds have other columns."""
    if kind is None and table.heading_row is not None:
        return table
    columns = (at for at in range(len(table.headings)) if at != kind)
    filled = [at for at in columns if any(_is_filled(row, at) for row in table.rows)]
    beyond = len(table.headings)
    rows = tuple(
        replace(row, cells=(*(row.cells[at] if at < len(row.cells) else None for at in filled), *row.cells[beyond:]))
        for row in table.rows
    )
    return replace(table, headings=tuple(table.headings[at] for at in filled), rows=rows)


def _is_filled(row: Row, at: int) -> bool:
    return at < len(row.cells) and not is_blank(row.cells[at])
