"""Service Quotas: what an account may have, and what the other services keep to."""
