"""What databases of earlier versions need to become those of this one.

One file for each step, `v<number>_<what>.py`, found by its name. It says in its docstring what it does, in
`SCOPE` to which databases, counts in `pending` and changes in `apply`. Steps may be repeated, and killed
anywhere: the next run finds what is left. Each database keeps the number of the last step it has had.
Indexes are no steps: they are as `app.storage.indexes` declares them after every run.

Old and new processes run side by side during an update, so a step only adds what old ones do not mind: see
"Updates" in docs/operations.md.
"""

from app.storage.migrations.plan import NEWEST, Pending, check_schema, pending, schema_version
from app.storage.migrations.runner import migrate, prepare_tenant

__all__ = ["NEWEST", "Pending", "check_schema", "migrate", "pending", "prepare_tenant", "schema_version"]
