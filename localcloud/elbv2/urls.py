"""Paths of ELBv2: all requests come to one place, told apart by their API version."""

from moto.elb.urls import api_version_elb_backend

__all__ = ["url_bases", "url_paths"]

url_bases = [r"https?://elasticloadbalancing\.(.+)\.amazonaws.com"]
url_paths = {"{0}/$": api_version_elb_backend}
