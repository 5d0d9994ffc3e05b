"""What a plan leaves behind in a folder: all of it, or nothing."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from pathlib import Path

from api.files.routes_geojson import routes_geojson
from api.files.workbook import write_workbook
from api.maps.plan_map import draw_plan_map
from api.schemas import DirectionsDocument, PlanDocument
from geodata.errors import BadInput
from geodata.network import Network

FILES = ("plan.json", "directions.json", "routes.geojson", "plan.xlsx", "map.png")


def write_outputs(
    folder: Path, plan: PlanDocument, network: Network, directions: DirectionsDocument, *, language: str
) -> None:
    """Write the plan, its turn lists, driven geometry, workbook and map; they appear together when all are complete."""
    require_writable(folder)
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=f".{folder.name}.", dir=folder.parent) as temporary:
        draft = Path(temporary)
        _write_files(draft, plan, network, directions, language)
        folder.mkdir(exist_ok=True)
        for name in FILES:
            shutil.move(draft / name, folder / name)


def require_writable(folder: Path) -> None:
    """Found out before the work, not after it; nothing is created yet."""
    if folder.exists() and not folder.is_dir():
        raise BadInput.one("输出位置已有同名文件", "is a file, not a folder to write into", file=str(folder))
    existing = next(parent for parent in folder.absolute().parents if parent.exists())
    if not existing.is_dir() or not os.access(existing, os.W_OK | os.X_OK):
        raise BadInput.one("无法写入输出文件夹", "the output folder cannot be written", file=str(folder))


def _write_files(
    draft: Path, plan: PlanDocument, network: Network, directions: DirectionsDocument, language: str
) -> None:
    (draft / "plan.json").write_text(plan.model_dump_json(indent=1) + "\n", encoding="utf-8")
    (draft / "directions.json").write_text(directions.model_dump_json(indent=1) + "\n", encoding="utf-8")
    geometry = json.dumps(routes_geojson(plan, network), ensure_ascii=False, allow_nan=False)
    (draft / "routes.geojson").write_text(geometry + "\n", encoding="utf-8")
    with (draft / "plan.xlsx").open("wb") as stream:
        write_workbook(plan, stream, directions=directions, lang=language)
    (draft / "map.png").write_bytes(draw_plan_map(plan, network, lang=language))
