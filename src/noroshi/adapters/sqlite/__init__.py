"""The embedded store: SQLite through apsw, one writer with group commit, readers beside it."""
