"""The public pages: catalog, free previews, sign-in, and the check of a certificate."""

import mimetypes
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

import falcon

from lms_server.actions.dashboard import BROWSER, find_open_course, find_preview, list_course_lines
from lms_server.actions.sessions import revoke_session
from lms_server.certificates.signing import public_key_of
from lms_server.certificates.verify import read_payload
from lms_server.contract.times import from_wire
from lms_server.web.auth import Door
from lms_server.web.blobs import send_file
from lms_server.web.certificates import known_certificate
from lms_server.web.errors import Problem, not_found
from lms_server.web.languages import LANGUAGES, remember
from lms_server.web.pages import Pages, go_on, local_path, read_form
from resources import path as resource

_STATIC = Path(str(files("lms_server.web").joinpath("static")))


@dataclass(frozen=True)
class CatalogPage:
    """``/``: the open courses."""

    pages: Pages

    def on_get(self, req: falcon.Request, resp: falcon.Response) -> None:
        courses = list_course_lines(self.pages.context, open_only=True)
        self.pages.show(resp, "catalog.html", self.pages.session(req), courses=courses)


@dataclass(frozen=True)
class CoursePage:
    """``/courses/{slug}``: a course's outline, with its previews to read."""

    pages: Pages

    def on_get(self, req: falcon.Request, resp: falcon.Response, slug: str) -> None:
        found = find_open_course(self.pages.context, slug)
        if found is None:
            raise not_found()
        course, outline = found
        self.pages.show(resp, "course.html", self.pages.session(req), course=course, outline=outline)


@dataclass(frozen=True)
class PreviewPage:
    """``/read/{uid}/``: a free preview, and below it the files that its text names."""

    pages: Pages

    def on_get(self, req: falcon.Request, resp: falcon.Response, uid: str, path: str = "") -> None:
        preview = find_preview(self.pages.context, uid)
        if preview is None:
            self.pages.show(resp, "enrolled_only.html", self.pages.session(req))
            resp.status = 404
            return
        blobs = self.pages.context.blobs
        if path:
            if path not in preview.files:
                raise not_found()
            sha256, media_type = preview.files[path]
            send_file(req, resp, blobs.path(sha256), media_type, sha256)
            return
        body = blobs.read(preview.body).decode("utf-8") if preview.body and blobs.has(preview.body) else ""
        body = body.replace('href="lesson:', 'href="/read/')
        self.pages.show(resp, "lesson.html", self.pages.session(req), lesson=preview, body=body)


@dataclass(frozen=True)
class PreviewAddress:
    """``/read/{uid}``: the text names its files relative to the address with a slash."""

    def on_get(self, _req: falcon.Request, _resp: falcon.Response, uid: str) -> None:
        raise falcon.HTTPSeeOther(f"/read/{uid}/" if uid.replace("-", "").isalnum() else "/")


@dataclass(frozen=True)
class LanguageChoice:
    """``/language?to=…&next=…``: a link of every page."""

    pages: Pages

    def on_get(self, req: falcon.Request, resp: falcon.Response) -> None:
        language = LANGUAGES.get(req.get_param("to") or "")
        if language is not None:
            remember(resp, language, is_secure=self.pages.is_secure)
        go_on(resp, local_path(req.get_param("next")))


@dataclass(frozen=True)
class SignInPage:
    """``/login?next=…``."""

    pages: Pages
    door: Door

    def on_get(self, req: falcon.Request, resp: falcon.Response) -> None:
        self._show(req, resp, local_path(req.get_param("next")))

    def on_post(self, req: falcon.Request, resp: falcon.Response) -> None:
        form = read_form(req)
        self.pages.check_form(req, self.pages.session(req), form)
        onward = local_path(form.get("next"))
        try:
            user = self.door.sign_in(form.get("email", ""), form.get("password", ""), req.remote_addr)
        except Problem as problem:
            self._show(req, resp, onward, problem.title or "", form.get("email", ""))
            resp.status = problem.status
            return
        self.pages.remember(resp, self.door.open_session(user, BROWSER))
        go_on(resp, "/admin/" if user.is_admin and onward == "/" else onward)

    def _show(self, req: falcon.Request, resp: falcon.Response, onward: str, error: str = "", email: str = "") -> None:
        self.pages.show(resp, "login.html", self.pages.session(req), next=onward, error=error, email=email)


@dataclass(frozen=True)
class SignOut:
    """``/logout``, a form of every page."""

    pages: Pages

    def on_post(self, req: falcon.Request, resp: falcon.Response) -> None:
        session = self.pages.session(req)
        self.pages.check_form(req, session, read_form(req))
        if session is not None:
            revoke_session(self.pages.context, session)
        self.pages.forget(resp)
        go_on(resp, "/")


@dataclass(frozen=True)
class VerifyPage:
    """``/verify/{uuid}``: what this server says, whatever stands on the paper."""

    pages: Pages

    def on_get(self, req: falcon.Request, resp: falcon.Response, uuid: str) -> None:
        session = self.pages.session(req)
        try:
            row = known_certificate(self.pages.context, uuid)
        except Problem:
            self.pages.show(resp, "unknown_certificate.html", session)
            resp.status = 404
            return
        facts = read_payload(row.payload, public_key_of(self.pages.context.identity.signing_key))
        times = {"completed": from_wire(facts.completed_at), "issued": from_wire(facts.issued_at)}
        self.pages.show(resp, "verify.html", session, facts=facts, times=times)


@dataclass(frozen=True)
class StaticFiles:
    """``/static/…``: the style sheet and the fonts, each by a name we know."""

    def on_get(self, _req: falcon.Request, resp: falcon.Response, name: str) -> None:
        path = _known_files().get(name)
        if path is None:
            raise not_found()
        resp.content_type = mimetypes.guess_type(name)[0] or "font/ttf"
        resp.set_header("Cache-Control", "public, max-age=3600")
        resp.data = path.read_bytes()


def _known_files() -> dict[str, Path]:
    names = ("NotoSans-Regular.ttf", "NotoSans-SemiBold.ttf", "NotoSansMono-Regular.ttf")
    arabic = ("NotoSansArabic-Regular.ttf", "NotoSansArabic-SemiBold.ttf")
    return {name: resource(f"fonts/{name}") for name in (*names, *arabic)} | {"style.css": _STATIC / "style.css"}
