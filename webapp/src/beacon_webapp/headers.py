"""Headers of every answer."""

from typing import Final

from flask import Flask, Response, request

from beacon_webapp.assets import content_security_policy

# Two years, what browsers' preload lists ask for at least one of.
_HSTS: Final = "max-age=63072000; includeSubDomains"


def add_headers(app: Flask) -> None:
    """Finish each answer of the application."""
    fixed = {
        "Content-Security-Policy": content_security_policy(),
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cross-Origin-Resource-Policy": "same-origin",
        "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
        "Referrer-Policy": "no-referrer",
        "Server": "beacon-webapp",
        "X-Content-Type-Options": "nosniff",
    }

    @app.after_request
    def finish(response: Response) -> Response:
        response.headers.update(fixed)
        response.headers.setdefault("Cache-Control", "no-store")
        if request.is_secure:
            response.headers["Strict-Transport-Security"] = _HSTS
        return response
