"""moto looks for this module beside the backend's."""

from moto.iam.urls import url_bases

from localcloud.iam.responses import LocalIAMResponse

url_paths = {"{0}/$": LocalIAMResponse.dispatch}

__all__ = ["url_bases", "url_paths"]
