"""Nothing of another tenant stands in a tenant's database."""

from collections.abc import Iterator

from app.domain.consistency import Disagreement
from app.storage.consistency.look import Look
from app.storage.mongo import store_errors


def strangers(look: Look) -> Iterator[Disagreement]:
    """The first document of each collection that says it is somebody else's."""
    with store_errors():
        names = sorted(look.databases.of(look.tenant.id).list_collection_names())
    for name in names:
        with store_errors():
            query = {"tenant_id": {"$nin": [look.tenant.id, None]}}
            found = look.collection(name).find_one(query, {"tenant_id": 1})
        if found is not None:
            told = f"In {name} of {look.tenant.id} it says that it belongs to {found['tenant_id']}."
            yield look.says("of_another_tenant", found["_id"], told)
