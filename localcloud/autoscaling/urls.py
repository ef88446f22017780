"""moto looks for this module beside the backend's."""

from moto.autoscaling.urls import url_bases

from localcloud.autoscaling.responses import LocalAutoScalingResponse

url_paths = {"{0}/$": LocalAutoScalingResponse.dispatch}

__all__ = ["url_bases", "url_paths"]
