"""Id tags: who may charge."""

from dataclasses import replace
from datetime import datetime, timedelta

from app.domain.context import ChargePointRef
from app.domain.id_tag import Authorization, AuthorizationStatus, IdTag, id_tag_key, judge
from app.domain.tenant import Tenant
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
        verdict = self._judge(batch.tenant, batch.id_tags.get(id_tag_key(presented)), presented)
        return _remembered(verdict, batch.tenant, self._clock.now())

    def look_up(self, tenant: Tenant, presented: str) -> Authorization:
        """Verdict on a tag before a charge point has seen it (C14)."""
        return self._judge(tenant, self._id_tags.find(tenant.id, id_tag_key(presented)), presented)

    def _judge(self, tenant: Tenant, tag: IdTag | None, presented: str) -> Authorization:
        if tag is None and _accepts_unknown(tenant, presented):
            return Authorization(AuthorizationStatus.ACCEPTED)
        return judge(tag, self._clock.now())

    def authorize_start(
        self, batch: Batch, presented: str, ref: ChargePointRef, connector_id: int
    ) -> Authorization:
        """Verdict for a new transaction: as `authorize`, or ConcurrentTx where the tag has as many as it may.

        One that is still open on the same connector has lost its stop and does not count (B33, B35).
        """
        verdict = self.authorize(batch, presented)
        allowed = _transactions_at_once(batch, presented)
        if verdict.status is not AuthorizationStatus.ACCEPTED or allowed is None:
            return verdict
        key, ended = id_tag_key(presented), {change.session.id for change in batch.completed}
        stored = self._sessions.active_with_tag(batch.tenant.id, key)
        begun = [change.session for change in batch.begun if id_tag_key(change.session.id_tag or "") == key]
        active = [s for s in (*stored, *begun) if s.id not in ended]
        elsewhere = [s for s in active if (s.charge_point, s.connector_id) != (ref, connector_id)]
        if len(elsewhere) >= allowed:
            return replace(verdict, status=AuthorizationStatus.CONCURRENT_TX)
        return verdict


def _transactions_at_once(batch: Batch, presented: str) -> int | None:
    """How many the tag may have, by its own setting or the tenant's; None is no limit."""
    tag = batch.id_tags.get(id_tag_key(presented))
    if tag is not None and tag.max_active_transactions is not None:
        return tag.max_active_transactions
    return None if batch.tenant.configuration.allow_concurrent_transactions else 1


def _accepts_unknown(tenant: Tenant, presented: str) -> bool:
    """All of them, or those that begin as the ones of a partner."""
    key, policy = id_tag_key(presented), tenant.configuration.authorization_policy
    partners = (id_tag_key(prefix) for prefix in policy.accepted_prefixes)
    return tenant.configuration.accept_unknown_id_tags or any(key.startswith(prefix) for prefix in partners)


def _remembered(verdict: Authorization, tenant: Tenant, now: datetime) -> Authorization:
    """Until when a charge point may take the tag for accepted without asking again (its cache, 3.5.1)."""
    seconds = tenant.configuration.authorization_policy.accepted_for_s
    if not seconds or verdict.status is not AuthorizationStatus.ACCEPTED:
        return verdict
    until = now + timedelta(seconds=seconds)
    return replace(verdict, expires_at=min(until, verdict.expires_at or until))
