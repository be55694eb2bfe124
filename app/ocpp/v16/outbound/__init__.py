"""What the central system sends: one file per action, found by `app.ocpp.catalog`.

A file names its `ACTION` and gives `on_result`. Where needed also: `ALIASES` (more command types),
`parameters` (last touch on the payload before validation), `ALLOWED_WHILE_PENDING = False`.
"""
