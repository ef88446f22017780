"""Leads the API's requests to our operations."""

from localcloud.servicequotas.responses import LocalServiceQuotasResponse

url_bases = [r"https?://servicequotas\.(.+)\.amazonaws\.com"]

url_paths = {"{0}/$": LocalServiceQuotasResponse.dispatch}
