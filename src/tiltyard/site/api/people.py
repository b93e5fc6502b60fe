"""The site for programs of people: who they are, what they may do, what an error looks like."""

from django.http import Http404, HttpRequest, HttpResponse
from ninja import NinjaAPI
from ninja.security import HttpBearer

from tiltyard.errors import TiltyardError
from tiltyard.site.api import people_boards, people_challenges, people_entries
from tiltyard.site.models import User
from tiltyard.site.people.accounts import user_of_token
from tiltyard.site.refused import TooOften

ABOUT = "Every call takes the token of your profile: `Authorization: Bearer tilt_…`. Times are UTC."


class Token(HttpBearer):
    """The token that people make on their profile; it does what its owner may do, and is no cookie."""

    def authenticate(self, request: HttpRequest, token: str) -> User | None:
        user = user_of_token(token)
        if user is not None:
            request.user = user
        return user


api = NinjaAPI(title="Tiltyard", version="1", description=ABOUT, auth=Token(), docs_url=None, urls_namespace="api")
api.add_router("challenges", people_challenges.router)
api.add_router("challenges", people_boards.router)
api.add_router("", people_entries.router)


@api.exception_handler(TiltyardError)
def _refused(request: HttpRequest, error: TiltyardError) -> HttpResponse:
    """What the rules forbid, in the words of the page."""
    response: HttpResponse = api.create_response(
        request, {"detail": str(error)}, status=429 if isinstance(error, TooOften) else 422
    )
    if isinstance(error, TooOften):
        response.headers["Retry-After"] = str(error.seconds)
    return response


@api.exception_handler(Http404)
def _not_there(request: HttpRequest, error: Http404) -> HttpResponse:
    """What is not there, or not for this viewer: the two look alike."""
    response: HttpResponse = api.create_response(request, {"detail": "not found"}, status=404)
    return response
