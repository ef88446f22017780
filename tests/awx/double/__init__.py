"""A double of AWX's API: small, keeps state, answers as the collection awx.awx 24.6.1 expects. It is not AWX."""
