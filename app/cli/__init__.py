"""The command line, `python -m app.cli`: setting up and looking after an installation."""
