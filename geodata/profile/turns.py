"""What each turn of a network costs a road user, and which it may not take."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from geodata.model import Booleans, Floats, Ints
from geodata.network import Network
from geodata.profile.arcs import centre
from geodata.profile.conditional import Circumstances, plain_tags
from geodata.profile.kinds import CLOSED, TurnTimes
from geodata.profile.road_users import RoadUser


def turn_costs(network: Network, user: RoadUser, arc_ms: Ints) -> Ints:
    """[t] milliseconds of each turn, ``CLOSED`` where a restriction in force for the road user forbids it.

    ``arc_ms``: [m] of ``arc_costs``. Roads it closes do not count where a turn costs the more, or may only be made,
    because of the roads that meet there.
    """
    times = user.profile.turns
    if times is None:
        return np.zeros(network.turns, dtype=np.int64)
    came, goes = network.state_arc[network.turn_from], network.state_arc[network.turn_to]
    forks = (_arms(network, arc_ms) > 2)[network.head[came]]
    ms = np.where(forks, _angle_ms(network.turn_angle, times), 0)
    around = (network.arc_edge[came] == network.arc_edge[goes]) & (came != goes)
    banned = _banned(network, user)
    stuck = _stuck(network, (arc_ms[goes] < CLOSED) & ~around & ~banned)[network.turn_from]
    ms[around] = np.where(stuck, round(1000 * times.dead_end_s), round(1000 * times.u_turn_s))[around]
    ms += network.arc_signal[came] * round(1000 * times.signal_s)
    ms[banned | (around & ~forks & ~stuck)] = CLOSED
    return ms


def _arms(network: Network, arc_ms: Ints) -> Ints:
    """[n] how many road ends that are open in some direction meet at each node."""
    is_open = np.zeros(network.edges, dtype=np.bool_)
    is_open[network.arc_edge[arc_ms < CLOSED]] = True
    some_arc = np.maximum(network.edge_arcs[:, 0], network.edge_arcs[:, 1])[is_open]
    ends = np.concatenate([network.tail[some_arc], network.head[some_arc]])
    return np.bincount(ends, minlength=network.nodes)


def _stuck(network: Network, leads_on: Booleans) -> Booleans:
    """[s] states from which no turn leads on: the end of a blind alley."""
    ways_on = np.bincount(network.turn_from[leads_on], minlength=network.states)
    return np.equal(ways_on, 0)


def _angle_ms(angle: Floats, times: TurnTimes) -> Ints:
    """A sigmoid over degrees to the right, that of OSRM (see ``TurnTimes``)."""
    bias = np.where(angle >= 0, 1.0 / times.right_bias, times.right_bias)
    share = 1.0 / (1.0 + np.exp(6.5 / bias - 13.0 * bias * np.abs(angle) / 180.0))
    return np.rint(1000.0 * times.turn_s * share).astype(np.int64)


# --- restrictions -----------------------------------------------------------------------------------------------


def _banned(network: Network, user: RoadUser) -> Booleans:
    """[t] whether some restriction in force forbids the turn."""
    here = Circumstances(user, centre(network))
    in_force = np.array([is_in_force(tags, here) for tags in network.bans], dtype=np.bool_)
    banned = np.zeros(network.turns, dtype=np.bool_)
    banned[network.ban_turn[in_force[network.ban_by]]] = True
    return banned


def is_in_force(relation: Mapping[str, str], here: Circumstances) -> bool:
    """Whether a turn restriction binds the road user at any time.

    https://wiki.openstreetmap.org/wiki/Relation:restriction: ``restriction:hgv`` binds its own kind, ``except``
    exempts one.
    """
    modes = here.user.modes
    exempt = {value.strip() for value in relation.get("except", "").split(";")}
    if exempt & set(modes):
        return False
    keys = ("restriction", *(f"restriction:{mode}" for mode in modes))
    possible = plain_tags(_with_hours(relation), here)
    return any(tags.get(key, "").startswith(("no_", "only_")) for tags in possible for key in keys)


def _with_hours(relation: Mapping[str, str]) -> Mapping[str, str]:
    """The obsolete ``day_on``, ``day_off``, ``hour_on`` and ``hour_off`` as a condition."""
    days = "-".join(relation[key][:2] for key in ("day_on", "day_off") if key in relation)
    hours = "-".join(relation[key] for key in ("hour_on", "hour_off") if key in relation)
    if "restriction" not in relation or not (days or hours):
        return relation
    condition = f"{relation['restriction']} @ ({days} {hours})"
    return {key: value for key, value in relation.items() if key != "restriction"} | {
        "restriction:conditional": condition
    }
