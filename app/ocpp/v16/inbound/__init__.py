"""What charge points send: one file per action, found by `app.ocpp.catalog`."""
