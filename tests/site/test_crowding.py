"""What is sent or fetched slowly holds up no page: only so many are waited for, and fewer of one network."""

import pytest
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.test import Client, RequestFactory

from tiltyard.site.arriving.crowding import AT_A_TIME, OF_ONE_NETWORK, FewTransfers
from tiltyard.site.serving.web import THREADS

pytestmark = pytest.mark.django_db
ask = RequestFactory()


def post(address: str, path: str = "/login", **headers: str) -> HttpRequest:
    return ask.post(path, {"a": "b"}, REMOTE_ADDR=address, headers=headers)


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


def test_of_one_network_no_more_than_a_part_of_the_threads_waits(crowd: Crowd) -> None:
    waiting = [post("192.0.2.7") for _ in range(OF_ONE_NETWORK)]
    assert [crowd.told(one) for one in waiting] == [200] * OF_ONE_NETWORK
    assert crowd.told(post("192.0.2.7")) == 503
    assert crowd.told(post("192.0.2.8")) == 200
    crowd.ends(waiting[0])
    assert crowd.told(post("192.0.2.7")) == 200


def test_whoever_they_are_some_threads_stay_free_for_pages(crowd: Crowd) -> None:
    assert AT_A_TIME < THREADS
    assert [crowd.told(post(f"192.0.2.{number}")) for number in range(AT_A_TIME)] == [200] * AT_A_TIME
    assert crowd.told(post("198.51.100.1")) == 503
    assert crowd.told(ask.get("/", REMOTE_ADDR="198.51.100.1")) == 200
    assert crowd.told(post("198.51.100.1", "/api/files/" + "0" * 64)) == 200


def test_a_request_that_was_turned_away_frees_no_place(crowd: Crowd) -> None:
    for _ in range(OF_ONE_NETWORK):
        crowd.told(post("192.0.2.7"))
    turned_away = post("192.0.2.7")
    assert crowd.told(turned_away) == 503
    crowd.ends(turned_away)
    assert crowd.told(post("192.0.2.7")) == 503


def test_scripts_are_told_in_json_when_to_come_again(crowd: Crowd) -> None:
    for _ in range(OF_ONE_NETWORK):
        crowd.told(post("192.0.2.7"))
    answer = crowd.door.process_view(post("192.0.2.7", **{"X-Requested-With": "upload"}), None)
    assert answer is not None
    assert (answer.headers["Content-Type"], answer.headers["Retry-After"]) == ("application/json", "60")
    assert b"Try again in a minute" in answer.content


def test_a_file_that_is_fetched_holds_its_place_until_it_was_taken() -> None:
    door = FewTransfers(lambda request: StreamingHttpResponse(iter([b"x"])))  # type: ignore[arg-type, return-value]
    fetched = [door(ask.get("/file", REMOTE_ADDR="192.0.2.7")) for _ in range(OF_ONE_NETWORK)]
    assert {one.status_code for one in fetched} == {200}
    assert door(ask.get("/file", REMOTE_ADDR="192.0.2.7")).status_code == 503
    fetched[0].close()
    fetched[0].close()
    assert door(ask.get("/file", REMOTE_ADDR="192.0.2.7")).status_code == 200
    assert door(ask.get("/file", REMOTE_ADDR="192.0.2.7")).status_code == 503


def test_the_place_is_free_again_after_each_answer(client: Client) -> None:
    for _ in range(2 * OF_ONE_NETWORK):
        assert client.post("/look", {"look": "dark"}).status_code == 302
