"""moto looks for this module beside the backend's."""

from moto.kms.urls import url_bases

from localcloud.kms.responses import LocalKmsResponse

url_paths = {"{0}/$": LocalKmsResponse.dispatch}

__all__ = ["url_bases", "url_paths"]
