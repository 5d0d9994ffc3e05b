"""One small sound scenario in every form it may come in, for the tests of the readers."""

from __future__ import annotations

import csv
import io
import json
import zipfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import openpyxl

Rows = Sequence[Sequence[object]]

TOML = """\
name = "封控区一"
network = "net.bgn"
order_at = 2022-11-23T07:30:00
target_min = 90

[settings]
service_s = 200
"""

KEYS: Rows = [
    ["名称", "值"],
    ["场景名称", "封控区一"],
    ["路网", "net.bgn"],
    ["下达时间", "2022-11-23 07:30"],
    ["送达时限(分钟)", 90],
    ["固定卸货时间(秒)", 200],
]

LISTS: dict[str, Rows] = {
    "kinds": [["编号", "名称", "每件公斤"], ["base", "基础包", 8], ["extra", "增量包", 4.5]],
    "access_points": [["编号", "经度", "纬度", "车位数"], ["G1", 121.62, 38.92, 2]],
    "depots": [["编号", "名称", "类型", "经度", "纬度"], ["D1", "库一", "区县库", 121.6, 38.9]],
    "sites": [
        ["编号", "名称", "类型", "经度", "纬度", "接收时间", "必达", "停靠点", "需求:base", "需求:增量包"],
        ["101", "点一", "社区物资投放点", 121.61, 38.91, "8：00-11：30、13：00-18：00", "是", None, 20, None],
        ["S2", "点二（北）", "核酸采样点", 121.62, 38.93, None, "否", "G1", 5, 3],
        ["S3", "点三", None, 121.63, 38.94, "24小时", None, None, None, 7],
    ],
    "vehicles": [["编号", "所属储备库", "载重(公斤)", "数量", "班次"], ["辽B1", "D1", 500, 2, "6:00-20:00"]],
}

DOCUMENT: dict[str, Any] = {
    "name": "封控区一",
    "network": "net.bgn",
    "settings": {"service_s": 200},
    "orders": [{"id": "1", "order_at": "2022-11-23T07:30:00+08:00", "target_s": 5400}],
    "kinds": [{"id": "base", "name": "基础包", "kg": 8}, {"id": "extra", "name": "增量包", "kg": 4.5}],
    "access_points": [{"id": "G1", "lon": 121.62, "lat": 38.92, "bays": 2}],
    "depots": [{"id": "D1", "name": "库一", "kind": "district_depot", "lon": 121.6, "lat": 38.9}],
    "sites": [
        {
            "id": "101",
            "name": "点一",
            "kind": "drop_point",
            "lon": 121.61,
            "lat": 38.91,
            "receiving": "8：00-11：30、13：00-18：00",
            "required": True,
            "demand": [{"kind": "base", "units": 20}],
        },
        {
            "id": "S2",
            "name": "点二（北）",
            "kind": "sampling_site",
            "lon": 121.62,
            "lat": 38.93,
            "access_point": "G1",
            "demand": [{"kind": "base", "units": 5}, {"kind": "extra", "units": 3}],
        },
        {
            "id": "S3",
            "name": "点三",
            "lon": 121.63,
            "lat": 38.94,
            "receiving": "24小时",
            "demand": [{"kind": "extra", "units": 7}],
        },
    ],
    "vehicles": [{"id": "辽B1", "depot": "D1", "capacity_kg": 500, "count": 2, "shift": "6:00-20:00"}],
}


def csv_text(rows: Rows, *, separator: str = ",") -> str:
    text = io.StringIO(newline="")
    csv.writer(text, delimiter=separator).writerows([["" if cell is None else cell for cell in row] for row in rows])
    return text.getvalue()


def csv_folder(folder: Path, *, encoding: str = "utf-8", separator: str = ",", toml: str = TOML) -> Path:
    folder.mkdir(exist_ok=True)
    (folder / "scenario.toml").write_text(toml, encoding="utf-8")
    for name, rows in LISTS.items():
        (folder / f"{name}.csv").write_bytes(csv_text(rows, separator=separator).encode(encoding))
    return folder


def xlsx_folder(folder: Path) -> Path:
    folder.mkdir(exist_ok=True)
    (folder / "scenario.toml").write_text(TOML, encoding="utf-8")
    for name, rows in LISTS.items():
        write_xlsx(folder / f"{name}.xlsx", {"Sheet1": rows})
    return folder


def workbook(path: Path, **other: Rows) -> Path:
    return write_xlsx(path, {"参数": KEYS, **LISTS, **other})


def document(path: Path) -> Path:
    path.write_text(json.dumps(DOCUMENT, ensure_ascii=False), encoding="utf-8")
    return path


def write_xlsx(path: Path, sheets: Mapping[str, Rows]) -> Path:
    book = openpyxl.Workbook()
    book.remove(book.worksheets[0])
    for name, rows in sheets.items():
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(list(row))
    book.save(path)
    return path


def edit_xlsx(path: Path, part: str, edit: Callable[[bytes], bytes]) -> Path:
    """The workbook with one part of its package changed."""
    with zipfile.ZipFile(path) as package:
        parts = {name: package.read(name) for name in package.namelist()}
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as package:
        for name, content in parts.items():
            package.writestr(name, edit(content) if name == part else content)
    return path


def write_geojson(path: Path, rows: Rows) -> Path:
    """A list as a FeatureCollection, lon and lat moved to the geometry."""
    headings = [str(heading) for heading in rows[0]]
    features = []
    for row in rows[1:]:
        properties = dict(zip(headings, row, strict=True))
        coordinates = [properties.pop("经度"), properties.pop("纬度")]
        point = {"type": "Point", "coordinates": coordinates}
        features.append({"type": "Feature", "geometry": point, "properties": properties})
    path.write_text(json.dumps({"type": "FeatureCollection", "features": features}), encoding="utf-8")
    return path
