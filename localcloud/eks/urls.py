"""Paths of EKS: moto's router finds the operation in botocore's model of the service, so all may come to one place."""

from moto.eks.urls import url_bases

from localcloud.eks.responses import LocalEKSResponse

__all__ = ["url_bases", "url_paths"]

url_paths = {
    "{0}/addons/(?P<rest>.+)$": LocalEKSResponse.dispatch,
    "{0}/access-policies$": LocalEKSResponse.dispatch,
    "{0}/cluster-versions$": LocalEKSResponse.dispatch,
    "{0}/clusters$": LocalEKSResponse.dispatch,
    "{0}/clusters/(?P<rest>.+)$": LocalEKSResponse.dispatch,
    "{0}/tags/(?P<rest>.+)$": LocalEKSResponse.dispatch,
}
