"""The open-file limit: every connection is a file, and the usual soft limit is far too low."""

import resource


def raise_open_file_limit() -> int:
    """Raise this process's soft limit (inherited by its children) to the hard one; gives it."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    return hard
