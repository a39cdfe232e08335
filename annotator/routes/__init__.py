"""Our own HTTP routes beside the pages: pictures, drafts and decisions travel here, without a page rerun."""

from starlette.routing import Route

from annotator.routes import decisions, drafts, exports, imports, pictures, runs, session, tasks, verdicts

routes: list[Route] = [
    *session.routes,
    *imports.routes,
    *exports.routes,
    *pictures.routes,
    *runs.routes,
    *tasks.routes,
    *drafts.routes,
    *verdicts.routes,
    *decisions.routes,
]
