"""moto looks for this module beside the backend's."""

from moto.ec2.urls import url_bases

from localcloud.ec2.responses import LocalEC2Response

url_paths = {"{0}/": LocalEC2Response.dispatch}

__all__ = ["url_bases", "url_paths"]
