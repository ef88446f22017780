"""IAM: policies evaluated; trust in principals that exist."""
