"""The journal's mathematics: RFC 6962 trees, C2SP checkpoints, proofs. No storage."""
