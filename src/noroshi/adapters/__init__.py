"""All input and output, and all randomness; each folder or module knows one outside thing."""
