"""The stand-in of the internet: SDKs reach it by a proxy's variables, and nothing behind it."""

from collections.abc import Iterator

import pytest
import requests

from config.demo.internet import Answer, Internet, Request, surrounded


def echo(request: Request) -> Answer:
    said = {"host": request.host, "method": request.method, "query": dict(request.query)}
    return Answer(said | {"body": request.body.decode()}, headers={"x-seen": "yes"})


def cut(request: Request) -> Answer:
    return Answer(b"half", headers={"content-length": "8"})


@pytest.fixture(scope="module")
def internet() -> Iterator[Internet]:
    sites = {"one.example.com": echo, "*.example.org": echo, "cut.example.com": cut}
    with Internet(sites) as internet, surrounded(internet.environment()):
        yield internet


def test_a_host_answers_encrypted_on_one_connection(internet: Internet) -> None:
    with requests.Session() as session:
        for number in range(3):
            answer = session.post(f"https://one.example.com/a?n={number}", data="text")
            assert answer.headers["x-seen"] == "yes"
            assert answer.json() == {
                "host": "one.example.com",
                "method": "POST",
                "query": {"n": str(number)},
                "body": "text",
            }
    assert [request.path for request in internet.asked][-3:] == ["/a"] * 3


def test_hosts_are_known_by_the_end_of_their_names(internet: Internet) -> None:
    assert requests.get("https://any.example.org/").json()["host"] == "any.example.org"


def test_what_is_not_known_is_not_reached(internet: Internet) -> None:
    assert requests.get("https://www.example.net/").status_code == 502


def test_an_answer_can_be_cut_off(internet: Internet) -> None:
    with pytest.raises(requests.RequestException):
        requests.get("https://cut.example.com/")
