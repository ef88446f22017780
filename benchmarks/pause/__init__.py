"""The central Prometheus away for half an hour."""
