"""Users: who they are, proven by password."""

import threading
from uuid import uuid4

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from app.domain.errors import InvalidInput, NotAuthenticated
from app.domain.user import Role, User
from app.services.ports import Clock, UserRepository

MINIMUM_PASSWORD_LENGTH = 10
_REFUSED = "The email or the password is wrong."
_MEMORY_GUARD = threading.BoundedSemaphore(4)


class UserService:
    """Use cases of users."""

    def __init__(self, users: UserRepository, clock: Clock, hasher: PasswordHasher | None = None) -> None:
        self._users = users
        self._clock = clock
        self._hasher = hasher or PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1)
        self._decoy = self._hasher.hash(uuid4().hex)

    def create(self, email: str, password: str, role: Role, tenant_id: str | None) -> User:
        """A new user. Raises InvalidInput, Conflict."""
        problems: dict[str, list[str]] = {}
        if "@" not in email or len(email) > 254:
            problems["email"] = ["Give an email address."]
        if len(password) < MINIMUM_PASSWORD_LENGTH:
            problems["password"] = [f"Use at least {MINIMUM_PASSWORD_LENGTH} characters."]
        if (tenant_id is None) != (role is Role.PLATFORM_ADMIN):
            problems["tenant_id"] = ["A platform admin belongs to no tenant, everybody else to one."]
        if problems:
            raise InvalidInput("The user is not valid.", problems=problems)
        user = User(
            f"user-{uuid4()}",
            email.casefold(),
            tenant_id,
            role,
            self._hasher.hash(password),
            self._clock.now(),
        )
        self._users.insert(user)
        return user

    def find_by_email(self, email: str) -> User | None:
        """By email, in any case of letters."""
        return self._users.find_by_email(email.casefold())

    def find(self, user_id: str) -> User | None:
        """By id."""
        return self._users.find(user_id)

    def set_password(self, user: User, password: str) -> None:
        """Give a user another password. Raises InvalidInput."""
        if len(password) < MINIMUM_PASSWORD_LENGTH:
            problem = [f"Use at least {MINIMUM_PASSWORD_LENGTH} characters."]
            raise InvalidInput("The password is too short.", problems={"password": problem})
        self._users.set_password_hash(user.id, self._hasher.hash(password))

    def authenticate(self, email: str, password: str) -> User:
        """The user whose password this is. Raises NotAuthenticated, in equal time for unknown emails.

        Argon2 takes its memory on purpose, so only a few run at once.
        """
        user = self.find_by_email(email)
        with _MEMORY_GUARD:
            try:
                self._hasher.verify(user.password_hash if user else self._decoy, password)
            except (VerificationError, InvalidHashError) as wrong:
                raise NotAuthenticated(_REFUSED) from wrong
        if user is None:
            raise NotAuthenticated(_REFUSED)
        return user
