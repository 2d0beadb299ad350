"""gql, the Python client, against a running server: a query, an error, and subscriptions over WebSocket."""

import asyncio
import sys

from gql import Client, gql
from gql.transport.aiohttp import AIOHTTPTransport
from gql.transport.exceptions import TransportQueryError
from gql.transport.websockets import WebsocketsTransport


async def queries(url: str) -> None:
    transport = AIOHTTPTransport(url=url)
    async with Client(transport=transport, fetch_schema_from_transport=True) as session:
        page = gql("query Page($first: Int) { entries(first: $first) { nodes { id title } } }")
        page.variable_values = {"first": 3}
        answer = await session.execute(page)
        assert len(answer["entries"]["nodes"]) == 3, answer
        try:
            await session.execute(gql("{ users { totalCount } }"))
        except TransportQueryError as error:
            assert error.errors[0]["extensions"]["code"] == "UNAUTHENTICATED", error
        else:
            raise AssertionError("the accounts are for admins")


async def subscriptions(url: str) -> None:
    transport = WebsocketsTransport(url=url)
    async with Client(transport=transport) as session:
        document = gql("subscription { entryAdded { cursor entry { id } } }")
        ids = set()
        async for event in session.subscribe(document):
            ids.add(event["entryAdded"]["entry"]["id"])
            if len(ids) == 2:
                return
        raise AssertionError("it ended")


async def main() -> None:
    http, websocket = sys.argv[1:]
    await asyncio.wait_for(queries(http), 30)
    await asyncio.wait_for(subscriptions(websocket), 30)
    print("ok")


asyncio.run(main())
