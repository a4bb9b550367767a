"""A MISP feed at the desk door: reports as events, for machines that may read them."""
