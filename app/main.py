"""The web application: routers, error handlers, lifespan."""

import asyncio
import logging
import re
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from typing import Final

from fastapi import FastAPI, Request, Response
from fastapi.middleware.gzip import GZipMiddleware
from fastapi.responses import JSONResponse
from sqlalchemy.exc import OperationalError, SQLAlchemyError
from starlette.concurrency import run_in_threadpool

from app.api import errors as api_errors
from app.api import openapi
from app.api import router as api
from app.api.audit import take_back as undo_change
from app.api.metrics import router as metrics_router
from app.api.rates import Rates
from app.assets import assets
from app.auth.gate import Gate
from app.auth.oidc import Oidc
from app.auth.throttle import Throttle
from app.database import make_engine, make_session_factory, ping, unit_of_work
from app.models.base import utc_now
from app.notify.keeper import Keeper
from app.services import samples, use_samples
from app.services.events import PURGE_ROWS, purge
from app.services.fullest import FULLEST, read_fullest
from app.services.kept import Kept
from app.services.last_leases import LAST_LEASES, LastLeases
from app.services.names import NAMES, Names
from app.services.outline import OUTLINE, outline, renew_outline
from app.services.plan_map import PLAN_MAP, read_map, renew_map
from app.services.promised import kept_promised
from app.services.reservations import any_expired, remove_expired
from app.services.use_history import kept_use, recorded, unless_moved
from app.services.users import count_users
from app.services.uses import Uses
from app.services.uses import write as write_uses
from app.settings import Settings
from app.stream.hub import Hub
from app.stream.routes import router as stream_router
from app.transfer.runner import ImportRunner
from app.views import errors as view_errors
from app.views import preferences
from app.views import router as views

log = logging.getLogger("leaseboard.web")
USES_EVERY_S: Final = 30.0
ROLL_UP_EVERY_S: Final = 20.0
EXPIRE_EVERY_S: Final = 10.0
LOOK_AT_USE_EVERY_S: Final = 15.0
PURGE_EVERY_S: Final = 60.0
PURGE_PAUSE_S: Final = 0.05
REQUEST_ID: Final = re.compile(r"[A-Za-z0-9._-]{1,64}")
SECURITY_HEADERS: Final = {
    "Content-Security-Policy": "default-src 'self'; style-src 'self'; script-src 'self'; img-src 'self' data:; "
    "frame-ancestors 'none'; base-uri 'none'; form-action 'self'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
}


def create_app(settings: Settings) -> FastAPI:
    """Return the application over a migrated database."""
    app = FastAPI(title="Leaseboard", version="0.1.0", lifespan=_lifespan, docs_url=None, redoc_url=None)
    app.state.settings = settings
    app.state.engine = make_engine(settings.database_url)
    names, last = Names(), LastLeases()
    fullest = Kept(read_fullest, beside=recorded, renew=unless_moved)
    kept = {
        NAMES: names,
        LAST_LEASES: last,
        PLAN_MAP: Kept(read_map, renew=renew_map),
        OUTLINE: Kept(outline, renew=renew_outline),
        FULLEST: fullest,
        **kept_promised(),
        **kept_use(),
    }
    app.state.sessions = make_session_factory(app.state.engine, kept)
    app.state.hub = Hub(app.state.sessions, names, last)
    app.state.keeper = Keeper(app.state.engine, app.state.sessions, settings)
    app.state.gate = Gate(app.state.engine.dialect.name)
    app.state.imports = ImportRunner(app.state.sessions, settings.database_url)
    app.state.throttle = Throttle()
    app.state.oidc = Oidc(settings.oidc) if settings.oidc.issuer else None
    app.state.undo = undo_change
    app.state.uses = Uses()
    app.state.rates = Rates(settings.api_requests_per_minute)
    app.state.setup_code = secrets.token_urlsafe(9)
    app.middleware("http")(_frame)
    app.add_middleware(GZipMiddleware, minimum_size=1024, compresslevel=5)
    # Each by itself: FastAPI works out all routes of a router that holds others, and then once more to serve them.
    for router in api.routers:
        app.include_router(router, prefix=api.PREFIX)
    for router in (metrics_router, stream_router, *views.routers):
        app.include_router(router)
    app.add_api_route("/health/live", _live, include_in_schema=False)
    app.add_api_route("/health/ready", _ready, include_in_schema=False)
    app.add_route("/static/{version}/{name:path}", _static)
    for kind in api_errors.handled():
        app.add_exception_handler(kind, _answer_error)
    app.add_exception_handler(Exception, _answer_error)
    openapi.install(app)
    return app


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    with unit_of_work(app.state.sessions, writing=False) as session:
        if count_users(session) == 0:
            host, port = app.state.settings.host_port
            wish = f"First run: open http://{host}:{port}/setup and enter the set-up code {app.state.setup_code}"
            print(wish, flush=True)
    app.state.hub.start()
    app.state.imports.start()
    app.state.keeper.start()
    periodic = (
        (USES_EVERY_S, _write_noted),
        (ROLL_UP_EVERY_S, _roll_up_once),
        (EXPIRE_EVERY_S, _expire_once),
        (LOOK_AT_USE_EVERY_S, _record_use_once),
    )
    tasks = [asyncio.create_task(_every(seconds, work, app)) for seconds, work in periodic]
    tasks.append(asyncio.create_task(_purge(app)))
    yield
    app.state.hub.stop()
    app.state.imports.stop()
    await run_in_threadpool(app.state.keeper.stop)
    for task in tasks:
        task.cancel()
    _write_noted(app)
    app.state.engine.dispose()


async def _every(seconds: float, work: Callable[[FastAPI], None], app: FastAPI) -> None:
    while True:
        await asyncio.sleep(seconds)
        await run_in_threadpool(work, app)


def _write_noted(app: FastAPI) -> None:
    noted = app.state.uses.take()
    if not noted:
        return
    with suppress(OperationalError), unit_of_work(app.state.sessions) as session:
        write_uses(session, noted)


def _roll_up_once(app: FastAPI) -> None:
    with suppress(SQLAlchemyError), unit_of_work(app.state.sessions) as session:
        samples.roll_up(session)


def _record_use_once(app: FastAPI) -> None:
    """Keep how full the pools are, once a minute; counting holds no lock that a worker could wait for."""
    now = utc_now()
    try:
        with unit_of_work(app.state.sessions, writing=False) as session:
            minute = use_samples.compare(session, now) if use_samples.is_due(session, now) else None
        if minute is not None:
            with unit_of_work(app.state.sessions) as session:
                use_samples.write(session, minute)
    except SQLAlchemyError as error:
        # A pool that went away meanwhile, or a database that is gone: the next minute is tried.
        log.warning("the use of the pools was not recorded: %s", error)


async def _purge(app: FastAPI) -> None:
    """Remove old events in small parts: faster than they come, without a long transaction."""
    while True:
        removed = await run_in_threadpool(_purge_once, app)
        await asyncio.sleep(PURGE_PAUSE_S if removed == PURGE_ROWS else PURGE_EVERY_S)


def _expire_once(app: FastAPI) -> None:
    """Take back the promises that have ended."""
    now = utc_now()
    with suppress(SQLAlchemyError):
        with unit_of_work(app.state.sessions, writing=False) as session:
            ended = any_expired(session, now)
        if ended:
            with unit_of_work(app.state.sessions) as session:
                remove_expired(session, now)


def _purge_once(app: FastAPI) -> int:
    with suppress(SQLAlchemyError), unit_of_work(app.state.sessions) as session:
        return purge(session, utc_now())
    return 0


async def _frame(request: Request, call_next: Callable[[Request], Awaitable[Response]]) -> Response:
    given = request.headers.get("x-request-id", "")
    request.state.request_id = given if REQUEST_ID.fullmatch(given) else secrets.token_hex(8)
    preferences.use(preferences.read(request))
    response = await call_next(request)
    response.headers["X-Request-ID"] = request.state.request_id
    for name, value in SECURITY_HEADERS.items():
        response.headers.setdefault(name, value)
    return response


def _answer_error(request: Request, error: Exception) -> Response:
    if not isinstance(error, api_errors.handled()):
        where = (request.state.request_id, request.method, request.url.path)
        log.error("request %s failed: %s %s", *where)  # what uvicorn logs of it does not name the request
    if request.url.path.startswith("/api/"):
        return api_errors.answer(request, error)
    return view_errors.answer(request, error)


def _static(request: Request) -> Response:
    return assets().answer(request, request.path_params["version"], request.path_params["name"])


def _live() -> dict[str, str]:
    return {"status": "ok"}


def _ready(request: Request) -> JSONResponse:
    try:
        ping(request.app.state.engine)
    except SQLAlchemyError:
        return JSONResponse({"status": "the database does not answer"}, 503)
    return JSONResponse({"status": "ok"})
