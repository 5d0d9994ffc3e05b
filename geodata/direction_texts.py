"""The steps of a turn list in words, as a driver reads them."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from geodata.directions import Maneuver, Step
from geodata.errors import Text

MOST_COUNTED = 6
"""Nobody counts more junctions than this; the distance before says where to turn."""

_WINDS = (
    Text("北", "north"),
    Text("东北", "northeast"),
    Text("东", "east"),
    Text("东南", "southeast"),
    Text("南", "south"),
    Text("西南", "southwest"),
    Text("西", "west"),
    Text("西北", "northwest"),
)
_TURN: Mapping[str, Text] = {
    "straight": Text("直行", "go straight"),
    "slight right": Text("向右前方转弯", "turn slightly right"),
    "right": Text("右转", "turn right"),
    "sharp right": Text("向右后方急转", "turn sharp right"),
    "uturn": Text("掉头", "make a U-turn"),
    "sharp left": Text("向左后方急转", "turn sharp left"),
    "left": Text("左转", "turn left"),
    "slight left": Text("向左前方转弯", "turn slightly left"),
}
_SIDE: Mapping[str, Text] = {
    "right": Text("靠右", "keep right"),
    "left": Text("靠左", "keep left"),
    "straight": Text("走中间", "keep to the middle"),
    "uturn": Text("掉头", "make a U-turn"),
}
_WHERE: Mapping[str, Text] = {
    "right": Text("到达，目的地在右侧", "Arrive; the destination is on the right"),
    "left": Text("到达，目的地在左侧", "Arrive; the destination is on the left"),
    "straight": Text("到达，目的地在正前方", "Arrive; the destination is straight ahead"),
    "": Text("到达目的地", "Arrive at the destination"),
}


def direction_text(step: Step) -> Text:
    """One line: the maneuver, the road, and how far to drive on it."""
    if step.type is Maneuver.ARRIVE:
        return _WHERE[step.modifier]
    zh, en = _told(step)
    far = distance_text(step.length_m)
    zh = f"{zh}行驶 {far.zh}".replace(" ，", "，")
    return Text(zh, f"{en[0].upper()}{en[1:]} and drive {far.en}")


def distance_text(metres: float) -> Text:
    """To 10 m below 100 m, to 50 m below 1 km, to 0.1 km from there on; never nothing."""
    step = 10 if metres < 97.5 else 50
    rounded = max(10, step * int(metres / step + 0.5))
    if rounded < 1_000:
        return Text(f"{rounded} 米", f"{rounded} m")
    km = f"{int(metres / 100 + 0.5) / 10:g}"
    return Text(f"{km} 公里", f"{km} km")


def _told(step: Step) -> Text:
    return _TELLERS.get(step.type, _turn)(step)


def _depart(step: Step) -> Text:
    wind = _WINDS[int(step.bearing / 45.0 + 0.5) % 8]
    road = _road(step)
    return Text(f"向{wind.zh}出发，沿{road.zh}", f"head {wind.en} on {road.en}")


def _turn(step: Step) -> Text:
    turn, road, after = _TURN[step.modifier], _road(step), _after_junctions(step)
    if step.modifier == "uturn":
        return Text(f"{after.zh}{turn.zh}，沿{road.zh}", f"{after.en}{turn.en} onto {road.en}")
    return Text(f"{after.zh}{turn.zh}进入{road.zh}，", f"{after.en}{turn.en} onto {road.en}")


def _after_junctions(step: Step) -> Text:
    """Which junction it is, where no name tells."""
    if step.type is Maneuver.END_OF_ROAD:
        return Text("到路尽头", "at the end of the road ")
    if step.name.zh or not 1 <= step.junctions <= MOST_COUNTED:
        return Text("", "")
    if step.junctions == 1:
        return Text("下一个路口", "at the next junction ")
    return Text(f"第 {step.junctions} 个路口", f"at the {_ordinal(step.junctions)} junction ")


def _continue(step: Step) -> Text:
    if step.modifier in {"straight", "uturn"}:
        return _turn(step)
    turn, road = _TURN[step.modifier], _road(step)
    return Text(f"{turn.zh}，继续沿{road.zh}", f"{turn.en} to stay on {road.en}")


def _new_name(step: Step) -> Text:
    road = _road(step)
    return Text(f"继续前行，进入{road.zh}，", f"continue onto {road.en}")


def _fork(step: Step) -> Text:
    side, road = _side(step), _road(step)
    return Text(f"岔路口{side.zh}，沿{road.zh}", f"{side.en} at the fork onto {road.en}")


def _merge(step: Step) -> Text:
    road = _road(step)
    return Text(f"汇入{road.zh}，", f"merge onto {road.en}")


def _on_ramp(step: Step) -> Text:
    return Text(f"{_side(step).zh}驶入匝道{_of_ramp(step).zh}，", f"take the ramp{_of_ramp(step).en}{_lies(step)}")


def _off_ramp(step: Step) -> Text:
    return Text(f"{_side(step).zh}从出口驶出{_of_ramp(step).zh}，", f"take the exit{_of_ramp(step).en}{_lies(step)}")


def _of_ramp(step: Step) -> Text:
    return Text(f"（{step.name.zh}）", f" ({step.name.en})") if step.name.zh else Text("", "")


def _lies(step: Step) -> str:
    side = step.modifier.split()[-1]
    return f" on the {side}" if side in {"left", "right"} else " straight ahead"


def _side(step: Step) -> Text:
    return _SIDE[step.modifier.split()[-1]]


def _roundabout(step: Step) -> Text:
    ring = _ring(step)
    if step.exit is None:
        return Text(f"进入{ring.zh}，", f"enter {ring.en}")
    road = _road(step)
    return Text(
        f"进入{ring.zh}，从第 {step.exit} 个出口驶出，进入{road.zh}，",
        f"enter {ring.en}, take the {_ordinal(step.exit)} exit onto {road.en}",
    )


def _exit_roundabout(step: Step) -> Text:
    ring, road = _ring(step), _road(step)
    return Text(
        f"从第 {step.exit} 个出口驶出{ring.zh}，进入{road.zh}，",
        f"leave {ring.en} by the {_ordinal(step.exit or 1)} exit onto {road.en}",
    )


def _ring(step: Step) -> Text:
    zh, en = step.rotary
    if not zh:
        return Text("环岛", "the roundabout")
    return Text(zh if "环岛" in zh else f"{_spaced(zh)}环岛", en if "oundabout" in en else f"the {en} roundabout")


def _road(step: Step) -> Text:
    if not step.name.zh:
        return Text("无名路", "an unnamed road")
    return Text(_spaced(step.name.zh), step.name.en)


def _spaced(name: str) -> str:
    """With a blank towards the Chinese text where the name begins or ends in Latin letters or figures."""
    return f"{' ' * name[0].isascii()}{name}{' ' * name[-1].isascii()}"


def _ordinal(number: int) -> str:
    if number % 100 in {11, 12, 13}:
        return f"{number}th"
    ending = {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{ending}"


_TELLERS: Mapping[Maneuver, Callable[[Step], Text]] = {
    Maneuver.DEPART: _depart,
    Maneuver.CONTINUE: _continue,
    Maneuver.NEW_NAME: _new_name,
    Maneuver.FORK: _fork,
    Maneuver.MERGE: _merge,
    Maneuver.ON_RAMP: _on_ramp,
    Maneuver.OFF_RAMP: _off_ramp,
    Maneuver.ROUNDABOUT: _roundabout,
    Maneuver.ROTARY: _roundabout,
    Maneuver.EXIT_ROUNDABOUT: _exit_roundabout,
} | dict.fromkeys((Maneuver.TURN, Maneuver.END_OF_ROAD), _turn)
