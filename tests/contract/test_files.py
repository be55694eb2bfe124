"""Contract of file stores: a folder, and the fake."""

import hashlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.domain.errors import NotFound, Retryable, TooLarge
from app.files.local_folder import LocalFolder
from app.services.files import FileStore
from tests.fakes.files import FakeFileStore


@pytest.fixture(params=["fake", "folder"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> FileStore:
    return FakeFileStore(100) if request.param == "fake" else LocalFolder(tmp_path / "files", 100)


def test_what_is_saved_is_read_again(store: FileStore) -> None:
    stored = store.save("acme", [b"abc", b"", b"def"])
    assert (stored.size, stored.sha256) == (6, hashlib.sha256(b"abcdef").hexdigest())
    with store.open("acme", stored.key) as content:
        content.seek(2)
        assert content.read(3) == b"cde"


def test_every_file_has_a_key_of_its_own(store: FileStore) -> None:
    assert store.save("acme", [b"x"]).key != store.save("acme", [b"x"]).key


def test_another_tenant_does_not_find_it(store: FileStore) -> None:
    stored = store.save("acme", [b"abc"])
    with pytest.raises(NotFound):
        store.open("beta", stored.key)
    store.delete("beta", stored.key)
    store.open("acme", stored.key).close()


def test_what_is_deleted_is_gone(store: FileStore) -> None:
    stored = store.save("acme", [b"abc"])
    store.delete("acme", stored.key)
    store.delete("acme", stored.key)
    with pytest.raises(NotFound):
        store.open("acme", stored.key)


def test_what_is_too_large_is_refused(store: FileStore) -> None:
    store.save("acme", [b"x" * 100])
    with pytest.raises(TooLarge):
        store.save("acme", [b"x" * 60, b"x" * 41])


def broken_off() -> Iterator[bytes]:
    yield b"half"
    raise ConnectionError("gone")


def test_an_upload_that_breaks_off_leaves_nothing(tmp_path: Path) -> None:
    store = LocalFolder(tmp_path, 100)
    with pytest.raises(ConnectionError):
        store.save("acme", broken_off())
    with pytest.raises(TooLarge):
        store.save("acme", [b"x" * 101])
    assert list((tmp_path / "acme").iterdir()) == []


def test_no_path_comes_from_what_somebody_sends(tmp_path: Path) -> None:
    store = LocalFolder(tmp_path, 100)
    for tenant_id, key in (("../acme", "0" * 32), ("acme", "../../secret"), ("acme", "0" * 31)):
        with pytest.raises(ValueError, match="is no"):
            store.open(tenant_id, key)


def test_a_disk_that_fails_is_a_store_that_fails(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a folder")
    with pytest.raises(Retryable):
        LocalFolder(tmp_path / "file", 100).save("acme", [b"x"])


def test_all_files_of_a_tenant_go_and_no_others(store: FileStore) -> None:
    gone, stays = store.save("acme", [b"x"]), store.save("beta", [b"y"])
    store.remove_all("acme")
    store.remove_all("acme")
    with pytest.raises(NotFound):
        store.open("acme", gone.key)
    store.open("beta", stays.key).close()
