"""What all pages share: templates, maps, and texts as people can look at them."""
