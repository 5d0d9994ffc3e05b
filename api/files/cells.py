"""From the cell of a list to the value JSON would hold. What does not fit its column is passed on as it is.

The judgement of a value that does not fit is ``api.validation``'s: here nothing is refused.
"""

from __future__ import annotations

import re
import unicodedata
from datetime import date, datetime, time, tzinfo

from api.files.table import Cell
from api.schemas import PlaceKind
from geodata.restrictions import geometry_in

TRUE = frozenset({"是", "有", "yes", "y", "true", "1", "√", "✓", "✔", "对"})
FALSE = frozenset({"否", "无", "no", "n", "false", "0", "×", "✗", "非"})
PLACE_KINDS = {
    "市级库": PlaceKind.CITY_DEPOT,
    "市级储备库": PlaceKind.CITY_DEPOT,
    "区县库": PlaceKind.DISTRICT_DEPOT,
    "区县储备库": PlaceKind.DISTRICT_DEPOT,
    "区级库": PlaceKind.DISTRICT_DEPOT,
    "储备库": PlaceKind.DISTRICT_DEPOT,
    "转运站": PlaceKind.TRANSFER_STATION,
    "集中库点": PlaceKind.BOUNDARY_DEPOT,
    "物资保障网点": PlaceKind.OUTLET,
    "保障网点": PlaceKind.OUTLET,
    "社区物资投放点": PlaceKind.DROP_POINT,
    "物资投放点": PlaceKind.DROP_POINT,
    "投放点": PlaceKind.DROP_POINT,
    "核酸采样点": PlaceKind.SAMPLING_SITE,
    "采样点": PlaceKind.SAMPLING_SITE,
}
ZONES = {"防范区": "precautionary", "管控区": "controlled", "封控区": "sealed", "无": ""}
PROFILES = {
    "面包车": "van",
    "小型货车": "van",
    "微型货车": "van",
    "货车": "truck",
    "卡车": "truck",
    "大货车": "truck",
    "lorry": "truck",
    "三轮车": "three_wheeler",
    "电动三轮车": "three_wheeler",
    "tricycle": "three_wheeler",
    "步行": "on_foot",
    "徒步": "on_foot",
    "foot": "on_foot",
}
BETWEEN_NAMES = re.compile(r"[、,，;；\r\n]+")
NUMBER = re.compile(r"[+-]?(\d+|\d{1,3}(,\d{3})+)?(\.\d*)?(e[+-]?\d{1,3})?", re.IGNORECASE)
MOMENT = re.compile(r"(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?[T\s]*(\d{1,2})[:时](\d{1,2})(?:[:分](\d{1,2})?秒?)?")
FORMULA_ERROR = re.compile(r"#(N/A|REF!|VALUE!|DIV/0!|NAME\?|NULL!|NUM!|SPILL!|GETTING_DATA)")


def folded(text: str) -> str:
    """Text for comparison: full and half width, case and spaces do not count."""
    return "".join(unicodedata.normalize("NFKC", text).casefold().split())


def to_text(cell: Cell) -> object:
    """Line breaks become spaces, and a number that Excel made of an id loses its ``.0``."""
    if isinstance(cell, str):
        return " ".join(cell.split())
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    if isinstance(cell, time):
        return cell.strftime("%H:%M")
    return cell.isoformat() if isinstance(cell, datetime | date) else str(cell)


def to_number(cell: Cell) -> object:
    """Accepts full-width digits, thousands commas, and spaces around."""
    if not isinstance(cell, str):
        return cell if isinstance(cell, int | float) else to_text(cell)
    text = unicodedata.normalize("NFKC", cell).strip()
    if not any(character.isdigit() for character in text) or not NUMBER.fullmatch(text):
        return to_text(cell)
    number = float(text.replace(",", ""))
    return int(number) if number.is_integer() and abs(number) < 2**53 else number


def to_boolean(cell: Cell) -> object:
    if isinstance(cell, bool):
        return cell
    word = folded(str(to_text(cell)))
    return True if word in TRUE else False if word in FALSE else to_text(cell)


def to_place_kind(cell: Cell) -> object:
    text = str(to_text(cell))
    kind = PLACE_KINDS.get(folded(text))
    return kind.value if kind else text.strip().lower()


def to_zone(cell: Cell) -> object:
    text = str(to_text(cell))
    return ZONES.get(folded(text), text.strip().lower())


def to_profile(cell: Cell) -> object:
    """Also ``three-wheeler`` and ``on foot``."""
    text = str(to_text(cell))
    return PROFILES.get(folded(text), text.strip().lower().replace("-", "_").replace(" ", "_"))


def to_names(cell: Cell) -> object:
    """Several names separated by 、 , ; or line breaks; where none of these stands, by spaces."""
    text = cell if isinstance(cell, str) else str(to_text(cell))
    parts = BETWEEN_NAMES.split(text) if BETWEEN_NAMES.search(text) else text.split()
    return [" ".join(part.split()) for part in parts if part.strip()]


def to_geometry(cell: Cell) -> object:
    """GeoJSON or WKT as a GeoJSON geometry."""
    text = str(to_text(cell))
    return geometry_in(text) or text


def to_points(cell: Cell) -> object:
    """``121.60 38.90；121.61 38.91``: longitude and latitude, separated by a space or a comma; points by semicolons."""
    text = unicodedata.normalize("NFKC", str(cell))
    pairs = [re.split(r"[\s,]+", part.strip()) for part in re.split(r"[;、\r\n]+", text) if part.strip()]
    numbers = [[to_number(number) for number in pair] for pair in pairs]
    if all(len(pair) == 2 and all(isinstance(number, int | float) for number in pair) for pair in numbers):
        return [{"lon": lon, "lat": lat} for lon, lat in numbers]
    return to_text(cell)


def to_moment(cell: Cell, zone: tzinfo) -> object:
    """ISO 8601 with an offset; local time of the scenario where none is written."""
    moment = cell if isinstance(cell, datetime) else _moment(cell) if isinstance(cell, str) else None
    if moment is None:
        return to_text(cell)
    try:
        return (moment if moment.tzinfo else moment.replace(tzinfo=zone)).isoformat()
    except (OverflowError, ValueError):
        return to_text(cell)


def _moment(text: str) -> datetime | None:
    text = unicodedata.normalize("NFKC", text).strip()
    match = MOMENT.fullmatch(text)
    try:
        if match:
            year, month, day, hour, minute, second = (int(part or 0) for part in match.groups())
            return datetime(year, month, day, hour, minute, second)
        return datetime.fromisoformat(text) if len(text) > 10 else None
    except ValueError:
        return None


def is_formula_error(cell: Cell) -> bool:
    return isinstance(cell, str) and FORMULA_ERROR.fullmatch(cell.strip()) is not None


def scaled(value: object, factor: int) -> object:
    """Minutes to seconds, where the value is a number at all."""
    if factor == 1 or isinstance(value, bool) or not isinstance(value, int | float):
        return value
    seconds = value * factor
    return round(seconds) if abs(seconds) < 2**53 and abs(seconds - round(seconds)) < 1e-6 else seconds
