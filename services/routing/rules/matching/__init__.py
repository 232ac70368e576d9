"""Whom to ask: hard filters in a fixed order, points in parts, every candidate explained."""
