"""What the central system sends: one file per action, found by `app.ocpp.catalog`.

A file names its `ACTION` and `FEATURE_PROFILE` and gives `on_result(answer) -> Outcome`. Where needed also:

- `ALIASES`: more command types by which it is known; `ALLOWED_WHILE_PENDING = False` (A34)
- `complete(asked, keepers) -> dict`: parameters that the caller may leave out, such as ids
- `parameters(payload) -> payload`: last touch on the wire's payload before it is validated
- `concerns(asked, payload, keepers) -> list[str]`: why it may be a mistake; the caller may insist
- `taken(command, keepers)`: what to keep from the moment it is taken
- `ended(command, outcome, keepers) -> list[FollowUp] | None`: what to keep of its end, what to send next

`taken` and `ended` may run twice for the same command, and `ended` without `taken` having run.
"""
