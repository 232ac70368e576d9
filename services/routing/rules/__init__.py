"""What routing decides, without a database, a topic or a clock: time and facts are arguments."""
