"""STS: sessions of roles, opened for whom the role trusts."""
