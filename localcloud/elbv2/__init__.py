"""Load balancers that balance: HAProxy containers behind moto's ELBv2."""
