"""A page that answers by itself: the release's SQLite database, questioned in the reader's browser without a server."""
