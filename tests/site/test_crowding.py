"""What is sent or fetched slowly holds up no page: few are waited for, fewer of one network, strangers apart."""

from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.test import Client, RequestFactory

import small_site as small
from tiltyard.site.arriving.crowding import OF_MEMBERS, OF_STRANGERS, FewTransfers, Places
from tiltyard.site.models import User
from tiltyard.site.people import accounts
from tiltyard.site.serving.web import THREADS

pytestmark = pytest.mark.django_db
ask = RequestFactory()
STRANGER = AnonymousUser()


def asked(request: HttpRequest, user: Any) -> HttpRequest:
    request.user = user
    return request


def post(address: str, path: str = "/login", *, user: Any = STRANGER, **headers: str) -> HttpRequest:
    return asked(ask.post(path, {"a": "b"}, REMOTE_ADDR=address, headers=headers), user)


class Crowd:
    """Requests that have been let in and whose bodies still arrive."""

    def __init__(self) -> None:
        self.door = FewTransfers(lambda request: HttpResponse())

    def told(self, request: HttpRequest) -> int:
        answer = self.door.process_view(request, None)
        return 200 if answer is None else answer.status_code

    def ends(self, request: HttpRequest) -> None:
        self.door(request)


@pytest.fixture
def crowd() -> Crowd:
    return Crowd()


@pytest.mark.parametrize(("user", "places"), [(STRANGER, OF_STRANGERS), (User(), OF_MEMBERS)])
def test_of_one_network_no_more_than_a_part_waits(crowd: Crowd, user: Any, places: Places) -> None:
    waiting = [post("192.0.2.7", user=user) for _ in range(places.of_one_network)]
    assert {crowd.told(one) for one in waiting} == {200}
    assert crowd.told(post("192.0.2.7", user=user)) == 503
    assert crowd.told(post("192.0.2.8", user=user)) == 200
    crowd.ends(waiting[0])
    assert crowd.told(post("192.0.2.7", user=user)) == 200


@pytest.mark.parametrize(
    ("crowding", "places", "other"), [(STRANGER, OF_STRANGERS, User()), (User(), OF_MEMBERS, STRANGER)]
)
def test_strangers_hold_no_place_of_people_who_are_logged_in_nor_these_theirs(
    crowd: Crowd, crowding: Any, places: Places, other: Any
) -> None:
    many = [post(f"192.0.2.{number}", user=crowding) for number in range(places.in_all)]
    assert {crowd.told(one) for one in many} == {200}
    assert crowd.told(post("198.51.100.1", user=crowding)) == 503
    assert crowd.told(post("198.51.100.1", user=other)) == 200


def test_whoever_has_a_token_is_no_stranger(crowd: Crowd) -> None:
    for number in range(OF_STRANGERS.in_all):
        crowd.told(post(f"192.0.2.{number}"))
    path, ann = "/api/challenges/c/entries", small.somebody("Ann")
    token = accounts.new_token(ann)
    assert crowd.told(post("198.51.100.1", path, Authorization=f"Bearer {token}")) == 200
    assert crowd.told(post("198.51.100.1", path, Authorization=f"Bearer {token}x")) == 503


def test_whoever_they_are_some_threads_stay_free_for_pages_and_workers(crowd: Crowd) -> None:
    assert OF_STRANGERS.in_all + OF_MEMBERS.in_all < THREADS
    for number in range(OF_STRANGERS.in_all):
        crowd.told(post(f"192.0.2.{number}"))
    assert crowd.told(post("198.51.100.1")) == 503
    assert crowd.told(ask.get("/", REMOTE_ADDR="198.51.100.1")) == 200
    assert crowd.told(post("198.51.100.1", "/api/files/" + "0" * 64)) == 200


def test_a_request_that_was_turned_away_frees_no_place(crowd: Crowd) -> None:
    for _ in range(OF_STRANGERS.of_one_network):
        crowd.told(post("192.0.2.7"))
    turned_away = post("192.0.2.7")
    assert crowd.told(turned_away) == 503
    crowd.ends(turned_away)
    assert crowd.told(post("192.0.2.7")) == 503


def test_scripts_are_told_in_json_when_to_come_again(crowd: Crowd) -> None:
    for _ in range(OF_STRANGERS.of_one_network):
        crowd.told(post("192.0.2.7"))
    answer = crowd.door.process_view(post("192.0.2.7", **{"X-Requested-With": "upload"}), None)
    assert answer is not None
    assert (answer.headers["Content-Type"], answer.headers["Retry-After"]) == ("application/json", "60")
    assert b"Try again in a minute" in answer.content


def fetch() -> HttpRequest:
    return asked(ask.get("/file", REMOTE_ADDR="192.0.2.7"), STRANGER)


def test_a_file_that_is_fetched_holds_its_place_until_it_was_taken() -> None:
    door = FewTransfers(lambda request: StreamingHttpResponse(iter([b"x"])))  # type: ignore[arg-type, return-value]
    fetched = [door(fetch()) for _ in range(OF_STRANGERS.of_one_network)]
    assert {one.status_code for one in fetched} == {200}
    assert door(fetch()).status_code == 503
    fetched[0].close()
    fetched[0].close()
    assert door(fetch()).status_code == 200
    assert door(fetch()).status_code == 503


def test_the_place_is_free_again_after_each_answer(client: Client) -> None:
    for _ in range(2 * OF_STRANGERS.of_one_network):
        assert client.post("/look", {"look": "dark"}).status_code == 302
