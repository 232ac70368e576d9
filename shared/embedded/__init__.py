"""What one machine needs and has not installed: PostgreSQL from a wheel, a broker in the process, Kafka from jars."""
