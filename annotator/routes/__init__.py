"""Our own HTTP routes beside the pages: pictures, drafts and decisions travel here, without a page rerun."""

from starlette.routing import Route

from annotator.routes import decisions, drafts, imports, pictures, runs, session, tasks, verdicts

routes: list[Route] = [
    *session.routes,
    *imports.routes,
    *pictures.routes,
    *runs.routes,
    *tasks.routes,
    *drafts.routes,
    *verdicts.routes,
    *decisions.routes,
]
