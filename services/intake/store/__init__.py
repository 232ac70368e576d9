"""What intake keeps: the only place that knows its tables."""
