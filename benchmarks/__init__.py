"""Measurements; no part of the collection."""
