"""moto looks for this module beside the backend's."""

from moto.sts.urls import url_bases

from localcloud.sts.responses import LocalSTSResponse

url_paths = {"{0}/$": LocalSTSResponse.dispatch}

__all__ = ["url_bases", "url_paths"]
