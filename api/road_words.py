"""What people call the kinds of vehicles on the roads, restrictions there, and what becomes of a site under them."""

from __future__ import annotations

from types import MappingProxyType

from geodata.errors import Text

PROFILE_NAMES = MappingProxyType(
    {
        "van": Text("面包车", "van"),
        "truck": Text("货车", "truck"),
        "three_wheeler": Text("三轮车", "three-wheeler"),
        "on_foot": Text("步行", "on foot"),
    }
)
KIND_NAMES = MappingProxyType(
    {
        "closure": Text("封闭", "closure"),
        "checkpoint": Text("检查点", "checkpoint"),
        "zone": Text("防控区", "zone"),
    }
)
STANDING_NAMES = MappingProxyType(
    {
        "bars": Text("禁止通行", "bars them"),
        "delays": Text("放行但有延误", "lets them through with a delay"),
        "lets_through": Text("放行", "lets them through"),
        "exempt": Text("本批次豁免", "this order is exempt"),
        "not_yet": Text("尚未生效", "not in force yet"),
        "over": Text("已经失效", "no longer in force"),
    }
)
STATE_NAMES = MappingProxyType(
    {
        "open": Text("可直达", "driven to"),
        "gate": Text("在卡口交接", "handed over at a gate"),
        "cut_off": Text("被切断", "cut off"),
        "never": Text("此类车本不可达", "never open to these vehicles"),
        "off_the_roads": Text("不在路网上", "off the roads"),
    }
)
"""In the order in which they are told."""
