"""Every way a scenario comes in as files, ending in one document: a folder of lists, a workbook, or JSON."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from api.complaints import pointer_to
from api.cross_checks import ENTRIES
from api.files.cells import folded
from api.files.columns import FORMS, RESTRICTIONS, ListForm, form_named
from api.files.csv_lists import read_bytes, read_csv
from api.files.documents import read_json
from api.files.geojson_lists import read_geojson
from api.files.kinds_in_lists import split_by_kind
from api.files.lists import LINE_LISTS, Entry, KindNames, ListRead, kind_names, read_list, with_kind_ids, with_lines
from api.files.scenario_keys import SETTINGS_SHEETS, ScenarioKeys, read_settings_sheet, read_toml
from api.files.table import Table
from api.files.xlsx_lists import Sheet, read_list_workbook, read_workbook
from api.schemas import ScenarioDocument
from api.validation import examine_scenario
from geodata.errors import BadInput, Complaint, Text

SETTINGS_FILE = "scenario.toml"
DOCUMENT_FILE = "scenario.json"
LIST_SUFFIXES = (".csv", ".xlsx", ".geojson")

NOT_FOUND = Text("没有此文件或文件夹", "there is no such file or folder")
NOT_A_SCENARIO = Text(
    "场景应为文件夹、XLSX 工作簿或 JSON 文件", "a scenario is a folder, an XLSX workbook or a JSON file"
)
NO_SETTINGS_FILE = Text("文件夹中缺少 scenario.toml", "the folder has no scenario.toml")
NO_SETTINGS_SHEET = Text("工作簿中缺少“参数”工作表", "the workbook has no sheet named 参数 or scenario")
TWO_FILES = Text("与 {other} 是同一清单", "is the same list as {other}")
NOT_A_LIST_FILE = Text("清单文件须为 CSV、XLSX 或 GeoJSON", "a list must be CSV, XLSX or GeoJSON")
UNKNOWN_FILE = Text("文件 {name} 不是已知的清单，未读取", "the file {name} is no known list and was not read")
UNKNOWN_SHEET = Text("工作表“{name}”不是已知的清单，未读取", "the sheet '{name}' is no known list and was not read")
ORDERS_TWICE = Text("批次既在参数中又在清单中给出", "orders are given both in the settings and as a list")
NO_LIST = Text("缺少清单：{names}", "this list is missing: {names}")


def _as_it_is(complaint: Complaint) -> Complaint:
    return complaint


@dataclass(frozen=True, slots=True)
class LoadedScenario:
    """A sound scenario. A network given as a path is relative to ``folder``."""

    document: ScenarioDocument
    folder: Path
    warnings: tuple[Text, ...] = ()
    locate: Callable[[Complaint], Complaint] = _as_it_is
    """Places a complaint about the document, found later, in the file and row it came from."""


def read_scenario(path: Path) -> LoadedScenario:
    """The scenario at ``path``. Raises BadInput with every complaint, placed by file, sheet, row and column."""
    if path.name == SETTINGS_FILE and path.is_file():
        path = path.parent
    if not path.exists():
        raise BadInput([Complaint(NOT_FOUND, file=str(path))])
    if path.is_dir():
        only_document = (path / DOCUMENT_FILE).is_file() and not (path / SETTINGS_FILE).exists()
        return _from_document(path / DOCUMENT_FILE) if only_document else _from_lists(_folder(path), path)
    if path.suffix.lower() == ".json":
        return _from_document(path)
    if path.suffix.lower() in (".xlsx", ".xlsm"):
        return _from_lists(_workbook(path), path.parent)
    raise BadInput([Complaint(NOT_A_SCENARIO, file=path.name)])


# --- a document --------------------------------------------------------------------------------------------------


def _from_document(path: Path) -> LoadedScenario:
    def locate(complaint: Complaint) -> Complaint:
        return replace(complaint, file=path.name)

    raw = read_json(read_bytes(path), file=path.name)
    return _examined(raw, path.parent, locate)


def _examined(
    raw: object,
    folder: Path,
    locate: Callable[[Complaint], Complaint],
    *,
    found: Iterable[Complaint] = (),
    unread: frozenset[str] = frozenset(),
    warnings: tuple[Text, ...] = (),
) -> LoadedScenario:
    try:
        verdict = examine_scenario(raw, found=found, unread=unread)
    except BadInput as refusal:
        raise BadInput(locate(complaint) for complaint in refusal.complaints) from None
    noticed = (locate(warning) for warning in verdict.warnings)
    texts = tuple(Text(warning.in_language("zh"), warning.in_language("en")) for warning in noticed)
    return LoadedScenario(verdict.document, folder, (*warnings, *texts), locate)


# --- lists -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Lists:
    """Settings and tables as found, before anything is made of them. ``unread``: lists whose file was of no use."""

    keys: ScenarioKeys
    tables: Mapping[str, Table]
    complaints: tuple[Complaint, ...]
    unread: frozenset[str]
    warnings: tuple[Text, ...]


@dataclass(slots=True)
class _Finds:
    """What the search of a folder or workbook gathers."""

    tables: dict[str, Table] = field(default_factory=dict)
    complaints: list[Complaint] = field(default_factory=list)
    unread: set[str] = field(default_factory=set)
    warnings: list[Text] = field(default_factory=list)

    def read(self, form: ListForm, reader: Callable[[], Table]) -> None:
        restricts = form.name in (*RESTRICTIONS, "restrictions")
        try:
            table = reader()
            for name, part in (split_by_kind(table, form) if restricts else {form.name: table}).items():
                self._keep(name, part)
        except BadInput as refusal:
            self.complaints.extend(refusal.complaints)
            self.unread |= set(RESTRICTIONS) if form.name == "restrictions" else {form.name}

    def _keep(self, name: str, table: Table) -> None:
        """Rows of one list may come from one place only."""
        if name in self.tables:
            other = self.tables[name]
            words = other.sheet or other.file
            message = Text(TWO_FILES.zh.format(other=words), TWO_FILES.en.format(other=words))
            self.complaints.append(Complaint(message, file=table.file, sheet=table.sheet))
        else:
            self.tables[name] = table

    def lists(self, keys: ScenarioKeys) -> _Lists:
        complaints = (*keys.complaints, *self.complaints)
        return _Lists(keys, self.tables, complaints, frozenset(self.unread), tuple(self.warnings))


def _without_settings(file: str) -> ScenarioKeys:
    return ScenarioKeys(file, "", {}, {}, ())


def _folder(folder: Path) -> _Lists:
    finds = _Finds()
    keys = _folder_settings(folder, finds)
    for form, path in _list_files(folder, keys, finds):
        finds.read(form, lambda form=form, path=path: _read_table(form, path))  # type: ignore[misc]
    return finds.lists(keys)


def _folder_settings(folder: Path, finds: _Finds) -> ScenarioKeys:
    path = folder / SETTINGS_FILE
    try:
        if path.exists():
            return read_toml(path)
        finds.complaints.append(Complaint(NO_SETTINGS_FILE, file=SETTINGS_FILE))
    except BadInput as refusal:
        finds.complaints.extend(refusal.complaints)
    finds.unread |= {"network", "orders"}
    return _without_settings(SETTINGS_FILE)


def _list_files(folder: Path, keys: ScenarioKeys, finds: _Finds) -> Iterator[tuple[ListForm, Path]]:
    """The file of each list: named in ``[files]``, else found by its name."""
    chosen = {name: folder / file for name, file in keys.files.items()}
    for path in sorted(folder.iterdir()):
        if path.suffix.lower() not in LIST_SUFFIXES or path.name.startswith((".", "~$")) or path in chosen.values():
            continue
        form = form_named(path.stem)
        if form is None:
            name = path.name
            finds.warnings.append(Text(UNKNOWN_FILE.zh.format(name=name), UNKNOWN_FILE.en.format(name=name)))
        elif form.name not in chosen:
            chosen[form.name] = path
        elif form.name not in keys.files:
            other = chosen[form.name].name
            message = Text(TWO_FILES.zh.format(other=other), TWO_FILES.en.format(other=other))
            finds.complaints.append(Complaint(message, file=path.name))
    return ((form, chosen[form.name]) for form in FORMS if form.name in chosen)


def _read_table(form: ListForm, path: Path) -> Table:
    suffix = path.suffix.lower()
    if not path.exists():
        raise BadInput([Complaint(NOT_FOUND, file=path.name)])
    if suffix == ".csv":
        return read_csv(path)
    if suffix == ".xlsx":
        return read_list_workbook(path, form.folded_names())
    if suffix == ".geojson":
        return read_geojson(path, shapes=form.name in (*RESTRICTIONS, "restrictions"))
    raise BadInput([Complaint(NOT_A_LIST_FILE, file=path.name)])


def _workbook(path: Path) -> _Lists:
    finds = _Finds()
    sheets = read_workbook(path)
    settings = [sheet for sheet in sheets if folded(sheet.name) in SETTINGS_SHEETS]
    if settings:
        keys = read_settings_sheet(settings[0])
    else:
        finds.complaints.append(Complaint(NO_SETTINGS_SHEET, file=path.name))
        finds.unread |= {"network", "orders"}
        keys = _without_settings(path.name)
    for sheet in sheets:
        if sheet not in settings:
            _take_sheet(sheet, finds)
    return finds.lists(keys)


def _take_sheet(sheet: Sheet, finds: _Finds) -> None:
    form = form_named(sheet.name)
    if form is None:
        if not sheet.blank:
            finds.warnings.append(
                Text(UNKNOWN_SHEET.zh.format(name=sheet.name), UNKNOWN_SHEET.en.format(name=sheet.name))
            )
    elif form.name in finds.tables or form.name in finds.unread:
        other = finds.tables[form.name].sheet if form.name in finds.tables else form.name
        message = Text(TWO_FILES.zh.format(other=other), TWO_FILES.en.format(other=other))
        finds.complaints.append(Complaint(message, file=sheet.file, sheet=sheet.name))
    else:
        finds.read(form, sheet.table)


# --- from lists to the document, and from its pointers back to the lists -------------------------------------------


@dataclass(frozen=True, slots=True)
class _Draft:
    """The entries the lists give, each still knowing where it was written."""

    keys: ScenarioKeys
    entries: Mapping[str, tuple[Entry, ...]]

    def raw(self) -> dict[str, Any]:
        """The document as far as it goes."""
        lists = {name: [entry.value for entry in rows] for name, rows in self.entries.items() if name in ENTRIES}
        return self.keys.raw | lists

    def locate(self, complaint: Complaint) -> Complaint:
        if complaint.file:
            return complaint
        steps = [step.replace("~1", "/").replace("~0", "~") for step in complaint.pointer.split("/")[1:]]
        if len(steps) > 1 and steps[0] in self.entries and steps[1].isdecimal():
            return _locate_entry(self.entries[steps[0]][int(steps[1])], complaint, steps[2:])
        if not steps or (steps[0] in ENTRIES and steps[0] != "orders"):
            return self._locate_list(complaint, steps)
        if steps[0] == "orders" and len(steps) > 2:
            return self.keys.locate(complaint, ("orders", steps[2]))
        path = tuple(steps)
        if path[0] == "datum" and path not in self.keys.places:
            path = ("datum",)
        return self.keys.locate(complaint, path)

    def _locate_list(self, complaint: Complaint, steps: list[str]) -> Complaint:
        entries = self.entries.get(steps[0], ()) if steps else ()
        if entries:
            table = entries[0].source.table
            return Complaint(complaint.message, file=table.file, sheet=table.sheet)
        if not steps:
            return complaint
        form = next(form for form in FORMS if form.name == steps[0])
        names = Text(f"{form.names[0]} ({form.name})", f"{form.name} ({form.names[0]})")
        return Complaint(Text(NO_LIST.zh.format(names=names.zh), NO_LIST.en.format(names=names.en)))


def _locate_entry(entry: Entry, complaint: Complaint, steps: list[str]) -> Complaint:
    if len(steps) > 1 and steps[0] in ("demand", "stock") and steps[1].isdecimal() and int(steps[1]) < len(entry.lines):
        return entry.lines[int(steps[1])].locate(complaint, steps[2] if len(steps) > 2 else "")
    located = entry.source.locate(complaint, steps[0] if steps else "")
    deeper = steps[1:] if steps[:1] == ["geometry"] and entry.source.row.pointer else []
    return replace(located, pointer=located.pointer + pointer_to(*deeper))


def _from_lists(lists: _Lists, folder: Path) -> LoadedScenario:
    lists = _with_orders(lists)
    reads, kinds = _read_lists(lists)
    entries: dict[str, tuple[Entry, ...]] = {}
    found = list(lists.complaints)
    unread = {_target(name) for name in lists.unread}
    for read in reads:
        target = read.form.target
        first = len(entries.get(target, ()))
        entries[target] = (*entries.get(target, ()), *read.entries)
        found += [*read.complaints, *_by_pointer(read, first)]
        unread |= set(_unread_columns(read))
    for form in LINE_LISTS:
        for lines in (read for read in reads if read.form.name == form.name):
            entries[form.target], strays = with_lines(entries.get(form.target, ()), lines, kinds, form)
            found += strays
    draft = _Draft(lists.keys, entries)
    return _examined(draft.raw(), folder, draft.locate, found=found, unread=frozenset(unread), warnings=lists.warnings)


def _with_orders(lists: _Lists) -> _Lists:
    """Orders come from one place: the settings' shorthand, [[orders]], or a list."""
    keys, listed = lists.keys, lists.tables.get("orders")
    ways = [keys.places.get(("orders", "order_at")), keys.orders, listed]
    complaints = lists.complaints
    if sum(way is not None for way in ways) > 1:
        complaints = (*complaints, Complaint(ORDERS_TWICE, file=keys.file, sheet=keys.sheet))
    tables = lists.tables if keys.orders is None else {**lists.tables, "orders": keys.orders}
    return replace(lists, tables=tables, complaints=complaints)


def _read_lists(lists: _Lists) -> tuple[list[ListRead], KindNames]:
    """Every list, kinds first: the other lists name them in their headings."""
    reads: list[ListRead] = []
    kinds = kind_names(())
    for form in sorted((form for form in FORMS if form.name in lists.tables), key=lambda form: form.name != "kinds"):
        read = read_list(form, lists.tables[form.name], zone=lists.keys.zone, kinds=kinds)
        if form.name == "kinds":
            kinds = kind_names(read.entries)
            read = with_kind_ids(read, kinds)
        reads.append(read)
    return reads, kinds


def _by_pointer(read: ListRead, first: int) -> Iterator[Complaint]:
    for index, heading, message in read.by_entry:
        steps = (heading,) if heading else ()
        yield Complaint(message, pointer=pointer_to(read.form.target, first + index, *steps))


def _target(name: str) -> str:
    form = form_named(name)
    target = form.target if form else name
    return {"demands": "sites/demand", "stock": "depots/stock"}.get(target, target)


def _unread_columns(read: ListRead) -> Iterator[str]:
    """What the examination should not look for a second time."""
    target = _target(read.form.name)
    yield from (f"{target}/{name}" for name in read.missing)
    if "id" in read.missing:
        yield target
    if (
        (read.form.lines == "demand" and read.complaints)
        or (target == "sites/demand" and read.missing)
        or "id" in read.missing
    ):
        yield "sites/demand"
