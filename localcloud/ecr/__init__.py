"""The ECR of the local cloud, laid out as moto lays its services out."""
