"""Adapters to Celery, Redis and MQTT."""
