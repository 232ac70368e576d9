"""What routing keeps: the only place that knows its tables."""
