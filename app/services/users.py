"""Users: who they are, proven by password."""

import threading
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any
from uuid import uuid4

import structlog
from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from app.domain.errors import Conflict, InvalidInput, NotAuthenticated, NotFound
from app.domain.login_session import LoginSession
from app.domain.user import Role, User
from app.services.lockout import Lockout
from app.services.passwords import problem_of
from app.services.ports import Clock, Page, PageRequest, UserRepository
from app.services.tokens import TokenService

log = structlog.stdlib.get_logger(__name__)
_REFUSED = "The email or the password is wrong, or the tenant."
_MEMORY_GUARD = threading.BoundedSemaphore(4)
_ENDS_SESSIONS = ("role", "disabled")
_OPENS_SESSIONS = ("role", "disabled", "password_hash")
MAX_NAME_LENGTH = 100


class UserService:
    """Use cases of users. `tenant_id` None means the platform's own people."""

    def __init__(
        self,
        users: UserRepository,
        tokens: TokenService,
        lockout: Lockout,
        clock: Clock,
        hasher: PasswordHasher | None = None,
        *,
        login_needs_tenant: bool = False,
    ) -> None:
        self._users = users
        self._tokens = tokens
        self._lockout = lockout
        self._clock = clock
        self._login_needs_tenant = login_needs_tenant
        self._hasher = hasher or PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1)
        self._decoy = self._hasher.hash(uuid4().hex)

    def create(self, email: str, password: str, role: Role, tenant_id: str | None, name: str = "") -> User:
        """A new user. Raises InvalidInput, Conflict (the email is taken in this tenant)."""
        problems = self.problems_of(email, password, role, tenant_id, name)
        if problems:
            raise InvalidInput("The user is not valid.", problems=problems)
        user = User(
            f"user-{uuid4()}",
            email.casefold(),
            tenant_id,
            role,
            self._hash(password),
            self._clock.now(),
            name.strip(),
        )
        self._users.insert(user)
        return user

    @staticmethod
    def problems_of(
        email: str, password: str, role: Role, tenant_id: str | None, name: str = ""
    ) -> dict[str, list[str]]:
        """What would be wrong with a new user, by field."""
        problems: dict[str, list[str]] = {}
        if "@" not in email or len(email) > 254 or not email.isprintable() or " " in email:
            problems["email"] = ["Give an email address."]
        if weakness := problem_of(password, email, tenant_id or "", name):
            problems["password"] = [weakness]
        if (tenant_id is None) != (role is Role.PLATFORM_ADMIN):
            problems["tenant_id"] = ["A platform admin belongs to no tenant, everybody else to one."]
        return problems | _name_problems(name)

    def find_by_email(self, email: str, tenant_id: str | None = None) -> User | None:
        """By email, in any case of letters, in a tenant.

        Without one: the platform's own, or else whoever has had this email for the longest time, so that no
        tenant keeps others' people out by entering their emails. With `login_needs_tenant` the platform's
        only: otherwise a tenant's admin could enter an email, log in without a tenant, and learn from a
        refusal that somebody else's people use it.
        """
        found = self.with_email(email)
        if tenant_id is not None or self._login_needs_tenant:
            return next((user for user in found if user.tenant_id == tenant_id), None)
        return min(found, key=lambda user: (user.tenant_id is not None, user.created_at), default=None)

    def with_email(self, email: str) -> Sequence[User]:
        """All of this email, in any case of letters, of any tenant."""
        return self._users.with_email(email.casefold())

    def find(self, user_id: str) -> User | None:
        """By id, whosever it is: for the holder of a token."""
        return self._users.find(user_id)

    def get(self, tenant_id: str | None, user_id: str) -> User:
        """Raises NotFound, also for another tenant's."""
        user = self._users.find(user_id)
        if user is None or user.tenant_id != tenant_id:
            raise NotFound(f"There is no user '{user_id}'.")
        return user

    def list_page(self, tenant_id: str | None, page: PageRequest) -> Page[User]:
        """Of one tenant, or the platform's; newest first."""
        return self._users.list_page(tenant_id, page)

    def change(self, tenant_id: str | None, user_id: str, changes: Mapping[str, Any]) -> User:
        """Set `name`, `role` or `disabled`. Another role, and being disabled, end the login sessions.

        Raises NotFound, InvalidInput, Conflict (nobody would be left to administrate).
        """
        user = self.get(tenant_id, user_id)
        if problems := _name_problems(changes.get("name", "")):
            raise InvalidInput("The name is not valid.", problems=problems)
        changed = replace(user, **changes)
        if (changed.role is Role.PLATFORM_ADMIN) != (tenant_id is None):
            problem = ["A platform admin belongs to no tenant, everybody else to one."]
            raise InvalidInput("The role is not valid here.", problems={"role": problem})
        if user.role in _ADMINS and (changed.role is not user.role or changed.disabled):
            self._check_not_the_last(user)
        self._users.change(user.id, changes)
        if any(getattr(user, name) != getattr(changed, name) for name in _ENDS_SESSIONS):
            self._tokens.end_all(user.id)
        return changed

    def remove(self, tenant_id: str | None, user_id: str) -> None:
        """Forget a user and end the login sessions. Raises NotFound, Conflict (the last administrator)."""
        user = self.get(tenant_id, user_id)
        if user.role in _ADMINS:
            self._check_not_the_last(user)
        self._users.remove(user.id)
        self._tokens.end_all(user.id)

    def end_sessions_of_all(self, tenant_id: str) -> None:
        """Log everybody of a tenant out."""
        self._tokens.end_all_of_tenant(tenant_id)

    def set_password(self, user: User, password: str, *, keep_session: str | None = None) -> None:
        """Give a user another password; their login sessions end, maybe but one. Raises InvalidInput."""
        if weakness := problem_of(password, user.email, user.tenant_id or "", user.name):
            raise InvalidInput("The password is not good enough.", problems={"password": [weakness]})
        self._users.set_password_hash(user.id, self._hash(password))
        self._tokens.end_all(user.id, but=keep_session)
        self._lockout.unlock(_who(user.email, user.tenant_id))

    def change_own_password(
        self, user: User, current: str, new: str, *, address: str, session_id: str
    ) -> None:
        """By the user, who knows the present one. Raises NotAuthenticated, InvalidInput."""
        self.authenticate(user.email, current, user.tenant_id, address=address)
        self.set_password(user, new, keep_session=session_id)

    def unlock(self, user: User) -> None:
        """Forgive failed logins, from wherever they came."""
        self._lockout.unlock(_who(user.email, user.tenant_id))

    def authenticate(
        self, email: str, password: str, tenant_id: str | None = None, *, address: str = ""
    ) -> User:
        """The user whose password this is.

        Raises NotAuthenticated in the same words and the same time for unknown, wrong, disabled and locked.
        Argon2 takes its memory on purpose, so only a few run at once. The lock is looked at after it: of many
        attempts at the same moment, those that come later see how the former ended.
        """
        user = self.find_by_email(email, tenant_id)
        who = _who(email.casefold(), user.tenant_id if user else tenant_id)
        with _MEMORY_GUARD:
            fits = self._fits(user.password_hash if user else self._decoy, password)
        locked = self._lockout.is_locked(who, address)
        if user is None or not fits or user.disabled or locked:
            if not locked:
                self._lockout.note_failure(who, address)
            log.info("login_refused", locked=locked, address=address)
            raise NotAuthenticated(_REFUSED)
        self._lockout.note_success(who, address)
        return self._with_newest_hash(user, password)

    def open_session(self, user: User, *, address: str = "", user_agent: str = "") -> LoginSession:
        """A login session for somebody who was just authenticated. Raises NotAuthenticated.

        Whoever is disabled, or gets another password, at this very moment stays outside: the session is
        opened first, then what made it good is looked at once more.
        """
        session = self._tokens.open(user, user_agent=user_agent, address=address)
        known = self._users.find(user.id)
        if known is None or any(getattr(known, name) != getattr(user, name) for name in _OPENS_SESSIONS):
            self._tokens.end(user.id, session.id)
            raise NotAuthenticated(_REFUSED)
        return session

    def _with_newest_hash(self, user: User, password: str) -> User:
        """With a hash of today's strength, unless the password was changed meanwhile."""
        if not self._hasher.check_needs_rehash(user.password_hash):
            return user
        stronger = self._hash(password)
        self._users.set_password_hash(user.id, stronger, known=user.password_hash)
        return replace(user, password_hash=stronger)

    def _hash(self, password: str) -> str:
        with _MEMORY_GUARD:
            return self._hasher.hash(password)

    def _fits(self, password_hash: str, password: str) -> bool:
        try:
            return self._hasher.verify(password_hash, password)
        except (VerificationError, InvalidHashError):
            return False

    def _check_not_the_last(self, user: User) -> None:
        """Of two that go at the same moment both may: then the command line makes another."""
        page = PageRequest(2, filters={"role": user.role.value, "disabled": False})
        others = [one for one in self._users.list_page(user.tenant_id, page).items if one.id != user.id]
        if not others:
            raise Conflict("This is the last administrator; make another one first.")


_ADMINS = (Role.TENANT_ADMIN, Role.PLATFORM_ADMIN)


def _name_problems(name: str) -> dict[str, list[str]]:
    is_good = len(name) <= MAX_NAME_LENGTH and name.isprintable()
    return {} if is_good else {"name": [f"Use at most {MAX_NAME_LENGTH} characters, all of them visible."]}


def _who(email: str, tenant_id: str | None) -> str:
    return f"{tenant_id or ''}\n{email}"
