"""EKS whose control planes, nodes and add-ons are real."""
