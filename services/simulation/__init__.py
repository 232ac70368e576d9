"""Simulated people around Liaison: control rooms, officers and supervisors. Clients only, over HTTP and Kafka."""
