"""Whether a road user may use a stretch of road or pass a barrier in a direction.

Rules are functions of plain tags (conditions already decided), a direction ("forward" along the edge, "backward"
against it), the road user, and whether it has ``business`` here: goods to bring to a place on this very stretch, or
behind this very gate. ``destination``, ``delivery``, ``customers`` and ``private`` let pass whom it has business with.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType

from geodata.profile.road_users import RoadUser
from geodata.profile.sizes import fits

DIRECTIONS = ("forward", "backward")

_ALLOWING = frozenset({"yes", "permissive", "designated", "official"})
_WITH_BUSINESS = frozenset({"destination", "delivery", "customers", "private", "residents"})
_FORBIDDING = frozenset(
    {
        *("no", "permit", "restricted", "military", "agricultural", "forestry", "emergency"),
        *("psv", "bus", "taxi", "hov", "use_sidepath", "dismount", "foot", "bicycle", "employees", "staff"),
    }
)


def road_class(tags: Mapping[str, str]) -> str:
    """The value of ``highway``, or "ferry"; empty for what is neither road nor ferry."""
    return "ferry" if tags.get("route") == "ferry" else tags.get("highway", "")


def may_use(tags: Mapping[str, str], direction: str, user: RoadUser, *, business: bool) -> bool:
    """What is neither a road nor a ferry is a barrier."""
    if not fits(tags, direction, user.modes, user.full_size) or _too_dangerous(tags, user, business=business):
        return False
    if not road_class(tags):
        return _may_pass(tags, direction, user, business=business)
    return (
        _may_enter(tags, direction, user, business=business)
        and not _against_oneway(tags, direction, user)
        and _has_lane_left(tags, direction, user, business=business)
    )


# --- access -----------------------------------------------------------------------------------------------------


def _verdict(tags: Mapping[str, str], direction: str, chain: tuple[str, ...], *, business: bool) -> bool | None:
    """Whether the most specific key that says something allows the road user; nothing where none does.

    https://wiki.openstreetmap.org/wiki/Key:access#Transport_mode_restrictions, and for the suffixes
    https://wiki.openstreetmap.org/wiki/Forward_%26_backward,_left_%26_right. A key with the direction's suffix
    stands before the same key without. Of several values ("customers;delivery") one that allows is enough.
    An unknown value says nothing: the next key decides.
    """
    for key in chain:
        for spelled in (f"{key}:{direction}", key):
            if spelled in tags:
                verdict = _meaning(tags[spelled], business=business)
                if verdict is not None:
                    return verdict
    return None


def _meaning(text: str, *, business: bool) -> bool | None:
    values = {value.strip() for value in text.lower().split(";")}
    if values & _ALLOWING or (business and values & _WITH_BUSINESS):
        return True
    return False if values & (_FORBIDDING | _WITH_BUSINESS) else None


def _may_enter(tags: Mapping[str, str], direction: str, user: RoadUser, *, business: bool) -> bool:
    """Defaults by class: https://wiki.openstreetmap.org/wiki/OSM_tags_for_routing/Access_restrictions."""
    profile = user.profile
    if road_class(tags) not in profile.speeds_kmh or _is_closed_for_all(tags):
        return False
    if (road_class(tags) == "ferry" and not user.ferries) or _is_motorroad_closed(tags, user):
        return False
    if {road_class(tags), tags.get("service", "")} & profile.by_permission or _is_for_full_cars(tags):
        return _verdict(tags, direction, user.modes, business=business) is True
    return _verdict(tags, direction, user.chain, business=business) is not False


_HARMLESS_WORKS = frozenset({"no", "minor", "widening"})
"""Values of ``construction`` on a road in use that do not close it: OSRM's ``construction_whitelist``."""


def _is_closed_for_all(tags: Mapping[str, str]) -> bool:
    return tags.get("construction", "no") not in _HARMLESS_WORKS


def _is_motorroad_closed(tags: Mapping[str, str], user: RoadUser) -> bool:
    return tags.get("motorroad") == "yes" and not user.profile.on_motorroads


def _is_for_full_cars(tags: Mapping[str, str]) -> bool:
    """A road for cars with several people in them (https://wiki.openstreetmap.org/wiki/Key:hov); a van has one."""
    return tags.get("hov") in {"designated", "only"}


def _too_dangerous(tags: Mapping[str, str], user: RoadUser, *, business: bool) -> bool:
    """https://wiki.openstreetmap.org/wiki/Key:hazmat: binds a vehicle with dangerous goods."""
    return user.full_size.hazmat and _meaning(tags.get("hazmat", ""), business=business) is False


def _may_pass(tags: Mapping[str, str], direction: str, user: RoadUser, *, business: bool) -> bool:
    """Barriers: https://wiki.openstreetmap.org/wiki/Key:barrier.

    A locked one is closed. What is not known to be open (bollards, blocks, stiles, ``barrier=yes``) is closed unless
    a key other than ``access`` allows the road user. A kerb across a road is lowered unless it says raised.
    """
    if "barrier" not in tags or tags.get("locked") == "yes":
        return False
    raised = tags.get("kerb") == "raised" and user.profile.turns is not None
    if tags["barrier"] not in user.profile.barrier_s or raised:
        return _verdict(tags, direction, user.modes, business=business) is True
    return _verdict(tags, direction, user.chain, business=business) is not False


# --- lanes ------------------------------------------------------------------------------------------------------

_RESERVING = ("bus", "psv", "hov", "taxi", "bicycle")


def _has_lane_left(tags: Mapping[str, str], direction: str, user: RoadUser, *, business: bool) -> bool:
    """Not where every lane is another's: https://wiki.openstreetmap.org/wiki/Lanes."""
    if not any("lanes:" in key or ":lanes" in key for key in tags):
        return True
    if _are_all_for_buses(tags) and _verdict(tags, direction, user.modes, business=business) is not True:
        return False
    lanes = dict(_lanes(tags, direction, (*user.chain, *_RESERVING)))
    count = max((len(values) for values in lanes.values()), default=0)
    return not count or any(_is_ours(lanes, lane, user, business=business) for lane in range(count))


def _are_all_for_buses(tags: Mapping[str, str]) -> bool:
    """``lanes:psv`` and ``lanes:bus`` count the reserved ones among ``lanes``, of both directions."""
    counts = [tags.get(key, "") for key in ("lanes", "lanes:psv", "lanes:bus")]
    total, *reserved = (int(count) if count.isdecimal() else 0 for count in counts)
    return 0 < total <= max(reserved)


def _lanes(tags: Mapping[str, str], direction: str, keys: tuple[str, ...]) -> Iterator[tuple[str, list[str]]]:
    for key in keys:
        listed = tags.get(f"{key}:lanes:{direction}") or tags.get(f"{key}:lanes")
        if listed:
            yield key, listed.lower().split("|")


def _is_ours(lanes: Mapping[str, list[str]], lane: int, user: RoadUser, *, business: bool) -> bool:
    here = {key: values[lane] for key, values in lanes.items() if lane < len(values)}
    verdict = _verdict(here, "", user.modes, business=business)
    if verdict is not None:
        return verdict
    if any(here.get(key) == "designated" for key in _RESERVING):
        return False
    return _verdict(here, "", ("access",), business=business) is not False


# --- one-way ----------------------------------------------------------------------------------------------------

_ONEWAY = MappingProxyType(
    {
        **dict.fromkeys(("yes", "true", "1"), frozenset({"backward"})),
        **dict.fromkeys(("-1", "reverse"), frozenset({"forward"})),
        **dict.fromkeys(("no", "false", "0", "alternating"), frozenset[str]()),
        "reversible": frozenset(DIRECTIONS),
    }
)
"""Directions each value closes. When a reversible road runs which way is not known unless a condition says so."""


def _against_oneway(tags: Mapping[str, str], direction: str, user: RoadUser) -> bool:
    """https://wiki.openstreetmap.org/wiki/Key:oneway: the road user's own key stands before the general one.

    Implied by junction=roundabout and junction=circular (https://wiki.openstreetmap.org/wiki/Key:junction) and by
    highway=motorway, not by its links.
    """
    general = ("oneway",) if user.profile.heeds_oneway else ()
    for key in (*(f"oneway:{mode}" for mode in user.modes), *general):
        closed = _ONEWAY.get(tags.get(key, "").strip().lower())
        if closed is not None:
            return direction in closed
    implied = tags.get("junction") in {"roundabout", "circular"} or tags.get("highway") == "motorway"
    return implied and direction == "backward" and user.profile.heeds_oneway
