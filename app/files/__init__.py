"""Files: a store in a local folder, and signed links to it."""
