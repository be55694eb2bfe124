"""Id tags in memory."""

from app.domain.id_tag import IdTag


class FakeIdTagRepository:
    """`IdTagRepository` in memory."""

    def __init__(self) -> None:
        self._tags: dict[tuple[str, str], IdTag] = {}

    def find(self, tenant_id: str, key: str) -> IdTag | None:
        """By look-up key."""
        return self._tags.get((tenant_id, key))

    def put(self, tenant_id: str, tag: IdTag) -> None:
        """Add or change."""
        self._tags[(tenant_id, tag.key)] = tag
