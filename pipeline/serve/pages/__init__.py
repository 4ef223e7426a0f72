"""Pages for people: what a release holds, in one language; datapackage.json and metadata.yml say all of it."""
