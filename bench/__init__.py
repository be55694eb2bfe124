"""Simulated charge points, the demo, the load generator and the benchmark."""
