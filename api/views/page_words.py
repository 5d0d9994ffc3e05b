"""Every word of the page, in both languages."""

from __future__ import annotations

from collections.abc import Mapping

from geodata.errors import Text

WORDS: Mapping[str, Text] = {
    "name": Text("保供", "Baogong"),
    "title": Text("保供：应急物资末端配送", "Baogong: last-mile delivery in an emergency"),
    "skip": Text("跳到正文", "Skip to content"),
    "other_language": Text("English", "中文"),
    "what": Text(
        "保供根据库点、社区投放点、车辆和真实路网，算出哪辆车把什么物资送到哪里，力求每一处都在调配指令下达后两小时内送到；送不到的，说明原因。",
        "From depots, drop points, vehicles and the real road network, Baogong works out which vehicle brings what "
        "where, so that every site is reached within two hours of the dispatch order, and says why where it cannot be.",
    ),
    "example": Text("示例", "Example"),
    "example_is": Text("下面是随软件附带的示例场景。", "This is the scenario that comes with the software."),
    "order_at": Text("调配指令下达", "Dispatch order given"),
    "target": Text("送达时限", "Dispatch target"),
    "plan_it": Text("计算配送方案", "Plan the deliveries"),
    "working": Text("正在计算，最长约 {seconds} 秒……", "Planning; this takes up to about {seconds} seconds …"),
    "depots": Text("库点", "Depots"),
    "sites": Text("配送地点", "Sites"),
    "vehicles": Text("车辆", "Vehicles"),
    "no": Text("序号", "No."),
    "id": Text("编号", "Id"),
    "name_column": Text("名称", "Name"),
    "opening": Text("开放时间", "Opening hours"),
    "receiving": Text("接收时间", "Receiving hours"),
    "all_day": Text("全天", "all day"),
    "goods": Text("物资", "Goods"),
    "priority": Text("优先级", "Priority"),
    "count": Text("数量", "Number"),
    "home": Text("所属库点", "Depot"),
    "capacity": Text("装载能力", "Capacity"),
    "unlimited": Text("不限", "not limited"),
    "shift": Text("班次", "Shift"),
    "crates": Text("箱", "crates"),
    "kg": Text("千克", "kg"),
    "result": Text("配送方案", "Delivery plan"),
    "in_time": Text("按时送达", "served in time"),
    "late": Text("迟到", "late"),
    "unserved": Text("未送达", "unserved"),
    "vehicles_used": Text("使用车辆", "vehicles used"),
    "of": Text("共", "of"),
    "distance": Text("行驶里程", "driven"),
    "km": Text("公里", "km"),
    "last_start": Text("最后一处开始卸货", "last unloading begins"),
    "checked": Text(
        "方案已按全部规则逐条核对，没有违反任何一条。", "The plan was checked against every rule and breaks none."
    ),
    "checked_but": Text(
        "方案已逐条核对，没有违反任何规则；本版本未检查：{rules}。",
        "The plan was checked and breaks no rule; not checked in this version: {rules}.",
    ),
    "not_reproducible": Text(
        "计算时间用尽，再次计算的结果可能不同。", "Time ran out; planning again may give another plan."
    ),
    "transfer": Text(
        "转运站 {station} 于 {ready} 备好（{supplier} 运来：{goods}）。",
        "Station {station} is ready at {ready} ({supplier} brings {goods}).",
    ),
    "warnings": Text("提醒", "Warnings"),
    "map": Text("地图", "Map"),
    "map_alt": Text(
        "配送地图：{routes} 条线路，{stops} 处停靠，{late} 处迟到，{unserved} 处未送达。各线路与停靠见下面的表格。",
        "Map of the plan. Routes: {routes}; stops: {stops}; late: {late}; unserved: {unserved}. Tables below list them.",
    ),
    "map_open": Text("打开大图", "Open the full picture"),
    "routes": Text("线路", "Routes"),
    "letter": Text("图上字母", "On the map"),
    "vehicle": Text("车辆", "Vehicle"),
    "loop": Text("趟次", "Loop"),
    "loops": Text("趟次", "Loops"),
    "stops": Text("停靠", "Stops"),
    "so_many_stops": Text("停靠 {stops} 处", "{stops} stops"),
    "departure": Text("出发", "Leaves"),
    "back": Text("返回", "Back"),
    "from_depot": Text("从 {depot} 出发", "from {depot}"),
    "site": Text("地点", "Site"),
    "start": Text("开始卸货", "Unloading"),
    "state": Text("状态", "State"),
    "state_in_time": Text("按时", "in time"),
    "at_gate": Text("{site}（交接点：卡口 {gate}）", "{site} (handed over at gate {gate})"),
    "late_by": Text("迟到 {minutes} 分钟", "{minutes} min late"),
    "late_and_unserved": Text("迟到与未送达", "Late and unserved"),
    "none_late": Text("没有迟到，也没有未送达的地点。", "Nothing is late and no site is left out."),
    "reason": Text("原因", "Reason"),
    "downloads": Text("下载", "Downloads"),
    "get_xlsx": Text("Excel 表格", "Excel workbook"),
    "get_json": Text("方案 JSON", "Plan as JSON"),
    "get_geojson": Text("线路 GeoJSON", "Routes as GeoJSON"),
    "get_map": Text("地图 PNG", "Map as PNG"),
    "get_scenario": Text("场景 JSON", "Scenario as JSON"),
    "to_start": Text("返回首页", "Back to the start"),
    "api_hint": Text(
        "把自己的场景发送到 POST /api/v1/plans，即可得到同样的方案。",
        "Send your own scenario to POST /api/v1/plans to get a plan like this one.",
    ),
}


def words_in(language: str) -> dict[str, str]:
    return {name: text.in_language(language) for name, text in WORDS.items()}
