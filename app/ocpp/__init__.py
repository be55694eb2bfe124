"""From wire protocol to use cases: frames, validation, one file per action. No broker, no database."""
