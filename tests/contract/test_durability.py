"""What was answered is durable: no address of MongoDB can weaken that."""

from app.storage.mongo import PLATFORM_DATABASE, Databases, connect


def test_writes_wait_for_a_majority_and_its_journal_whatever_the_address_says() -> None:
    client = connect("mongodb://127.0.0.1:1/?w=1&journal=false")
    databases = Databases(client)
    try:
        for place in (
            client[PLATFORM_DATABASE],
            databases.platform,
            databases.collection("acme", "sessions"),
        ):
            assert place.write_concern.document == {"w": "majority", "j": True}
        assert client.options.retry_writes
    finally:
        client.close()
