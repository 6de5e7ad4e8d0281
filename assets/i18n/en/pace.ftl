# How fast a body comes, in the window and in a terminal.

pace-rate = { $far }, { $rate } a second
pace-left = { $fast }, { $left } left
pace-seconds = { $s } s
pace-minutes = { $m } min { $s } s
pace-hours = { $h } h { $m } min
