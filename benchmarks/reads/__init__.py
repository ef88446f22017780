"""What the local cloud takes to answer a read."""
