"""A local cloud: the AWS API of moto's server, with the services that must be real made of Docker containers."""
