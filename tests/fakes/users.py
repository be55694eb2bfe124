"""Users in memory."""

from dataclasses import replace

from app.domain.errors import Conflict
from app.domain.user import User


class FakeUserRepository:
    """`UserRepository` in memory."""

    def __init__(self) -> None:
        self._users: dict[str, User] = {}

    def find_by_email(self, email: str) -> User | None:
        """By the email as stored."""
        return next((user for user in self._users.values() if user.email == email), None)

    def find(self, user_id: str) -> User | None:
        """By id."""
        return self._users.get(user_id)

    def insert(self, user: User) -> None:
        """Conflict if the email is taken."""
        if self.find_by_email(user.email) is not None:
            raise Conflict(f"The email '{user.email}' is taken.")
        self._users[user.id] = user

    def set_password_hash(self, user_id: str, password_hash: str) -> None:
        """Of a user that exists; otherwise nothing happens."""
        if user_id in self._users:
            self._users[user_id] = replace(self._users[user_id], password_hash=password_hash)

    def remove(self, user_id: str) -> None:
        """For tests: as if somebody had deleted the user."""
        del self._users[user_id]
