"""A first scenario to fill in: every list with Chinese headings and a few rows in the embedded sample city."""

from __future__ import annotations

import csv
import io
from pathlib import Path

from geodata.errors import BadInput
from geodata.files import write_whole

SETTINGS = """\
# 场景参数。清单在同一文件夹的 CSV 文件中，也可换成同名的 XLSX 或 GeoJSON 文件。
# Settings of the scenario. The lists are the CSV files beside it; XLSX and GeoJSON files of the same names do as well.

name = "示例：科金博 / Example: Coquimbo"

# 时区；清单与本文件中的时间按此时区理解。
# Timezone of every time in this file and in the lists.
timezone = "America/Santiago"

# 路网文件，路径相对于本文件夹；sample:coquimbo 为内置示例。
# Road network, a path relative to this folder; sample:coquimbo is the embedded example.
network = "sample:coquimbo"

# 调配指令下达时间：计时由此开始。送达时限与轮次时限以分钟计。
# When the dispatch order is given: the clock starts here. Dispatch target and round limit in minutes.
order_at = 2022-11-23T07:30:00
target_min = 120
round_limit_min = 360

[settings]
after_target = "deliver_late"  # 超时仍送达 deliver_late / 不送 leave_out
objective = "lexicographic"    # 逐级比较 lexicographic / 计价 prices
service_s = 240                # 每个点位的固定卸货时间，秒 / unloading per site, seconds
service_per_crate_s = 6        # 每箱卸货时间，秒 / unloading per crate, seconds
snap_limit_m = 300             # 点位离道路的最大距离，米 / farthest a place may lie from a road, metres
# ferries = true               # 可乘渡轮（默认不可）/ ferries may be taken (by default they are not)
# target_from = "departure"    # 送达时限自车辆出发起算（默认自指令下达）/ the target counts from departure, not the order
# longest_route_min = 480      # 一条线路最长多少分钟 / longest route, minutes
# longest_route_price = 2      # 最长线路每长一秒的代价，越大各线路越均匀 / price per second of the longest route: evens out
# disinfection_min = 30        # 从封控区回来后的消毒时间 / disinfection after a sealed zone, minutes
# unpreferred_price_s = 600    # 非优先车辆送达一次的代价 / price of a stop by a vehicle the site does not prefer
# change_price_s = 600         # 重新计划时改由另一辆车送达一次的代价 / price of a stop that changes its vehicle when planning anew
unreadable_hours = "reject"    # 无法识别的时间：报错 reject / 列出并按全天处理 list
bad_rows = "reject"            # 问题行：报错 reject / 跳过并列出 skip

# 各清单的坐标系：WGS84、GCJ02（高德）、BD09（百度）
# The coordinate system of each list: WGS84, GCJ02 (Amap) or BD09 (Baidu)
[datum]
depots = "WGS84"
sites = "WGS84"
"""

LISTS: dict[str, tuple[tuple[str, ...], ...]] = {
    "品类.csv": (
        ("编号", "名称", "每件公斤", "每件立方米", "每件箱数"),
        ("base", "基础包", "8", "0.03", "1"),
        ("extra", "增量包", "4", "0.015", "0.5"),
    ),
    "储备库.csv": (
        ("编号", "名称", "类型", "经度", "纬度", "开放时间"),
        ("D1", "南库", "区县库", "-71.25538", "-29.97862", "全天"),
        ("D2", "北库", "转运站", "-71.25283", "-29.87871", "6:00-22:00"),
    ),
    "点位.csv": (
        ("编号", "名称", "类型", "经度", "纬度", "接收时间", "优先级", "必达", "户数", "需求:base", "需求:extra"),
        ("S1", "Peñuelas Norte", "社区物资投放点", "-71.29097", "-29.94788", "", "1", "是", "120", "40", "10"),
        ("S2", "Rebolledo Correa", "社区物资投放点", "-71.24363", "-29.92180", "8:00-12:00", "2", "否", "90", "30", ""),
        ("S3", "Monjitas", "社区物资投放点", "-71.23039", "-29.87597", "7:30-11:30、13:00-18:00", "2", "否", "75", "25", "5"),
        ("S4", "Munizaga", "核酸采样点", "-71.24670", "-29.86854", "每天 8:00-20:00", "1", "是", "", "10", ""),
        ("S5", "Los Pimientos", "社区物资投放点", "-71.34372", "-29.99000", "", "2", "否", "160", "50", "20"),
        ("S6", "Tarapacá", "社区物资投放点", "-71.24690", "-29.95732", "周一至周五 8:00-17:00", "3", "否", "60", "20", ""),
        ("S7", "Santo Tomás", "核酸采样点", "-71.24610", "-29.94737", "24小时", "2", "否", "", "15", ""),
        ("S8", "Las Higueras", "社区物资投放点", "-71.25566", "-29.92033", "", "3", "否", "80", "25", "10"),
    ),
    "车辆.csv": (
        ("编号", "类型", "所属储备库", "数量", "载重(公斤)", "容积(立方米)", "载箱数", "通行方式", "车高(米)", "总重(吨)", "班次"),
        ("VAN", "厢式货车", "D1", "2", "800", "4", "80", "面包车", "2.2", "2.8", "6:00-20:00"),
        ("TRUCK", "轻型货车", "D2", "1", "1500", "9", "160", "货车", "2.9", "4.5", ""),
    ),
}  # fmt: skip


def write_template(folder: Path) -> None:
    """Writes ``scenario.toml`` and one CSV per list. Raises BadInput if the folder exists and is not empty."""
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise BadInput.one("此处已有内容，未写入", "already holds something; nothing was written", file=str(folder))
    _write(folder / "scenario.toml", SETTINGS.encode())
    for name, rows in LISTS.items():
        _write(folder / name, _csv(rows))


def _csv(rows: tuple[tuple[str, ...], ...]) -> bytes:
    """With the byte order mark by which Excel knows UTF-8."""
    text = io.StringIO(newline="")
    csv.writer(text).writerows(rows)
    return text.getvalue().encode("utf-8-sig")


def _write(path: Path, content: bytes) -> None:
    with write_whole(path) as stream:
        stream.write(content)
