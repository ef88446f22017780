"""Machines and networks as Docker containers."""
