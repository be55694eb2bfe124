"""Users in memory."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from app.domain.errors import Conflict
from app.domain.user import User
from app.services.ports import Page, PageRequest
from tests.fakes.paging import page_of


class FakeUserRepository:
    """`UserRepository` in memory."""

    def __init__(self) -> None:
        self._users: dict[str, User] = {}

    def with_email(self, email: str) -> Sequence[User]:
        """All of this folded email, of any tenant."""
        return [user for user in self._users.values() if user.email == email]

    def find_by_email(self, email: str) -> User | None:
        """For tests: the first of this email."""
        return next(iter(self.with_email(email)), None)

    def find(self, user_id: str) -> User | None:
        """By id."""
        return self._users.get(user_id)

    def list_page(self, tenant_id: str | None, page: PageRequest) -> Page[User]:
        """Newest first."""
        own = [user for user in self._users.values() if user.tenant_id == tenant_id]
        return page_of(sorted(own, key=lambda user: (user.created_at, user.id), reverse=True), page)

    def insert(self, user: User) -> None:
        """Conflict if the email is taken in the user's tenant."""
        if any(known.tenant_id == user.tenant_id for known in self.with_email(user.email)):
            raise Conflict(f"The email '{user.email}' is taken.")
        self._users[user.id] = user

    def change(self, user_id: str, changes: Mapping[str, Any]) -> None:
        """Only these fields."""
        if user_id in self._users:
            self._users[user_id] = replace(self._users[user_id], **changes)

    def set_password_hash(self, user_id: str, password_hash: str, *, known: str | None = None) -> None:
        """Of a user that exists; otherwise nothing happens."""
        if user_id in self._users and known in (None, self._users[user_id].password_hash):
            self._users[user_id] = replace(self._users[user_id], password_hash=password_hash)

    def remove_all(self, tenant_id: str) -> None:
        """Everybody of a tenant."""
        self._users = {key: user for key, user in self._users.items() if user.tenant_id != tenant_id}

    def remove(self, user_id: str) -> None:
        """Forget."""
        self._users.pop(user_id, None)
