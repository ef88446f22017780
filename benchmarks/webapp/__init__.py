"""The web application beside others that serve the same pages."""
