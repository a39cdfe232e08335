"""How good detectors are, photo by photo and together, with a classical method and the published figures beside them.

`photos` finds what to measure on, `measuring` measures, `figures` makes plain numbers of it, `tables`, `report` and
`tracking` show it to a terminal, on a page and to MLflow. `command` is the way through all of them.
"""
