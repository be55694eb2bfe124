"""Users in MongoDB."""

from pymongo.errors import DuplicateKeyError

from app.domain.errors import Conflict
from app.domain.user import Role, User
from app.storage.mongo import Databases, Document, store_errors

NAME = "users"


class MongoUsers:
    """Port `UserRepository`."""

    def __init__(self, databases: Databases) -> None:
        self._databases = databases

    def find_by_email(self, email: str) -> User | None:
        """By the folded email."""
        return self._find({"email": email})

    def find(self, user_id: str) -> User | None:
        """By id."""
        return self._find({"_id": user_id})

    def _find(self, query: Document) -> User | None:
        with store_errors():
            document = self._databases.platform[NAME].find_one(query)
        return _user_of(document) if document else None

    def insert(self, user: User) -> None:
        """Raises Conflict if the email is taken."""
        document = {
            "_id": user.id,
            "email": user.email,
            "tenant_id": user.tenant_id,
            "role": user.role.value,
            "password_hash": user.password_hash,
            "created_at": user.created_at,
        }
        try:
            with store_errors():
                self._databases.platform[NAME].insert_one(document)
        except DuplicateKeyError as taken:
            raise Conflict("There is a user with this email already.") from taken

    def set_password_hash(self, user_id: str, password_hash: str) -> None:
        """Replace the hash."""
        with store_errors():
            self._databases.platform[NAME].update_one(
                {"_id": user_id}, {"$set": {"password_hash": password_hash}}
            )


def _user_of(document: Document) -> User:
    return User(
        document["_id"],
        document["email"],
        document["tenant_id"],
        Role(document["role"]),
        document["password_hash"],
        document["created_at"],
    )
