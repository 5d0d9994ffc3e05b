"""The curve of a study of fleets: visits served in time over the number of vehicles."""

from __future__ import annotations

import io
from pathlib import Path

from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from api.maps.fonts import Typeface, find_typeface
from api.schemas import FleetDocument
from geodata.errors import Text

_SIZE_INCHES, _DPI = (8.0, 5.0), 150
_CURVE, _MARK, _LINE = "#1f3a4d", "#c0392b", "#9aa5ad"


def draw_fleet_curve(study: FleetDocument, *, lang: str = "zh", fonts: Path | None = None) -> bytes:
    """A PNG. In English where no Chinese font is at hand."""
    typeface = find_typeface(fonts)
    language = lang if typeface.chinese else "en"
    figure = Figure(figsize=_SIZE_INCHES, dpi=_DPI, facecolor="white")
    FigureCanvasAgg(figure)
    axes = figure.add_axes((0.1, 0.13, 0.86, 0.74))
    _draw_curve(axes, study)
    _draw_marks(axes, study, typeface, language)
    _label(axes, study, typeface, language)
    picture = io.BytesIO()
    figure.savefig(picture, format="png", dpi=_DPI, metadata={"Software": None})
    return picture.getvalue()


def _draw_curve(axes: Axes, study: FleetDocument) -> None:
    sizes = [point.vehicles for point in study.points]
    axes.plot(sizes, [point.served_in_time for point in study.points], color=_CURVE, marker="o", linewidth=2, zorder=3)
    axes.axhline(study.reachable, color=_LINE, linestyle="--", linewidth=1)
    axes.set_xlim(0, max(sizes) * 1.05)
    axes.set_ylim(0, max(study.reachable, 1) * 1.12)
    axes.grid(visible=True, color="#e3e7ea", linewidth=0.7)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.yaxis.set_major_locator(MaxNLocator(integer=True))


def _draw_marks(axes: Axes, study: FleetDocument, typeface: Typeface, language: str) -> None:
    marks = [(study.given, Text(f"现有 {study.given} 辆", f"{study.given} given"), _LINE, 0.06)]
    if study.enough is not None:
        enough = Text(f"{study.enough} 辆即可全部按时", f"{study.enough} are enough")
        marks.append((study.enough, enough, _MARK, 0.14))
    for size, text, colour, height in marks:
        axes.axvline(size, color=colour, linewidth=1.2, zorder=2)
        label = typeface.writable(text.in_language(language))
        axes.annotate(
            label,
            (size, height),
            xytext=(-5, 0),
            xycoords=axes.get_xaxis_transform(),
            textcoords="offset points",
            ha="right",
            color=colour,
            fontproperties=typeface.bold,
            bbox={"facecolor": "white", "edgecolor": "none", "pad": 1.5},
            zorder=4,
        )


def _label(axes: Axes, study: FleetDocument, typeface: Typeface, language: str) -> None:
    title = Text(
        f"{study.scenario.name}：按时送达与车辆数", f"{study.scenario.name}: served in time by number of vehicles"
    )
    axes.set_title(typeface.writable(title.in_language(language)), fontproperties=typeface.bold)
    axes.set_xlabel(Text("车辆数", "vehicles").in_language(language), fontproperties=typeface.regular)
    visits = Text(f"按时的配送任务（虚线：{study.reachable}）", f"visits served in time (dashed: {study.reachable})")
    axes.set_ylabel(visits.in_language(language), fontproperties=typeface.regular)
