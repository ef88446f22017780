"""What people see: log-in, list of dashboards, a dashboard. The scripts in public/app ask the API for the rest."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import Blueprint, current_app, g, redirect, render_template, request

from . import NOTICE, accounts
from .answers import Answer, Refused, answer, body, text
from .identity import COOKIE, WRONG, identify, log_in

if TYPE_CHECKING:
    from flask import Response

    from .settings import Settings

pages = Blueprint("pages", __name__)


@pages.app_context_processor
def _notice() -> dict[str, str]:
    return {"notice": NOTICE}


def _settings() -> Settings:
    found: Settings = current_app.config["SETTINGS"]
    return found


def _set_cookies(response: Response, secret: str, lifetime: int) -> Response:
    secure = _settings().flag("security", "cookie_secure")
    samesite = _settings().text("security", "cookie_samesite").capitalize() or "Lax"
    for name, value, hidden in ((COOKIE, secret, True), (f"{COOKIE}_expiry", str(lifetime), False)):
        response.set_cookie(name, value, max_age=lifetime, httponly=hidden, samesite=samesite, secure=secure)
    return response


def missing() -> Answer:
    """Answer for a page that is not there: who isn't logged in is sent to the log-in first."""
    try:
        identify(g.store)
    except Refused:
        return redirect("/login")  # type: ignore[return-value]  # werkzeug's response, Flask's by app.response_class
    return answer({"message": "Not found"}, 404, charset=True)


def _without_details(message_id: str) -> Refused:
    """Return the form's refusal, which is shorter than the API's."""
    return Refused(401, {"statusCode": 401, "messageId": message_id, "message": WRONG}, charset=False)


@pages.get("/login")
def login_page() -> str:
    """Show the form."""
    return render_template("login.html")


@pages.post("/login")
def login() -> Answer:
    """Log in by the form: the answer sets the session's cookie."""
    data = body()
    try:
        found = log_in(g.store, text(data, "user"), text(data, "password"))
    except Refused as refused:
        raise _without_details(refused.body["messageId"]) from refused
    if found.disabled:
        raise _without_details("password-auth.failed")
    done = answer({"message": "Logged in", "redirectUrl": "/"})
    return _set_cookies(done, accounts.start_session(g.store, found), accounts.LIFETIME)


@pages.get("/logout")
def logout() -> Answer:
    """End the session."""
    accounts.end_session(g.store, request.cookies.get(COOKIE, ""))
    gone = current_app.response_class('<a href="/login">Found</a>.\n\n', 302, content_type="text/html; charset=utf-8")
    gone.headers["Location"] = "/login"
    return _set_cookies(gone, "", 0)


@pages.get("/")
@pages.get("/dashboards")
@pages.get("/dashboards/f/<uid>/<slug>")
@pages.get("/d/<uid>")
@pages.get("/d/<uid>/<slug>")
def page(uid: str = "", slug: str = "") -> str | Response:
    """Show the page to who is logged in; send others to the log-in. The scripts read the address themselves."""
    del uid, slug
    try:
        account = identify(g.store)
    except Refused:
        return redirect("/login")  # type: ignore[return-value]  # werkzeug's response, Flask's by app.response_class
    return render_template("app.html", login=account.login, role=account.role)
