"""Bad files: each complaint names file, sheet, row and column, all of a scenario's at once, in both languages."""

from __future__ import annotations

import contextlib
import json
import struct
import time
import tracemalloc
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from api.files.documents import read_json
from api.files.scenario import read_scenario
from geodata.errors import BadInput, Complaint
from tests.api.scenario_files import (
    DOCUMENT,
    KEYS,
    LISTS,
    TOML,
    Rows,
    csv_folder,
    csv_text,
    edit_xlsx,
    workbook,
    write_geojson,
    write_xlsx,
)

Make = Callable[[Path], Path]


def complaints(path: Path) -> tuple[Complaint, ...]:
    with pytest.raises(BadInput) as refusal:
        read_scenario(path)
    return refusal.value.complaints


def with_list(name: str, content: str | bytes) -> Make:
    """A folder in which one list is this text."""

    def make(folder: Path) -> Path:
        csv_folder(folder)
        data = content.encode() if isinstance(content, str) else content
        (folder / f"{name}.csv").write_bytes(data)
        return folder

    return make


def with_cell(name: str, row: int, column: int, cell: object) -> Make:
    """A folder in which one cell of one list is another; rows count from 1 as in the file."""
    rows = [list(line) for line in LISTS[name]]
    rows[row - 1][column] = cell
    return with_list(name, csv_text(rows))


def with_toml(text: str) -> Make:
    return lambda folder: csv_folder(folder, toml=text)


def with_sheet(name: str, rows: Rows) -> Make:
    return lambda folder: write_xlsx(folder.with_suffix(".xlsx"), {"参数": KEYS, **LISTS, name: rows})


def with_part(part: str, edit: Callable[[bytes], bytes]) -> Make:
    """A folder whose list of sites is a workbook with one part of its package changed."""

    def make(folder: Path) -> Path:
        csv_folder(folder)
        (folder / "sites.csv").unlink()
        edit_xlsx(write_xlsx(folder / "sites.xlsx", {"Sheet1": LISTS["sites"]}), part, edit)
        return folder

    return make


def with_xlsx(content: bytes) -> Make:
    def make(folder: Path) -> Path:
        csv_folder(folder)
        (folder / "sites.csv").unlink()
        (folder / "sites.xlsx").write_bytes(content)
        return folder

    return make


def with_geojson(change: Callable[[dict[str, Any]], object]) -> Make:
    def make(folder: Path) -> Path:
        csv_folder(folder)
        (folder / "sites.csv").unlink()
        path = write_geojson(folder / "sites.geojson", LISTS["sites"])
        value = json.loads(path.read_text(encoding="utf-8"))
        change(value)
        path.write_text(json.dumps(value), encoding="utf-8")
        return folder

    return make


def with_json(content: str | bytes) -> Make:
    def make(folder: Path) -> Path:
        path = folder.with_suffix(".json")
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    return make


def also(make: Make, change: Callable[[Path], object]) -> Make:
    def both(folder: Path) -> Path:
        path = make(folder)
        change(path)
        return path

    return both


def sheet_xml(text: bytes, by: bytes) -> Make:
    return with_part("xl/worksheets/sheet1.xml", lambda content: content.replace(text, by))


SHEET = "xl/worksheets/sheet1.xml"
FAR_CELL = b'<row r="1048576"><c r="XFD1048576" t="n"><v>1</v></c></row></sheetData>'
UNNUMBERED = b'<row r="900000"><c><v>1</v></c><c><v>1</v></c><c><v>1</v></c></row></sheetData>'
DTD = b'<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;">]><worksheet'
HEAD = "编号,经度,纬度,需求:base\n"

# name, scenario, then where (file, sheet, row, column) and a word of the English message
BAD: list[tuple[str, Make, tuple[str, str, int | None, str], str]] = [
    ("column missing", with_list("sites", "编号,经度,需求:base\nS1,121.6,1\n"), ("sites.csv", "", 1, "纬度"), "lat"),
    ("unknown heading", with_list("sites", "编号,经渡,经度,纬度,需求:base\nS1,1,121.6,38.9,1\n"), ("sites.csv", "", 1, "经渡"), "经度"),
    ("repeated heading", with_list("sites", "编号,经度,纬度,lon,需求:base\nS1,121.6,38.9,1,1\n"), ("sites.csv", "", 1, "lon"), "repeated"),
    ("unnamed column", with_list("sites", "编号,经度,,纬度,需求:base\nS1,121.6,x,38.9,1\n"), ("sites.csv", "", 1, "C"), "no heading"),
    ("units without kind", with_list("sites", "编号,经度,纬度,数量\nS1,121.6,38.9,1\n"), ("sites.csv", "", 1, "数量"), "demand:base"),
    ("demand of unknown kind", with_list("sites", "编号,经度,纬度,需求:bse\nS1,121.6,38.9,1\n"), ("sites.csv", "", 2, "需求:bse"), "'base'"),
    ("extra cell", with_list("sites", HEAD + "S1,121.6,38.9,1,x\n"), ("sites.csv", "", 2, ""), "more cells"),
    ("words for a number", with_cell("sites", 3, 3, "东经"), ("sites.csv", "", 3, "经度"), "number"),
    ("number with letters", with_cell("sites", 3, 8, "12abc"), ("sites.csv", "", 3, "需求:base"), "12abc"),
    ("NaN", with_cell("sites", 3, 4, "nan"), ("sites.csv", "", 3, "纬度"), "number"),
    ("Infinity", with_cell("depots", 2, 4, "Infinity"), ("depots.csv", "", 2, "纬度"), "number"),
    ("huge number", with_cell("depots", 2, 4, "1e999"), ("depots.csv", "", 2, "纬度"), "finite"),
    ("decimal comma", with_cell("sites", 3, 4, "38,93"), ("sites.csv", "", 3, "纬度"), "number"),
    ("negative quantity", with_cell("sites", 2, 8, -20), ("sites.csv", "", 2, "需求:base"), "at least 0"),
    ("half a unit", with_cell("sites", 2, 8, 20.5), ("sites.csv", "", 2, "需求:base"), "whole"),
    ("latitude out of range", with_cell("sites", 2, 4, 121.61), ("sites.csv", "", 2, "纬度"), "swapped"),
    ("at zero", with_list("depots", "编号,经度,纬度\nD1,0,0\n"), ("depots.csv", "", 2, "经度"), "left out"),
    ("no id", with_cell("sites", 3, 0, ""), ("sites.csv", "", 3, "编号"), "missing"),
    ("same id", with_cell("sites", 4, 0, "S2"), ("sites.csv", "", 4, "编号"), "more than once"),
    ("same vehicle", with_list("vehicles", "编号,储备库,载重\nA,D1,5\nA,D1,5\n"), ("vehicles.csv", "", 3, "编号"), "more than once"),
    ("backward window", with_cell("sites", 2, 5, "11:00-08:00"), ("sites.csv", "", 2, "接收时间"), "before they start"),
    ("unreadable window", with_cell("sites", 2, 5, "以村通知为准"), ("sites.csv", "", 2, "接收时间"), "cannot be read"),
    ("backward shift", with_cell("vehicles", 2, 4, "20:00-6:00"), ("vehicles.csv", "", 2, "班次"), "before they start"),
    ("unknown depot", with_cell("vehicles", 2, 1, "D2"), ("vehicles.csv", "", 2, "所属储备库"), "'D1'"),
    ("unknown gate", with_cell("sites", 3, 7, "G2"), ("sites.csv", "", 3, "停靠点"), "'G1'"),
    ("neither yes nor no", with_cell("sites", 3, 6, "也许"), ("sites.csv", "", 3, "必达"), "yes or no"),
    ("unknown place kind", with_cell("sites", 3, 2, "超市"), ("sites.csv", "", 3, "类型"), "drop_point"),
    ("no capacity", with_cell("vehicles", 2, 2, ""), ("vehicles.csv", "", 2, ""), "capacity"),
    ("half a vehicle", with_cell("vehicles", 2, 3, 1.5), ("vehicles.csv", "", 2, "数量"), "whole"),
    ("kind without size", with_cell("kinds", 2, 2, 0), ("kinds.csv", "", 2, ""), "must not all be 0"),
    ("control character", with_cell("sites", 3, 1, "a\x07b"), ("sites.csv", "", 3, "名称"), "U+0007"),
    ("failed formula", with_cell("sites", 3, 1, "#REF!"), ("sites.csv", "", 3, "名称"), "formula"),
    ("failed number formula", with_cell("sites", 3, 3, "#N/A"), ("sites.csv", "", 3, "经度"), "#N/A"),
    ("empty file", with_list("sites", ""), ("sites.csv", "", None, ""), "nothing at all"),
    ("blank file", with_list("sites", "\n , \n"), ("sites.csv", "", None, ""), "nothing at all"),
    ("headings only", with_list("sites", HEAD), ("sites.csv", "", None, ""), "no rows"),
    ("no encoding", with_list("sites", b"\xff\x80\x00\xff,\x81"), ("sites.csv", "", None, ""), "encoding"),
    ("NUL bytes", with_list("sites", HEAD + "S1\0,1,1,1\n"), ("sites.csv", "", None, ""), "NUL"),
    ("open quotes", with_list("sites", HEAD + 'S1,"121.6,38.9,1\n'), ("sites.csv", "", 2, ""), "quotation"),
    ("too many rows", with_list("sites", HEAD + "S1,121.6,38.9,1\n" * 50_001), ("sites.csv", "", None, ""), "50000 rows"),
    ("too many columns", with_list("sites", ",".join(map(str, range(201))) + "\n1,2\n"), ("sites.csv", "", None, ""), "200 columns"),
    ("folder named as file", also(csv_folder, lambda folder: ((folder / "sites.csv").unlink(), (folder / "sites.csv").mkdir())), ("sites.csv", "", None, ""), "not a file"),
    ("two files for one list", also(csv_folder, lambda folder: (folder / "点位.csv").write_text("x")), ("点位.csv", "", None, ""), "same list"),
    ("demand for unknown site", also(csv_folder, lambda folder: (folder / "demands.csv").write_text("点位,品类,数量\n101,extra,1\nS9,base,2\n")), ("demands.csv", "", 3, "点位"), "unknown site"),
    ("demand of a bad number", also(csv_folder, lambda folder: (folder / "demands.csv").write_text("点位,品类,数量\n101,extra,x\n")), ("demands.csv", "", 2, "数量"), "whole"),
    ("demand for the same again", also(csv_folder, lambda folder: (folder / "demands.csv").write_text("点位,品类,数量\n101,base,1\n")), ("demands.csv", "", 2, ""), "twice"),
    ("demand without site", also(csv_folder, lambda folder: (folder / "demands.csv").write_text("点位,品类,数量\n,extra,1\n")), ("demands.csv", "", 2, "点位"), "missing"),
    ("no vehicles", also(csv_folder, lambda folder: (folder / "vehicles.csv").unlink()), ("", "", None, ""), "vehicles"),
    ("no scenario.toml", also(csv_folder, lambda folder: (folder / "scenario.toml").unlink()), ("scenario.toml", "", None, ""), "no scenario.toml"),
    ("TOML error", with_toml('network = "n"\norder_at = \n'), ("scenario.toml", "", 2, ""), "TOML"),
    ("TOML not UTF-8", also(csv_folder, lambda folder: (folder / "scenario.toml").write_bytes(b'name = "\xff"')), ("scenario.toml", "", None, ""), "UTF-8"),
    ("TOML unknown key", with_toml(TOML.replace("service_s", "service")), ("scenario.toml", "", 7, "settings.service"), "service_s"),
    ("TOML unknown section", with_toml(TOML + "[extra]\na = 1\n"), ("scenario.toml", "", 9, "extra.a"), "unknown setting"),
    ("TOML list for a value", with_toml(TOML + "snap_limit_m = [1]\n"), ("scenario.toml", "", 8, "settings.snap_limit_m"), "single value"),
    ("TOML negative setting", with_toml(TOML.replace("200", "-200")), ("scenario.toml", "", 7, "settings.service_s"), "at least 0"),
    ("TOML no network", with_toml(TOML.replace('network = "net.bgn"', "")), ("scenario.toml", "", None, "网络 (network)"), "missing"),
    ("TOML no order", with_toml(TOML.replace("order_at = 2022-11-23T07:30:00\ntarget_min = 90\n", "")), ("scenario.toml", "", None, "order_at"), "missing"),
    ("TOML order as words", with_toml(TOML.replace("2022-11-23T07:30:00", '"soon"')), ("scenario.toml", "", 3, "order_at"), "not a time"),
    ("TOML target zero", with_toml(TOML.replace("90", "0")), ("scenario.toml", "", 4, "target_min"), "greater than 0"),
    ("TOML unknown timezone", with_toml('timezone = "Mars"\n' + TOML), ("scenario.toml", "", 1, "timezone"), "Mars"),
    ("TOML unknown datum", with_toml(TOML + '[datum]\nsites = "ED50"\n'), ("scenario.toml", "", 9, "datum.sites"), "'BD09'"),
    ("TOML unknown list file", with_toml(TOML + '[files]\nsights = "a.csv"\n'), ("scenario.toml", "", None, "sights"), "sites"),
    ("TOML list file missing", with_toml(TOML + '[files]\nsites = "a.csv"\n'), ("a.csv", "", None, ""), "no such file"),
    ("TOML list file of a kind", with_toml(TOML + '[files]\nsites = "scenario.toml"\n'), ("scenario.toml", "", None, ""), "CSV"),
    ("TOML second order", with_toml(TOML.replace("order_at", "# ").replace("target_min", "# ") + '[[orders]]\nid = "1"\norder_at = 2022-11-23T07:30:00\n[[orders]]\nid = "2"\norder_at = "x"\n'), ("scenario.toml", "", 11, "order_at"), "not a time"),
    ("orders given twice", also(csv_folder, lambda folder: (folder / "批次.csv").write_text("编号,下达时间\n1,2022-11-23 7:30\n")), ("scenario.toml", "", None, ""), "both"),
    ("sheet: bad cell", with_sheet("vehicles", [["编号", "储备库", "载重"], ["A", "D1", 5], ["B", "D1", -5]]), ("场景.xlsx", "vehicles", 3, "载重"), "at least 0"),
    ("sheet: only headings", with_sheet("vehicles", [["编号", "储备库", "载重"]]), ("场景.xlsx", "vehicles", None, ""), "no rows"),
    ("sheet: column missing", with_sheet("vehicles", [["编号", "载重"], ["A", 5]]), ("场景.xlsx", "vehicles", 1, "所属储备库"), "depot"),
    ("sheet: unknown setting", with_sheet("参数", [*KEYS, ["送达时间", 90]]), ("场景.xlsx", "参数", 7, "送达时间"), "送达时限"),
    ("sheet: setting twice", with_sheet("参数", [*KEYS, ["network", "x"]]), ("场景.xlsx", "参数", 7, "network"), "twice"),
    ("sheet: setting out of range", with_sheet("参数", [*KEYS, ["贴路距离上限(米)", -1]]), ("场景.xlsx", "参数", 7, "贴路距离上限(米)"), "greater than 0"),
    ("sheet: same list twice", with_sheet("车辆", LISTS["vehicles"]), ("场景.xlsx", "车辆", None, ""), "same list"),
    ("sheet: no settings", lambda folder: write_xlsx(folder.with_suffix(".xlsx"), LISTS), ("场景.xlsx", "", None, ""), "scenario"),
    ("xlsx empty", with_xlsx(b""), ("sites.xlsx", "", None, ""), "undamaged"),
    ("xlsx no zip", with_xlsx(b"hello, world" * 100), ("sites.xlsx", "", None, ""), "undamaged"),
    ("xlsx cut off", also(with_part(SHEET, lambda xml: xml), lambda folder: (folder / "sites.xlsx").write_bytes((folder / "sites.xlsx").read_bytes()[:3000])), ("sites.xlsx", "", None, ""), "undamaged"),
    ("xlsx with a password", with_xlsx(bytes.fromhex("d0cf11e0a1b11ae1") + bytes(5000)), ("sites.xlsx", "", None, ""), "password"),
    ("xlsx broken XML", sheet_xml(b"</sheetData>", b"<<<"), ("sites.xlsx", "", None, ""), "undamaged"),
    ("xlsx with a DTD", sheet_xml(b"<worksheet", DTD), ("sites.xlsx", "", None, ""), "DTD"),
    ("xlsx zip bomb", with_part("xl/theme/theme1.xml", lambda xml: xml + bytes(30_000_000)), ("sites.xlsx", "", None, ""), "unpacks"),
    ("xlsx far cell", sheet_xml(b"</sheetData>", FAR_CELL), ("sites.xlsx", "", None, ""), "too far"),
    ("xlsx far row without cell names", sheet_xml(b"</sheetData>", UNNUMBERED), ("sites.xlsx", "", None, ""), "too far"),
    ("xlsx claims millions of cells", sheet_xml(b'ref="A1:J4"', b'ref="A1:CV30000"'), ("sites.xlsx", "", None, ""), "too far"),
    ("xlsx other package", with_part("xl/workbook.xml", lambda _: b"<nothing/>"), ("sites.xlsx", "", None, ""), ""),
    ("geojson no collection", with_geojson(lambda value: value.update(type="Feature")), ("sites.geojson", "", None, ""), "FeatureCollection"),
    ("geojson empty", with_geojson(lambda value: value.update(features=[])), ("sites.geojson", "", None, ""), "no rows"),
    ("json unknown suffix", lambda folder: with_json("{}")(folder).rename(folder.with_suffix(".txt")), ("场景.txt", "", None, ""), "folder"),
    ("json empty", with_json(""), ("场景.json", "", None, ""), "empty"),
    ("json syntax", with_json('{"a": 1,\n}'), ("场景.json", "", 2, ""), "valid JSON"),
    ("json not UTF-8", with_json('{"a": "保"}'.encode("gb18030")), ("场景.json", "", None, ""), "UTF-8"),
    ("json too deep", with_json("[" * 100_000), ("场景.json", "", None, ""), "deep"),
    ("json long number", with_json('{"a": ' + "1" * 5000 + "}"), ("场景.json", "", None, ""), "number"),
    ("json no object", with_json("[1]"), ("场景.json", "", None, ""), "object"),
    ("nothing there", lambda folder: folder, ("场景", "", None, ""), "no such"),
]  # fmt: skip


@pytest.mark.parametrize(("make", "place", "words"), [row[1:] for row in BAD], ids=[row[0] for row in BAD])
def test_a_bad_file_is_named_with_its_place(
    make: Make, place: tuple[str, str, int | None, str], words: str, tmp_path: Path
) -> None:
    found = complaints(make(tmp_path / "场景"))
    places = [(Path(one.file).name, one.sheet, one.row, one.column) for one in found]
    assert place in places, found
    assert words in found[places.index(place)].message.en
    assert all(complaint.message.zh and complaint.message.en for complaint in found)
    assert len(found) == 1, found


def test_every_complaint_of_a_folder_comes_at_once(tmp_path: Path) -> None:
    folder = csv_folder(tmp_path / "a", toml=TOML.replace("service_s = 200", "service_s = -1"))
    (folder / "sites.csv").write_text(
        "编号,经度,纬度,接收时间,优先级,需求:base\n"
        "S1,121.6,38.9,9:00-8:00,1,1\n"
        "S1,121.6,138.9,,x,1\n"
        "S3,,38.9,,,1,extra\n",
        encoding="utf-8",
    )  # fmt: skip
    (folder / "depots.csv").write_text("编号,经度,纬渡\nD1,121.6,38.9\n", encoding="utf-8")
    (folder / "vehicles.csv").write_bytes(b"\xff\xff\xff")
    found = {(one.file, one.row, one.column) for one in complaints(folder)}
    assert found == {
        ("scenario.toml", 7, "settings.service_s"),
        ("sites.csv", 2, "接收时间"),
        ("sites.csv", 3, "纬度"),
        ("sites.csv", 3, "优先级"),
        ("sites.csv", 4, "经度"),
        ("sites.csv", 4, ""),
        ("depots.csv", 1, "纬渡"),
        ("depots.csv", 1, "纬度"),
        ("vehicles.csv", None, ""),
    }


def test_swapped_coordinates_within_range_are_named_by_row(tmp_path: Path) -> None:
    folder = csv_folder(tmp_path / "a")
    (folder / "access_points.csv").unlink()
    (folder / "depots.csv").write_text("编号,经度,纬度\nD1,-71.2,-29.9\n", encoding="utf-8")
    (folder / "sites.csv").write_text(
        "编号,经度,纬度,需求:base\nS1,-71.21,-29.91,1\nS2,-29.92,-71.22,1\nS3,-71.23,-29.93,1\n", encoding="utf-8"
    )
    (complaint,) = complaints(folder)
    assert (complaint.file, complaint.row, complaint.column) == ("sites.csv", 3, "经度")
    assert "swapped" in complaint.message.en


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        (lambda f: f[1].update(type="Thing"), "/features/1"),
        (lambda f: f[1].update(geometry=None), "/features/1/geometry"),
        (lambda f: f[1]["geometry"].update(type="LineString"), "/features/1/geometry"),
        (lambda f: f[1]["geometry"].update(coordinates=[1]), "/features/1/geometry/coordinates"),
        (lambda f: f[1]["geometry"].update(coordinates=["1", "2"]), "/features/1/geometry/coordinates"),
        (lambda f: f[1]["geometry"].update(coordinates=[121.6, 95]), "/features/1/geometry/coordinates/1"),
        (lambda f: f[1].update(properties=[]), "/features/1/properties"),
        (lambda f: f[1]["properties"].update(名称={}), "/features/1/properties/名称"),
        (lambda f: f[1]["properties"].update(优先集=1), "/features/1/properties/优先集"),
        (lambda f: f[1]["properties"].update({"需求:base": -1}), "/features/1/properties/需求:base"),
        (lambda f: f[1]["properties"].pop("编号"), "/features/1/properties/编号"),
    ],
)
def test_a_bad_feature_is_named_by_its_pointer(change: Callable[[Any], object], pointer: str, tmp_path: Path) -> None:
    found = complaints(with_geojson(lambda value: change(value["features"]))(tmp_path / "a"))
    assert [(one.file, one.pointer) for one in found] == [("sites.geojson", pointer)]
    assert pointer in found[0].in_language("en")


def test_json_complaints_carry_file_and_pointer(tmp_path: Path) -> None:
    text = json.dumps(DOCUMENT).replace("121.61", "NaN").replace("38.93", '"x"')
    found = complaints(with_json(text)(tmp_path / "a"))
    assert [(one.file, one.pointer) for one in found] == [("a.json", "/sites/0/lon"), ("a.json", "/sites/1/lat")]
    assert found[0].in_language("en").startswith("a.json, /sites/0/lon: ")


def test_a_member_given_twice_is_named_where_it_stands(tmp_path: Path) -> None:
    found = complaints(with_json('{"sites": [{"id": 1, "id": 2}], "name": "", "name": ""}')(tmp_path / "a"))
    assert {one.pointer for one in found} == {"/sites/0/id", "/name"}


def test_a_workbook_that_unpacks_to_gigabytes_costs_neither_time_nor_memory(tmp_path: Path) -> None:
    folder = csv_folder(tmp_path / "a")
    (folder / "sites.csv").unlink()
    path = write_xlsx(folder / "sites.xlsx", {"Sheet1": LISTS["sites"]})
    edit_xlsx(path, "xl/worksheets/sheet1.xml", lambda xml: xml.replace(b"</sheetData>", b" " * 60_000_000))
    tracemalloc.start()
    start = time.process_time()
    (complaint,) = complaints(folder)
    assert time.process_time() - start < 2
    assert tracemalloc.get_traced_memory()[1] < 50_000_000
    tracemalloc.stop()
    assert complaint.file == "sites.xlsx"
    assert "unpacks" in complaint.message.en


def test_a_package_that_lies_about_its_sizes_is_damaged(tmp_path: Path) -> None:
    folder = csv_folder(tmp_path / "a")
    (folder / "sites.csv").unlink()
    path = write_xlsx(folder / "sites.xlsx", {"Sheet1": LISTS["sites"]})
    edit_xlsx(path, SHEET, lambda xml: xml.replace(b"</sheetData>", b"</sheetData>" + b" " * 10_000_000))
    with zipfile.ZipFile(path) as package:
        size = package.getinfo(SHEET).file_size
    path.write_bytes(path.read_bytes().replace(struct.pack("<I", size), struct.pack("<I", 1000)))
    (complaint,) = complaints(folder)
    assert "undamaged" in complaint.message.en


def test_a_shared_text_repeated_without_end_is_refused(tmp_path: Path) -> None:
    folder = csv_folder(tmp_path / "a")
    (folder / "sites.csv").unlink()
    path = write_xlsx(folder / "sites.xlsx", {"Sheet1": LISTS["sites"]})
    rows = b"".join(b'<row r="%d"><c r="A%d" t="s"><v>0</v></c></row>' % (n, n) for n in range(5, 2000))
    edit_xlsx(path, SHEET, lambda xml: xml.replace(b"</sheetData>", rows + b"</sheetData>"))
    with zipfile.ZipFile(path, "a") as package:
        package.writestr("xl/sharedStrings.xml", b"<sst><si><t>" + b"x" * 40_000 + b"</t></si></sst>")
    (complaint,) = complaints(folder)
    assert "unpacks" in complaint.message.en


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    name=st.sampled_from(["sites.csv", "vehicles.csv", "kinds.csv", "scenario.toml", "sites.xlsx", "depots.geojson"]),
    content=st.binary(max_size=300),
)
def test_no_bytes_lead_to_anything_but_a_verdict(name: str, content: bytes, tmp_path: Path) -> None:
    folder = csv_folder(tmp_path / "a")
    (folder / Path(name).with_suffix(".csv")).unlink(missing_ok=True)
    (folder / name).write_bytes(content)
    with contextlib.suppress(BadInput):
        read_scenario(folder)
    (folder / name).unlink()


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    name=st.sampled_from(sorted(LISTS)),
    row=st.integers(0, 1),
    column=st.integers(0, 9),
    cell=st.text(max_size=30) | st.floats().map(str) | st.integers().map(str),
)
def test_no_cell_leads_to_anything_but_a_verdict(name: str, row: int, column: int, cell: str, tmp_path: Path) -> None:
    folder = csv_folder(tmp_path / "a")
    rows = [list(line) for line in LISTS[name]]
    rows[row][column % len(rows[row])] = cell
    (folder / f"{name}.csv").write_bytes(csv_text(rows).encode("utf-8", "surrogatepass"))
    with contextlib.suppress(BadInput):
        read_scenario(folder)


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(at=st.integers(0, 10_000), byte=st.integers(0, 255))
def test_no_damage_to_a_workbook_leads_to_anything_but_a_verdict(at: int, byte: int, tmp_path: Path) -> None:
    path = tmp_path / "a.xlsx"
    if not path.exists():
        workbook(path)
    data = bytearray(path.read_bytes())
    data[at % len(data)] = byte
    damaged = tmp_path / "b.xlsx"
    damaged.write_bytes(data)
    with contextlib.suppress(BadInput):
        read_scenario(damaged)


@given(st.binary(max_size=60))
def test_no_bytes_break_the_reader_of_json(data: bytes) -> None:
    with contextlib.suppress(BadInput):
        read_json(data)
