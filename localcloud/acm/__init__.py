"""ACM: certificates, which load balancers use."""
