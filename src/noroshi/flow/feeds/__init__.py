"""Feeds: what others publish comes into collections, and collections are handed on to others."""
