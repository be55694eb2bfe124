"""Backup and restore of a whole installation or of one tenant, on any server, while everything runs.

A backup is a folder in the layout of `mongodump`, `<database>/<collection>.bson`, with a manifest. No server
need keep a snapshot: a session is read together with its readings until both are of one moment, collections
are read in an order that loses no event, and `settle` makes right what else is of different moments.
"""

from app.storage.backup.dump import dump
from app.storage.backup.load import load
from app.storage.backup.manifest import Manifest, read_manifest, verify

__all__ = ["Manifest", "dump", "load", "read_manifest", "verify"]
