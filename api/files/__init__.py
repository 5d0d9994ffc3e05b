"""Files in and out. ``scenario.read_scenario`` is the way in: a folder of lists, a workbook, or a document."""
