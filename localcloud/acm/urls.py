"""moto looks for this module beside the backend's."""

from moto.acm.urls import url_bases, url_paths

__all__ = ["url_bases", "url_paths"]
