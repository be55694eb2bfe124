"""All that a tenant has, to be taken along: every document, without secrets."""

import re
from collections.abc import Iterator, Mapping
from typing import Any, Protocol

_SECRET = re.compile(r"secret|password|token|^(pending_)?key_hash$|^ciphertext$")
_OURS = frozenset({"untold", "payload"})  # what only waits to be sent, and may hold a key until then


class TenantData(Protocol):
    """Everything that is stored of one tenant."""

    def documents(self, tenant_id: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
        """(kind, document), first the tenant and its people; what only serves this program is left out."""
        ...


class TenantExportService:
    """Use case of whoever leaves, or wants to know what is kept."""

    def __init__(self, data: TenantData) -> None:
        self._data = data

    def records(self, tenant_id: str) -> Iterator[dict[str, Any]]:
        """One after the other, as they are read: `kind`, and the document's own members."""
        for kind, document in self._data.documents(tenant_id):
            yield {"kind": kind, **_without_secrets(document)}


def _without_secrets(document: Mapping[str, Any]) -> dict[str, Any]:
    return {name: _cleaned(value) for name, value in document.items() if not _is_secret(name)}


def _is_secret(name: str) -> bool:
    return name in _OURS or _SECRET.search(name) is not None


def _cleaned(value: Any) -> Any:
    if isinstance(value, Mapping):
        return _without_secrets(value)
    return [_cleaned(one) for one in value] if isinstance(value, list) else value
