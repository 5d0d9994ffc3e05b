"""Which roads and which of their OpenStreetMap tags are kept when a map is read, whatever format it came in."""

from __future__ import annotations

from collections.abc import Mapping

ROADS = frozenset(
    {
        *("motorway", "trunk", "primary", "secondary", "tertiary"),
        *("motorway_link", "trunk_link", "primary_link", "secondary_link", "tertiary_link"),
        *("unclassified", "residential", "living_street", "service", "road", "track", "busway"),
        *("pedestrian", "footway", "path", "steps", "cycleway", "bridleway", "corridor"),
    }
)
"""Values of ``highway`` that some vehicle or a person on foot can use. Roads under construction are not among them."""

JOINT, STAR = "joint", "star"
"""Key and value, of our own, of the edges that join several copies of a barrier node to the node itself, their head."""

KEPT_KEYS = frozenset(
    {
        *("highway", "service", "junction", "barrier", "locked", "kerb", "oneway", "motorroad", "toll", "surface"),
        *("access", "vehicle", "motor_vehicle", "motorcar", "goods", "hgv", "motorcycle", "moped", "tricycle"),
        *("foot", "bicycle", "psv", "bus", "busway", "taxi", "hov", "emergency", "disabled", "hazmat"),
        *("maxspeed", "maxheight", "maxwidth", "maxlength", "maxweight", "maxaxleload", "width", "lanes"),
        *("tracktype", "smoothness", "incline", "bridge", "tunnel", "layer", "ford", "covered", "opening_hours"),
        *("route", "duration", "construction", "maxweightrating"),
    }
)
"""A tag is kept if the part of its key before the first colon is one of these.

So ``maxspeed:forward``, ``oneway:bicycle`` and ``motor_vehicle:conditional`` are kept, ``source:maxspeed`` is not.
"""

NAME_KEYS = ("name", "name:zh", "name:en", "alt_name", "ref")


def is_road(tags: Mapping[str, str]) -> bool:
    """A line one can travel along, on wheels, on foot or aboard a ferry. An area is none."""
    return (tags.get("highway") in ROADS or tags.get("route") == "ferry") and tags.get("area") != "yes"


def road_tags(tags: Mapping[str, str]) -> dict[str, str]:
    """The tags a profile may ask for."""
    return {key: value for key, value in tags.items() if key.partition(":")[0] in KEPT_KEYS}


def road_names(tags: Mapping[str, str]) -> dict[str, str]:
    """The tags that name a road."""
    return {key: tags[key] for key in NAME_KEYS if key in tags}


def barrier_tags(tags: Mapping[str, str]) -> dict[str, str]:
    """What a profile may ask of a barrier: its kind and its access, never ``highway`` (of a crossing, say)."""
    return {key: value for key, value in road_tags(tags).items() if key != "highway"}


def faces(tags: Mapping[str, str]) -> str | None:
    """Which traffic along its way a node's signals face ("forward", "backward", "both"), None if it has no signals.

    A pedestrian crossing with lights of its own (``crossing=traffic_signals``) alone is not counted, as in OSRM's car
    profile. https://wiki.openstreetmap.org/wiki/Key:traffic_signals:direction
    """
    if tags.get("highway") != "traffic_signals":
        return None
    return tags.get("traffic_signals:direction") or tags.get("direction") or "both"
