"""What those who run the product ask: alive, ready, how busy; and its documentation."""

from fastapi import APIRouter, Request, Response

from infra.docs_page import docs_page
from infra.metrics import CONTENT_TYPE
from infra.problems import problem

router = APIRouter()


@router.get("/livez", tags=["operations"], operation_id="isAlive", response_model=dict[str, str])
async def is_alive() -> Response:
    """This process works; if this does not answer, start it again."""
    return Response(b'{"status":"alive"}', media_type="application/json")


@router.get(
    "/readyz",
    tags=["operations"],
    operation_id="isReady",
    response_model=dict[str, str],
    responses={503: {"description": "Not now: it ends, or its database does not answer.", "content": {}}},
)
async def is_ready(request: Request) -> Response:
    """This process wants requests."""
    state = request.app.state
    if state.stopping:
        return _not_ready("This process is about to end.")
    if not await state.database_answers():
        return _not_ready("The database does not answer.")
    return Response(b'{"status":"ready"}', media_type="application/json")


@router.get("/metrics", tags=["operations"], operation_id="getMetrics", response_class=Response)
async def get_metrics(request: Request) -> Response:
    """Requests by route and status, and this process, in Prometheus' text format."""
    return Response(request.app.state.metrics.text(), headers={"content-type": CONTENT_TYPE})


@router.get("/docs", include_in_schema=False)
async def get_docs(request: Request) -> Response:
    """The API for people, made from the same document; it runs no script and fetches nothing."""
    policy = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"
    page = docs_page(request.app.openapi())
    return Response(page, media_type="text/html", headers={"content-security-policy": policy})


def _not_ready(why: str) -> Response:
    refusal = problem(503, "not_ready", why)
    return Response(refusal.body, refusal.status, refusal.headers)
