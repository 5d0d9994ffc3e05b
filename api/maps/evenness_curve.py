"""The curve of a study of evenness: what a shorter longest route costs."""

from __future__ import annotations

import io
from pathlib import Path

from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from api.maps.fonts import Typeface, find_typeface
from api.schemas import EvennessDocument, EvennessPointEntry
from geodata.errors import Text

_SIZE_INCHES, _DPI = (8.0, 5.0), 150
_CURVE, _MARK = "#1f3a4d", "#c0392b"


def draw_evenness_curve(study: EvennessDocument, *, lang: str = "zh", fonts: Path | None = None) -> bytes:
    """A PNG. In English where no Chinese font is at hand."""
    typeface = find_typeface(fonts)
    language = lang if typeface.chinese else "en"
    figure = Figure(figsize=_SIZE_INCHES, dpi=_DPI, facecolor="white")
    FigureCanvasAgg(figure)
    axes = figure.add_axes((0.1, 0.13, 0.86, 0.74))
    _draw_curve(axes, [point for point in study.points if not point.worse], typeface)
    for point in study.points:
        if point.worse:
            _draw_end(axes, point, typeface, language)
    _label(axes, study, typeface, language)
    picture = io.BytesIO()
    figure.savefig(picture, format="png", dpi=_DPI, metadata={"Software": None})
    return picture.getvalue()


def _draw_curve(axes: Axes, points: list[EvennessPointEntry], typeface: Typeface) -> None:
    longest_min = [point.longest_s / 60 for point in points]
    extra = [point.extra_percent for point in points]
    axes.plot(longest_min, extra, color=_CURVE, marker="o", linewidth=2, zorder=3)
    for point in points:
        axes.annotate(
            f"{point.extra_percent:.1f}%",
            (point.longest_s / 60, point.extra_percent),
            xytext=(6, 6),
            textcoords="offset points",
            color=_CURVE,
            fontproperties=typeface.regular,
            zorder=4,
        )
    margin_min = max(5.0, 0.1 * (max(longest_min) - min(longest_min)))
    axes.set_xlim(max(0.0, min(longest_min) - 2 * margin_min), max(longest_min) + 2 * margin_min)
    top = max(1.0, *extra) * 1.2
    axes.set_ylim(-0.03 * top, top)
    axes.grid(visible=True, color="#e3e7ea", linewidth=0.7)


def _draw_end(axes: Axes, point: EvennessPointEntry, typeface: Typeface, language: str) -> None:
    """Where something would be served worse."""
    axes.axvline(point.longest_s / 60, color=_MARK, linewidth=1.2, linestyle="--", zorder=2)
    text = Text(
        f"再短：迟到 {point.served_late}，未送达 {point.unserved}",
        f"shorter: {point.served_late} late, {point.unserved} unserved",
    )
    axes.annotate(
        typeface.writable(text.in_language(language)),
        (point.longest_s / 60, 0.5),
        xytext=(-6, 0),
        xycoords=axes.get_xaxis_transform(),
        textcoords="offset points",
        ha="right",
        va="center",
        rotation="vertical",
        color=_MARK,
        fontproperties=typeface.bold,
        zorder=4,
    )


def _label(axes: Axes, study: EvennessDocument, typeface: Typeface, language: str) -> None:
    name = study.scenario.name
    title = Text(f"{name}：均衡线路的代价", f"{name}: what evening out costs")
    axes.set_title(typeface.writable(title.in_language(language)), fontproperties=typeface.bold)
    longest = Text("最长线路（分钟）", "longest route (minutes)")
    axes.set_xlabel(longest.in_language(language), fontproperties=typeface.regular)
    hours = study.points[0].cost_s / 3_600
    extra = Text(f"成本增加（%，基准 {hours:.1f} 小时）", f"extra cost (% of {hours:.1f} h)")
    axes.set_ylabel(extra.in_language(language), fontproperties=typeface.regular)
