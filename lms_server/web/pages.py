"""Pages for people: templates, the cookie that keeps somebody signed in, and what every page is given."""

from dataclasses import dataclass
from functools import partial
from hashlib import sha256
from hmac import compare_digest, digest
from importlib.resources import files
from typing import Any
from urllib.parse import quote, urlsplit

import falcon
from jinja2 import Environment, FileSystemLoader, StrictUndefined, pass_context
from jinja2.runtime import Context
from markupsafe import Markup

from lms_server.actions.context import ServerContext, read_server
from lms_server.actions.dashboard import count_parked
from lms_server.actions.sessions import Session, find_session
from lms_server.actions.trouble import diagnose
from lms_server.contract.covers import CLOTHS, cloth_of, subject_of
from lms_server.contract.sqlite import reading
from lms_server.web.errors import Problem
from lms_server.web.languages import ENGLISH, LANGUAGES, Language, language_of
from resources import path as resource

CONTENT_POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self'; font-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
_FOLDER = str(files("lms_server.web").joinpath("templates"))


class RedirectToSignIn(Exception):
    """The page is for somebody who is signed in."""


@dataclass(frozen=True)
class Pages:
    """Shared by all pages of one server."""

    context: ServerContext
    templates: Environment
    has_upkeep: bool = False
    has_settings: bool = False

    def show(self, resp: falcon.Response, template: str, session: Session | None, **values: Any) -> None:
        """Answer with a page. Everything in it is escaped unless it was made safe at import."""
        self._render(resp, template, session, self._server_name(), values)

    def show_problem(self, req: falcon.Request, resp: falcon.Response, problem: Problem) -> None:
        """Answer with the page that says what went wrong; the database isn't asked when it may be that."""
        is_ours = problem.status_code >= 500
        values = {"text": problem.said, "is_ours": is_ours, "has_changed_nothing": not is_ours and req.method == "POST"}
        session, name = None, ""
        if not is_ours:
            try:
                session, name = self.session(req), self._server_name()
            except Exception as error:
                # An address of nothing is one whatever the database says.
                if diagnose(error) is None:
                    raise
        self._render(resp, "problem.html", session, name, values)

    def _server_name(self) -> str:
        with reading(self.context.engine) as conn:
            return read_server(conn).name

    def _render(
        self, resp: falcon.Response, template: str, session: Session | None, name: str, values: dict[str, Any]
    ) -> None:
        language = language_of(resp)
        text = self.templates.get_template(template).render(
            language=language,
            languages=[other for other in LANGUAGES.values() if other is not language],
            here=quote(getattr(resp.context, "here", "/"), safe=""),
            t=language.say,
            n=language.count,
            server_name=name,
            user=session.user if session else None,
            csrf=self.csrf(session),
            parked_count=partial(count_parked, self.context),
            has_upkeep=self.has_upkeep,
            has_settings=self.has_settings,
            **values,
        )
        resp.content_type = "text/html; charset=utf-8"
        resp.set_header("Content-Security-Policy", CONTENT_POLICY)
        resp.set_header("X-Frame-Options", "DENY")
        resp.text = text

    def session(self, req: falcon.Request) -> Session | None:
        """Who is signed in with this browser."""
        token = (req.get_cookie_values(self.cookie) or [""])[0]
        found = find_session(self.context, token) if 0 < len(token) <= 256 else None
        return found if isinstance(found, Session) else None

    def admin(self, req: falcon.Request) -> Session:
        """The admin who is signed in; raises RedirectToSignIn, or Problem for a learner."""
        session = self.session(req)
        if session is None:
            raise RedirectToSignIn
        if not session.user.is_admin:
            raise Problem(403, "not_an_admin", "This page is for admins of this server.")
        return session

    def csrf(self, session: Session | None) -> str:
        """What a form of this session must carry."""
        return digest(self.context.identity.secret, f"csrf {session.key if session else ''}".encode(), sha256).hex()

    def check_form(self, req: falcon.Request, session: Session | None, form: dict[str, str]) -> None:
        """Refuse a form that another site sent, or that was made for another session. Raises Problem."""
        origin = req.get_header("Origin")
        site = req.get_header("Sec-Fetch-Site")
        ours = {req.netloc, urlsplit(self.context.public_url).netloc}
        is_foreign = origin is not None and urlsplit(origin).netloc not in ours
        if is_foreign or (origin is None and site not in {None, "same-origin", "none"}):
            raise Problem(403, "foreign_form", "This form was sent from another site.")
        if not compare_digest(form.get("csrf", "").encode(), self.csrf(session).encode()):
            raise Problem(403, "old_form", "This form is no longer valid; go back and reload the page.")

    def admin_form(self, req: falcon.Request) -> dict[str, str]:
        """The fields of a form that an admin sent from a page of ours; raises as ``admin`` and ``check_form`` do."""
        session, form = self.admin(req), read_form(req)
        self.check_form(req, session, form)
        return form

    @property
    def is_secure(self) -> bool:
        """Whether people reach this server over https."""
        return self.context.public_url.startswith("https://")

    @property
    def cookie(self) -> str:
        """The session cookie's name; browsers keep ``__Host-`` cookies from being planted, but only over https."""
        return "__Host-lms" if self.is_secure else "lms"

    def remember(self, resp: falcon.Response, token: str) -> None:
        """Keep somebody signed in until the browser is closed."""
        resp.set_cookie(self.cookie, token, path="/", secure=self.is_secure, http_only=True, same_site="Strict")

    def forget(self, resp: falcon.Response) -> None:
        """Take the cookie back."""
        resp.set_cookie(self.cookie, "", path="/", max_age=0, secure=self.is_secure, http_only=True, same_site="Strict")


def make_pages(context: ServerContext, *, has_upkeep: bool = False, has_settings: bool = False) -> Pages:
    """The templates, read once."""
    templates = Environment(
        loader=FileSystemLoader(_FOLDER),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    templates.globals.update(icon=_icon, cloth=_cloth, subject=_subject)
    templates.filters.update(
        number=_number, moment=_moment, day=_day, size=_size, named=_named, reason=_reason, spoken=_spoken
    )

    @pass_context
    def ago(page: Context, ms: int) -> str:
        return _ago(_language(page), ms, context.clock())

    templates.filters["ago"] = ago
    return Pages(context, templates, has_upkeep, has_settings)


def go_on(resp: falcon.Response, place: str) -> None:
    """Send the browser to a page after its form was done: loading that again sends nothing twice."""
    resp.status = 303
    resp.location = place


def local_path(wanted: str | None, otherwise: str = "/") -> str:
    """A place on this server to go on to; anything that could lead elsewhere becomes ``otherwise``."""
    if not wanted or not wanted.startswith("/") or wanted.startswith("//") or len(wanted) > 500:
        return otherwise
    if "\\" in wanted or any(not character.isprintable() for character in wanted):
        return otherwise
    return quote(wanted, safe="/?&=%#-._~")


def read_form(req: falcon.Request, most: int = 64 << 10) -> dict[str, str]:
    """The fields of a form; raises Problem for anything else."""
    if (req.content_type or "").split(";")[0].strip().lower() != falcon.MEDIA_URLENCODED:
        raise Problem(415, "unsupported_type", "Send the page's form.")
    body = req.bounded_stream.read(most + 1)
    if len(body) > most:
        raise Problem(413, "too_large", "The form is too large.")
    fields = falcon.uri.parse_query_string(body.decode("utf-8", "replace"), keep_blank=True, csv=False)
    return {name: value[-1] if isinstance(value, list) else value for name, value in fields.items()}


def _cloth(course_uid: str) -> str:
    """The class that style.css has for a course's cloth."""
    return CLOTHS[cloth_of(course_uid)]


def _subject(slug: str, title: str) -> str:
    return subject_of(slug, title) or "book"


def _icon(name: str, size: int = 20) -> Markup:
    text = resource(f"icons/{name}.svg").read_text("utf-8")
    # Our own files, and no text in them: nothing to escape.
    return Markup(text.replace("<svg ", f'<svg class="icon" width="{size}" height="{size}" aria-hidden="true" ', 1))  # noqa: S704


@pass_context
def _number(page: Context, count: int) -> str:
    return _language(page).number(count)


@pass_context
def _moment(page: Context, ms: int) -> Markup:
    return _isolated(_language(page).moment(ms))


@pass_context
def _day(page: Context, ms: int) -> Markup:
    return _isolated(_language(page).day(ms))


@pass_context
def _size(page: Context, count: float) -> Markup:
    return _isolated(_language(page).size(count))


def _isolated(text: str) -> Markup:
    """Figures with words that stand together, whatever is around them."""
    return Markup("<bdi>{}</bdi>").format(text)


def _language(page: Context) -> Language:
    found = page["language"]
    return found if isinstance(found, Language) else ENGLISH


@pass_context
def _named(page: Context, value: str) -> Markup:
    return _language(page).named(value)


@pass_context
def _reason(page: Context, text: str) -> Markup:
    return _language(page).reason(text)


@pass_context
def _spoken(page: Context, tag: str) -> Markup:
    return _language(page).language_named(tag)


def _ago(language: Language, ms: int, now: int) -> str:
    minutes = max(0, now - ms) // 60_000
    if minutes < 1:
        return language.say("just now")
    if minutes < 60:
        return language.count("{n} minute ago", "{n} minutes ago", minutes)
    if minutes < 1440:
        return language.count("{n} hour ago", "{n} hours ago", minutes // 60)
    return language.count("{n} day ago", "{n} days ago", minutes // 1440)
