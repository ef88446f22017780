"""Auto Scaling groups whose instances are machines."""

from __future__ import annotations

from moto.autoscaling.models import AutoScalingBackend


class LocalAutoScalingBackend(AutoScalingBackend):
    """moto's Auto Scaling: its instances come from EC2's RunInstances, so they are real."""
