"""Routing over HTTPS."""
