"""Id tags: who may charge."""

from dataclasses import replace
from datetime import datetime

from app.domain.id_tag import Authorization, AuthorizationStatus, IdTag, id_tag_key, judge
from app.services.batch import Batch
from app.services.ports import Clock, IdTagRepository, SessionRepository


class AuthorizationService:
    """Verdicts on presented id tags (B6, B27)."""

    def __init__(self, id_tags: IdTagRepository, sessions: SessionRepository, clock: Clock) -> None:
        self._id_tags = id_tags
        self._sessions = sessions
        self._clock = clock

    def authorize(self, batch: Batch, presented: str) -> Authorization:
        """Verdict on a tag shown at a charge point; changes nothing."""
        tag = batch.id_tags.get(id_tag_key(presented))
        if tag is None and batch.tenant.configuration.accept_unknown_id_tags:
            return Authorization(AuthorizationStatus.ACCEPTED)
        return judge(tag, self._clock.now())

    def authorize_start(self, batch: Batch, presented: str) -> Authorization:
        """Verdict for a new transaction: as `authorize`, or ConcurrentTx where that is forbidden (B35)."""
        verdict = self.authorize(batch, presented)
        if verdict.status is not AuthorizationStatus.ACCEPTED:
            return verdict
        if batch.tenant.configuration.allow_concurrent_transactions:
            return verdict
        if self._sessions.has_active_with_tag(batch.tenant.id, id_tag_key(presented)):
            return replace(verdict, status=AuthorizationStatus.CONCURRENT_TX)
        return verdict

    def register(
        self,
        tenant_id: str,
        id_tag: str,
        *,
        parent_id_tag: str | None = None,
        expires_at: datetime | None = None,
        blocked: bool = False,
    ) -> IdTag:
        """Add a tag, or change it."""
        tag = IdTag(id_tag_key(id_tag), id_tag, blocked, expires_at, parent_id_tag)
        self._id_tags.put(tenant_id, tag)
        return tag
