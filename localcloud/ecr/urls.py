"""moto looks for this module beside the backend's."""

from moto.ecr.urls import url_bases

from localcloud.ecr.responses import LocalECRResponse

url_paths = {"{0}/$": LocalECRResponse.dispatch}

__all__ = ["url_bases", "url_paths"]
