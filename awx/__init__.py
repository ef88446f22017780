"""What people run from AWX: its objects as data, the image that jobs run in, the workflow's picture."""
