"""The Kafka sink, as far as it needs no broker."""
