"""What a study of evenness leaves behind in a folder."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from api.files.study_files import study_workbook, write_together
from api.files.workbook import Column, Row, Table
from api.maps.evenness_curve import draw_evenness_curve
from api.schemas import EvennessDocument, EvennessPointEntry
from geodata.errors import Text


def write_evenness_outputs(folder: Path, study: EvennessDocument, *, language: str) -> None:
    """Write the study, its workbook and its curve; they appear together when all are complete."""
    files = {
        "evenness.json": f"{study.model_dump_json(indent=1)}\n".encode(),
        "evenness.xlsx": study_workbook((_points(study),), study.scenario, language=language),
        "evenness.png": draw_evenness_curve(study, lang=language),
    }
    write_together(folder, files)


def _points(study: EvennessDocument) -> Table:
    columns = (
        Column(Text("上限", "Ceiling"), 12),
        Column(Text("最长线路", "Longest route"), 12),
        Column(Text("最短线路", "Shortest route"), 12),
        Column(Text("平均线路", "Mean route"), 12),
        Column(Text("使用车辆", "Vehicles used"), 10),
        Column(Text("按时", "Served in time"), 10),
        Column(Text("迟到", "Late"), 10),
        Column(Text("未送达", "Unserved"), 10),
        Column(Text("送达变差", "Served worse"), 10),
        Column(Text("成本（秒）", "Cost (s)"), 12),
        Column(Text("增加（秒）", "Extra (s)"), 12),
        Column(Text("增加（%）", "Extra (%)"), 10),
        Column(Text("行驶", "Driving"), 12),
        Column(Text("里程（公里）", "Distance (km)"), 12),
    )
    return Table(Text("线路均衡", "Evenness"), columns, tuple(_row(point) for point in study.points))


def _row(point: EvennessPointEntry) -> Row:
    return (
        None if point.ceiling_s is None else timedelta(seconds=point.ceiling_s),
        timedelta(seconds=point.longest_s),
        timedelta(seconds=point.shortest_s),
        timedelta(seconds=round(point.mean_s)),
        point.vehicles_used,
        point.served_in_time,
        point.served_late,
        point.unserved,
        "√" if point.worse else None,
        point.cost_s,
        point.extra_s,
        point.extra_percent,
        timedelta(seconds=point.travel_s),
        round(point.length_m / 1_000, 3),
    )
