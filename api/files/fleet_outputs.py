"""What a study of fleets leaves behind in a folder."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from api.files.study_files import study_workbook, write_together
from api.files.workbook import Column, Row, Table
from api.maps.fleet_curve import draw_fleet_curve
from api.road_words import PROFILE_NAMES
from api.schemas import FleetDocument, FleetPointEntry
from geodata.errors import Text


def write_fleet_outputs(folder: Path, study: FleetDocument, *, language: str) -> None:
    """Write the study, its workbook and its curve; they appear together when all are complete."""
    files = {
        "fleet.json": f"{study.model_dump_json(indent=1)}\n".encode(),
        "fleet.xlsx": study_workbook((_points(study), _fleets(study, language)), study.scenario, language=language),
        "fleet.png": draw_fleet_curve(study, lang=language),
    }
    write_together(folder, files)


def _points(study: FleetDocument) -> Table:
    columns = (
        Column(Text("车辆数", "Vehicles"), 10),
        Column(Text("按时", "Served in time"), 10),
        Column(Text("未按时", "Missed"), 10),
        Column(Text("全部按时", "Enough"), 10),
        Column(Text("使用车辆", "Vehicles used"), 10),
        Column(Text("里程（公里）", "Distance (km)"), 12),
        Column(Text("行驶", "Driving"), 12),
        Column(Text("重量（千克）", "Load (kg)"), 12),
    )
    return Table(Text("车队规模", "Fleet sizes"), columns, tuple(_point_row(study, point) for point in study.points))


def _point_row(study: FleetDocument, point: FleetPointEntry) -> Row:
    return (
        point.vehicles,
        point.served_in_time,
        point.missed,
        "√" if point.vehicles == study.enough else None,
        point.vehicles_used,
        round(point.length_m / 1_000, 3),
        timedelta(seconds=point.travel_s),
        point.load.kg,
    )


def _fleets(study: FleetDocument, language: str) -> Table:
    """A row per kind and depot, a column per fleet."""
    sizes = (Column(Text(f"共 {point.vehicles} 辆", f"Of {point.vehicles}"), 10) for point in study.points)
    columns = (
        Column(Text("车型", "Vehicle kind"), 14),
        Column(Text("通行方式", "On the roads as"), 14),
        Column(Text("出发库点", "Depot"), 14),
        Column(Text("现有", "Given"), 8),
        *sizes,
    )
    rows = tuple(_fleet_row(study, number, language) for number in range(len(study.points[0].parts)))
    return Table(Text("构成", "Fleets"), columns, rows)


def _fleet_row(study: FleetDocument, number: int, language: str) -> Row:
    part = study.points[0].parts[number]
    profile = PROFILE_NAMES[part.profile].in_language(language)
    return part.kind, profile, part.depot, part.given, *(point.parts[number].vehicles for point in study.points)
