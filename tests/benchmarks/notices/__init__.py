"""Notices: how many one notify process sends and settles in a second, and what a sick provider does to others."""
