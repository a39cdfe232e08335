"""Our own HTTP routes beside the pages: pictures, drafts and decisions travel here, without a page rerun."""

from starlette.routing import Route

from annotator.routes import imports, session

routes: list[Route] = [*session.routes, *imports.routes]
