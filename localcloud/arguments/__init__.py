"""What operations take: requests against botocore's models, and against what the models don't say. Pure: knows no state."""
