"""From the rows of a list to entries of the scenario document, each of which remembers where it was written."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import tzinfo

from api.complaints import complaint_at, nearest_name, pointer_to
from api.files.cells import (
    folded,
    is_formula_error,
    scaled,
    to_boolean,
    to_geometry,
    to_moment,
    to_names,
    to_number,
    to_place_kind,
    to_points,
    to_profile,
    to_text,
    to_zone,
)
from api.files.columns import Column, ListForm
from api.files.table import Cell, Row, Table, is_blank
from geodata.errors import Complaint, Text

# Looking for the name that was meant takes time, and a list full of unknown names needs no more hints.
MOST_HINTS = 20
PREFIXES = {"demand": ("demand:", "需求:"), "stock": ("stock:", "库存:"), "": ()}

UNKNOWN_HEADING = Text("不认识的列名", "unknown heading")
UNKNOWN_HEADING_LIKE = Text("不认识的列名，是否为“{like}”？", "unknown heading; did you mean '{like}'?")
SAME_HEADING = Text("列名重复或与另一列同义", "the heading is repeated, or means the same as another")
NO_HEADING = Text("有内容的一列没有列名", "a column with content has no heading")
MISSING_COLUMN = Text("缺少此列：{heading}", "this column is missing: {heading}")
EXTRA_CELLS = Text("此行的单元格多于列名", "the row has more cells than there are headings")
FORMULA_ERROR = Text("公式出错：{cell}", "the formula failed: {cell}")
WHICH_KIND = Text(
    "有多个品类时，数量列须写明品类，如“需求:{kind}”",
    "with several kinds, name the kind in the heading: 'demand:{kind}'",
)
UNKNOWN = Text("{what}中没有“{id}”", "unknown {what} '{id}'")
UNKNOWN_LIKE = Text("{what}中没有“{id}”，是否为“{like}”？", "unknown {what} '{id}'; did you mean '{like}'?")
OWNERS = {"site": Text("点位", "site"), "depot": Text("储备库", "depot")}
MISSING_CELL = Text("缺少此项", "is missing")


@dataclass(frozen=True, slots=True)
class Source:
    """Where an entry, or a line of one, was written: its row, and the heading of each field."""

    table: Table
    row: Row
    headings: Mapping[str, str]

    def locate(self, complaint: Complaint, field: str = "") -> Complaint:
        """The complaint at the row, and at the column of ``field`` if there is one."""
        heading = self.headings.get(field, field)
        pointer = self.row.pointer
        if pointer and field:
            pointer += _geojson_step(field, heading)
        place = Complaint(complaint.message, self.table.file, self.table.sheet, self.row.number, heading, pointer)
        return place if self.row.number is not None else replace(place, column="")


def _geojson_step(field: str, heading: str) -> str:
    if field == "geometry":
        return pointer_to("geometry")
    if field in ("lon", "lat"):
        return pointer_to("geometry", "coordinates", ("lon", "lat").index(field))
    return pointer_to("properties", heading)


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of the document, and where it and each of its lines of demand or stock were written."""

    value: dict[str, object]
    source: Source
    lines: tuple[Source, ...] = ()


@dataclass(frozen=True, slots=True)
class ListRead:
    """Entries of one list, complaints about its form (``by_entry``: number, heading and message, about one
    row), and columns it lacks."""

    form: ListForm
    entries: tuple[Entry, ...]
    complaints: tuple[Complaint, ...] = ()
    by_entry: tuple[tuple[int, str, Text], ...] = ()
    missing: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class KindNames:
    """Kinds by id and, where it is unique, by name: headings and lists may use either."""

    ids: tuple[str, ...]
    by_name: Mapping[str, str]

    def id_of(self, text: str) -> str:
        return text if text in self.ids else self.by_name.get(text, text)


def kind_names(entries: Iterable[Entry]) -> KindNames:
    pairs = [(str(entry.value.get("id", "")), str(entry.value.get("name", ""))) for entry in entries]
    names = [name for _, name in pairs]
    return KindNames(
        tuple(identifier for identifier, _ in pairs),
        {name: identifier for identifier, name in pairs if name and names.count(name) == 1},
    )


@dataclass(frozen=True, slots=True)
class _Layout:
    """Which column of the table is what: fields by position, and positions of columns of units with their kind."""

    fields: Mapping[int, Column]
    lines: Mapping[int, str]
    complaints: tuple[Complaint, ...]


def read_list(form: ListForm, table: Table, *, zone: tzinfo, kinds: KindNames) -> ListRead:
    """The entries a table holds. What is wrong with single values is left to the examination of the document."""
    layout = _layout(form, table, kinds)
    headings = {column.field: table.headings[at] for at, column in layout.fields.items()}
    entries: list[Entry] = []
    by_entry: list[tuple[int, str, Text]] = []
    for row in table.rows:
        by_entry += [(len(entries), *problem) for problem in _row_problems(table, row, layout)]
        entries.append(_entry(form, Source(table, row, headings), layout, zone))
    missing = {column.field: column for column in form.columns if column.required and column.field not in headings}
    return ListRead(
        form,
        tuple(entries),
        (*layout.complaints, *(_missing_column(table, column) for column in missing.values())),
        tuple(by_entry),
        frozenset(missing),
    )


def _missing_column(table: Table, column: Column) -> Complaint:
    message = Text(MISSING_COLUMN.zh.format(heading=column.heading), MISSING_COLUMN.en.format(heading=column.heading))
    return Complaint(message, file=table.file, sheet=table.sheet, row=table.heading_row, column=column.names[0])


def _layout(form: ListForm, table: Table, kinds: KindNames) -> _Layout:
    known = form.by_heading()
    fields: dict[int, Column] = {}
    lines: dict[int, str] = {}
    complaints: list[Complaint] = []
    for at, heading in enumerate(table.headings):
        column = known.get(folded(heading))
        kind = _kind_in(heading, PREFIXES[form.lines])
        taken = column is not None and column.field in {other.field for other in fields.values()}
        if not heading:
            complaints += [table.complaint(NO_HEADING, column=_letters(at))] if _has_content(table, at) else []
        elif taken or (kind is not None and kinds.id_of(kind) in lines.values()):
            complaints.append(table.complaint(SAME_HEADING, column=heading))
        elif column is not None:
            fields[at] = column
        elif kind is not None:
            lines[at] = kinds.id_of(kind)
        else:
            complaints.append(_unknown_heading(form, table, heading))
    if form.lines == "demand":
        complaints += _place_units(fields, lines, kinds, table)
    return _Layout(fields, lines, tuple(complaints))


def _place_units(
    fields: dict[int, Column], demand: dict[int, str], kinds: KindNames, table: Table
) -> Iterator[Complaint]:
    """A bare column of units is a demand for the only kind there is."""
    at = next((at for at, column in fields.items() if column.field == "units"), None)
    if at is None:
        return
    if len(kinds.ids) == 1 and kinds.ids[0] not in demand.values():
        demand[at] = kinds.ids[0]
    elif kinds.ids:
        kind = kinds.ids[0]
        message = (
            SAME_HEADING
            if len(kinds.ids) == 1
            else Text(WHICH_KIND.zh.format(kind=kind), WHICH_KIND.en.format(kind=kind))
        )
        yield table.complaint(message, column=table.headings[at])


def _kind_in(heading: str, prefixes: tuple[str, ...]) -> str | None:
    text = heading.replace("：", ":")
    return text.split(":", 1)[1].strip() if folded(text).startswith(prefixes) else None


def _unknown_heading(form: ListForm, table: Table, heading: str) -> Complaint:
    known = {folded(name): name for column in form.columns for name in (*column.names, column.field)}
    like = known.get(nearest_name(folded(heading), known), "")
    message = UNKNOWN_HEADING_LIKE if like else UNKNOWN_HEADING
    row = None if table.heading_row is not None else _first_with(table, heading)
    text = Text(message.zh.format(like=like), message.en.format(like=like))
    if row is not None:
        return Complaint(text, file=table.file, pointer=row.pointer + pointer_to("properties", heading))
    return table.complaint(text, column=heading)


def _first_with(table: Table, heading: str) -> Row | None:
    at = table.headings.index(heading)
    return next((row for row in table.rows if not is_blank(row.cells[at])), table.rows[0] if table.rows else None)


def _has_content(table: Table, at: int) -> bool:
    return any(len(row.cells) > at and not is_blank(row.cells[at]) for row in table.rows)


def _letters(at: int) -> str:
    """The spreadsheet's own name of a column without a heading."""
    return (chr(ord("A") + at // 26 - 1) if at >= 26 else "") + chr(ord("A") + at % 26)


def _row_problems(table: Table, row: Row, layout: _Layout) -> Iterator[tuple[str, Text]]:
    """Heading ("" for the row) and message; a failed formula is refused as a value wherever a text would not do."""
    if any(not is_blank(cell) for cell in row.cells[len(table.headings) :]):
        yield "", EXTRA_CELLS
    for at, column in layout.fields.items():
        cell = row.cells[at] if at < len(row.cells) else None
        if column.meaning in ("text", "names") and is_formula_error(cell):
            yield column.field, Text(FORMULA_ERROR.zh.format(cell=cell), FORMULA_ERROR.en.format(cell=cell))


def _entry(form: ListForm, source: Source, layout: _Layout, zone: tzinfo) -> Entry:
    value: dict[str, object] = dict(form.defaults)
    cells = source.row.cells
    for at, column in layout.fields.items():
        if at < len(cells) and not is_blank(cells[at]):
            value[column.field] = converted(cells[at], column, zone)
    if not form.lines:
        return Entry(value, source)
    value.pop("units", None)
    order = value.pop("order", None)
    lines = [at for at in layout.lines if at < len(cells) and not is_blank(cells[at])]
    value[form.lines] = [
        {"kind": layout.lines[at], "units": to_number(cells[at])} | ({"order": order} if order else {}) for at in lines
    ]
    return Entry(value, source, tuple(_line_source(source, source.table.headings[at]) for at in lines))


def _line_source(source: Source, heading: str) -> Source:
    return replace(source, headings={**source.headings, "units": heading, "kind": heading})


CONVERTERS: Mapping[str, Callable[[Cell], object]] = {
    "text": to_text,
    "names": to_names,
    "boolean": to_boolean,
    "place_kind": to_place_kind,
    "zone": to_zone,
    "profile": to_profile,
    "geometry": to_geometry,
    "points": to_points,
}


def converted(cell: Cell, column: Column, zone: tzinfo) -> object:
    """The cell as its column means it, or as text where it cannot be that."""
    if column.meaning == "number":
        return scaled(to_number(cell), column.factor)
    if column.meaning == "moment":
        return to_moment(cell, zone)
    return CONVERTERS[column.meaning](cell)


# --- kinds named in other columns and lists ------------------------------------------------------------------------


def with_kind_ids(read: ListRead, kinds: KindNames) -> ListRead:
    """The list of kinds with those it sets apart by id, also where they were written by name."""
    return replace(read, entries=tuple(_with_apart(entry, kinds) for entry in read.entries))


def _with_apart(entry: Entry, kinds: KindNames) -> Entry:
    apart = entry.value.get("apart")
    if not isinstance(apart, list):
        return entry
    return replace(entry, value=entry.value | {"apart": [kinds.id_of(str(kind)) for kind in apart]})


@dataclass(frozen=True, slots=True)
class LineList:
    """A list whose rows are lines of another list's entries: which column names the entry, what the lines become."""

    name: str
    target: str
    owner: str
    member: str


LINE_LISTS = (LineList("demands", "sites", "site", "demand"), LineList("stock", "depots", "depot", "stock"))


def with_lines(
    owners: Sequence[Entry], lines: ListRead, kinds: KindNames, form: LineList
) -> tuple[tuple[Entry, ...], tuple[Complaint, ...]]:
    """The sites or depots with the rows of ``lines`` added, and complaints about rows of none that is known."""
    if form.owner in lines.missing:
        return tuple(owners), ()
    numbers = {str(entry.value.get("id", "")): index for index, entry in reversed(list(enumerate(owners)))}
    extra: dict[int, list[Entry]] = {}
    complaints: list[Complaint] = []
    for row in lines.entries:
        owner = row.value.get(form.owner)
        if owner is None:
            complaints.append(row.source.locate(Complaint(MISSING_CELL), form.owner))
        elif str(owner) in numbers:
            extra.setdefault(numbers[str(owner)], []).append(row)
        elif numbers:
            unknown = _unknown_owner(str(owner), numbers, form, hint=len(complaints) < MOST_HINTS)
            complaints.append(row.source.locate(unknown, form.owner))
    merged = tuple(_with_rows(entry, extra.get(index, []), kinds, form) for index, entry in enumerate(owners))
    return merged, tuple(complaints)


def _unknown_owner(owner: str, known: Mapping[str, int], form: LineList, *, hint: bool) -> Complaint:
    like = nearest_name(owner, known) if hint else ""
    return complaint_at("", UNKNOWN_LIKE if like else UNKNOWN, what=OWNERS[form.owner], id=owner, like=like)


def _with_rows(entry: Entry, rows: Sequence[Entry], kinds: KindNames, form: LineList) -> Entry:
    if not rows:
        return entry
    lines = [_line(row.value, kinds, form) for row in rows]
    written = entry.value.get(form.member)
    value = entry.value | {form.member: [*(written if isinstance(written, list) else []), *lines]}
    return replace(entry, value=value, lines=(*entry.lines, *(row.source for row in rows)))


def _line(value: Mapping[str, object], kinds: KindNames, form: LineList) -> dict[str, object]:
    line = {name: cell for name, cell in value.items() if name != form.owner}
    return line | ({"kind": kinds.id_of(str(line["kind"]))} if "kind" in line else {})
