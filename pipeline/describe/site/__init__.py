"""index.html: the page of a release."""
