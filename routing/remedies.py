"""What is said of a change that would help: one measure, or two together, in both languages and with its figures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

from geodata.errors import Text
from geodata.model import LonLat
from routing.explain import minutes
from routing.model import Figures, Reason, Relaxation, Relief, Seconds, Stop, Vehicle

NOTHING = Text("", "")


class Measure(NamedTuple):
    """What would have to be given, as part of a sentence, and how much of it. ``besides``: what else it would do."""

    said: Text
    figures: Figures
    besides: Text = NOTHING


def relaxation(relief: Relief, *measures: Measure) -> Relaxation:
    """These measures together put the visit in time."""
    zh = "，并".join(measure.said.zh for measure in measures)
    en = " and ".join(measure.said.en for measure in measures)
    figures: dict[str, float | int | str | None] = {}
    for measure in measures:
        figures |= measure.figures
    besides = [measure.besides for measure in measures]
    text = Text(
        f"{zh}即可按时{''.join(each.zh for each in besides)}", f"{en} would do{''.join(each.en for each in besides)}"
    )
    return Relaxation(relief, text, figures)


NONE_FOUND = Relaxation(
    Relief.NONE_FOUND,
    Text(
        "试过的单项调整、成对调整都不够",
        "no single change that was tried would do, nor any two together",
    ),
    {},
)
NOT_TRIED = Relaxation(
    Relief.NOT_TRIED,
    Text(
        "迟到和未送达的任务太多，可能补救的办法未全部试算",
        "too many visits are late or unserved: not everything that might help was tried",
    ),
    {},
)
A_LONGER_SEARCH = Relaxation(
    Relief.A_LONGER_SEARCH,
    Text("无需调整：延长求解即可排入", "nothing has to change: a longer search would find room for it"),
    {},
)


def more_time(extra_s: Seconds) -> Measure:
    zh, en = f"时限放宽 {minutes(extra_s)}", f"{minutes(extra_s)} more time"
    return Measure(Text(zh, en), {"extra_s": extra_s})


def one_more(like: Vehicle, others: int = 0) -> Measure:
    """``others``: visits that the same vehicle would put in time, too."""
    kind = like.kind or like.name or like.id
    zh, en = f"“{like.start}”再增加一辆{kind}", f"one more {kind} at {like.start}"
    figures: Figures = {"vehicle_kind": like.kind, "like": like.id, "depot": like.start, "others": others}
    also = Text(f"（同一辆车还可使另外 {others} 项按时）", f" (and would make {others} more of them in time)")
    return Measure(Text(zh, en), figures, also if others else NOTHING)


def other_hours(stop: Stop) -> Measure:
    after = minutes(stop.start_s - stop.visit.order.order_s)
    text = Text(f"指令后 {after} 可以接收", f"receiving {after} after the order")
    return Measure(text, {"receives_s": stop.start_s, "until_s": stop.departure_s})


def a_pass(vehicle: Vehicle, asked: Sequence[str]) -> Measure:
    said = _passes_said(asked)
    text = Text(f"给车辆“{vehicle.id}”办理{said.zh}", f"{said.en} for vehicle {vehicle.id!r}")
    return Measure(text, {"vehicle": vehicle.id, "pass": "+".join(asked)})


def its_pass(asked: Sequence[str]) -> Measure:
    """Of a vehicle spoken of before."""
    said = _passes_said(asked)
    return Measure(Text(f"为其办理{said.zh}", f"{said.en} for it"), {"pass": "+".join(asked)})


def _passes_said(asked: Sequence[str]) -> Text:
    zh, en = "、".join(f"“{each}”" for each in asked), " and ".join(map(repr, asked))
    return Text(f"通行证{zh}", f"the pass{'es' if len(asked) > 1 else ''} {en}")


def nearest_open_point(place: LonLat, away_m: float) -> Measure:
    """Handing over where the nearest road can still be reached."""
    where = f"{place.lon:.6f}, {place.lat:.6f}"
    text = Text(
        f"在最近的可达道路交接（{where.replace(', ', '，')}，距点位 {away_m:.0f} 米）",
        f"handing over at the nearest road that can be reached ({where}, {away_m:.0f} m from the site)",
    )
    return Measure(text, {"lon": place.lon, "lat": place.lat, "away_m": away_m})


def more_stock(depot: str, units: Mapping[str, int]) -> Measure:
    zh = "、".join(f"“{kind}” {count} 件" for kind, count in units.items())
    en = ", ".join(f"{count} of {kind}" for kind, count in units.items())
    figures: dict[str, float | int | str | None] = {f"units:{kind}": count for kind, count in units.items()}
    figures["depot"] = depot
    return Measure(Text(f"“{depot}”增加{zh}库存", f"{en} more in stock at {depot}"), figures)


def a_higher_cap(most_vehicles: int) -> Measure:
    text = Text(f"该点位可派 {most_vehicles} 辆车", f"letting {most_vehicles} vehicles come to the site")
    return Measure(text, {"most_vehicles": most_vehicles})


# --- prices -------------------------------------------------------------------------------------------------------


def a_higher_price(cost_s: Seconds, price_s: Seconds) -> Relaxation:
    """It could be made in time beside the rest, at more than leaving it out is priced at."""
    zh = f"定价高于 {cost_s} 秒即会送达"
    en = f"a price above {cost_s} s would do"
    return Relaxation(Relief.A_HIGHER_PRICE, Text(zh, en), {"cost_s": cost_s, "price_s": price_s})


def left_out_for_its_price(reason: Reason, higher: Relaxation) -> Reason:
    """The reason as it is with such a relaxation: there is capacity left, at a cost."""
    cost_s, price_s = higher.figures["cost_s"], higher.figures["price_s"]
    text = Text(
        f"可以按时送达，但要多花 {cost_s} 秒的成本，不低于未送达的定价 {price_s} 秒，故未安排",
        f"it could be made in time at a cost of {cost_s} s, but leaving it out is priced at {price_s} s",
    )
    return replace(reason, message=text, figures={**reason.figures, **higher.figures}, relaxation=higher)
