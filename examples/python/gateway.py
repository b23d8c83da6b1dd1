"""A web server that asks an actor in Rust, by the Python package conclib.

`cargo run --features redis --example conclib_gateway` starts it. By hand, beside a Redis server without a password at
the port 6379, and a system that is served at `redis://localhost?channel=python`:

    pip install conclib==0.0.9 fastapi uvicorn
    uvicorn gateway:app --workers 4
"""

import os

import conclib
import pydantic
import redis
from fastapi import FastAPI, HTTPException

app = FastAPI()
config = conclib.DefaultConfig()


class ExampleReqMessage(conclib.ActorMessage):
    name: str


class ExampleRespMessage(conclib.ActorMessage):
    text: str
    ticks: int


def ask(urn, message, response_type):
    # A client is for one thread: it takes the first reply that comes.
    client = conclib.ProxyClient(config=config)
    if "REDIS_URL_FILE" in os.environ:
        # ConclibConfig has no field for a password.
        with open(os.environ["REDIS_URL_FILE"]) as file:
            client.redis_client.redis_client = redis.Redis.from_url(file.read().strip())
    try:
        return client.ask_actor(urn, message, response_type=response_type)
    except pydantic.ValidationError as error:
        # A failure: its text is in the place of the contents.
        raise HTTPException(502, error.errors()[0]["input"])
    finally:
        client.redis_client.pubsub.close()
        client.redis_client.redis_client.close()


@app.get("/healthz")
def healthz():
    return {"status": "ok"}


@app.get("/greet/{name}")
def greet(name: str) -> ExampleRespMessage:
    return ask("example_actor", ExampleReqMessage(name=name), ExampleRespMessage)


@app.get("/nobody")
def nobody() -> ExampleRespMessage:
    return ask("nobody", ExampleReqMessage(name="Ada"), ExampleRespMessage)
