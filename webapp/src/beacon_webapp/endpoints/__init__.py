"""One file per group of endpoints; each makes a blueprint from what it needs."""
