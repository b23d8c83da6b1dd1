"""Asks the actors of a Rust system by the original client of Python's conclib."""

import json
import multiprocessing
import random
import sys
import time

import pydantic
import redis
from shared import *


def numbers(config, count, seed):
    """Asks one after another, and checks that each answer is its own."""
    client = conclib.ProxyClient(config=config)
    for at in range(count):
        number = seed * 1_000_000 + at
        reply = client.ask_actor("doubler", Double(number=number), response_type=Doubled)
        assert reply.number == 2 * number, (reply, number)


def burn():
    while True:
        pass


def delayed(config, count):
    """Waits at random between the PUBLISH and the SUBSCRIBE, while other processes are busy."""
    for _ in range(3):
        # Ends with this process.
        multiprocessing.Process(target=burn, daemon=True).start()
    client = conclib.ProxyClient(config=config)
    publish = client.redis_client.redis_client.publish

    def then_wait(*args):
        result = publish(*args)
        time.sleep(random.random() * 0.01)
        return result

    client.redis_client.redis_client.publish = then_wait
    for number in range(count):
        reply = client.ask_actor("doubler", Double(number=number), response_type=Doubled)
        assert reply.number == 2 * number, (reply, number)


def models(client):
    placed = datetime.datetime(2026, 11, 22, 10, 30, tzinfo=datetime.timezone.utc)
    lines = [Line(article="tea", count=3), Line(article="cup")]
    order = Place(customer="Ada", lines=lines, placed=placed, weights={"tea": 0.25}, express=True)
    reply = client.ask_actor("shop", order, response_type=Order)
    assert reply == Order(number=7, placed=placed, lines=lines, note=None, first=lines[0]), reply
    order = Place(customer="Bob", lines=[], note="soon", placed=placed, weights={}, express=False)
    reply = client.ask_actor("shop", order, response_type=Order)
    assert reply == Order(number=7, placed=placed, lines=[], note="soon", first=None), reply
    assert client.ask_actor("shop", Empty(), response_type=Empty) == Empty()


def failure(config, urn, message, reply):
    """The text of the error, which has to come soon."""
    began = time.monotonic()
    try:
        got = conclib.ProxyClient(config=config).ask_actor(urn, message, response_type=reply)
        say(f"no error: {got!r}")
    except pydantic.ValidationError as error:
        say(json.dumps([error.errors()[0]["input"], time.monotonic() - began]))


def failures(config):
    failure(config, "nobody", Empty(), Empty)
    without_number = type("Double", (conclib.ActorMessage,), {})
    failure(config, "doubler", without_number(), Empty)
    failure(config, "doubler", Line(article="tea"), Empty)
    failure(config, "shop", Fail(how="error"), Empty)
    failure(config, "shop", Fail(how="panic"), Empty)
    failure(config, "no urn", Empty(), Empty)
    failure(config, "fragile", Double(number=-1), Doubled)
    raw = redis.Redis(host=config.redis_host, port=config.redis_port)
    bomb = b'{"message_id":"b","message_type":"Double","actor_urn":"doubler","contents":' + b'{"a":' * 100000
    for garbage in [b"", b"\xff\xfe", b"[]", b"{", b"null", b'{"message_id":7}', b'{"message_id":""}', bomb]:
        raw.publish(config.inbound_channel_name, garbage)
    numbers(config, 3, 1)
    client = conclib.ProxyClient(config=config)
    assert client.ask_actor("counter", Empty(), response_type=Value) == Value(value=1)
    say("ok")


if __name__ == "__main__":
    config = settings(*sys.argv[1:4])
    match sys.argv[4:]:
        case ["numbers", count]:
            numbers(config, int(count), 1)
        case ["processes", processes, count]:
            asking = [
                multiprocessing.Process(target=numbers, args=(config, int(count), seed))
                for seed in range(int(processes))
            ]
            for process in asking:
                process.start()
            for process in asking:
                process.join()
                assert process.exitcode == 0
        case ["delayed", count]:
            delayed(config, int(count))
        case ["models"]:
            models(conclib.ProxyClient(config=config))
        case ["failures"]:
            failures(config)
    say("done")
