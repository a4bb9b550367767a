"""The desk door: what people and machines at the desk reach over HTTP."""
