"""Ways to carry envelopes; every one carries the same bytes."""
