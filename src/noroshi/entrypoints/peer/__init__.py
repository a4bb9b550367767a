"""The peer door: partners' nodes, and nobody else."""
