"""Delivery as pure state machines: the line to a partner, the ladder of receipts."""
