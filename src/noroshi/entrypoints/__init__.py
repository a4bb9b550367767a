"""Who starts an act: people and machines at the desk, partners at the peer door."""
