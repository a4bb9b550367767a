"""Who a partner is: its signed card, and the sixty digits that people compare."""
