"""A project and its sources: source.yml, fetches, snapshots and what reads them."""
