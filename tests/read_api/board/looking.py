"""Pages as a browser gets them, without one."""

from read_api.board.session import COOKIE
from tests.clients import Client


def cookie(client: Client) -> dict[str, str]:
    return {"Cookie": f"{COOKIE}={client.headers['Authorization'].removeprefix('Bearer ')}"}


async def see(client: Client, path: str, status: int = 200) -> str:
    """A page's HTML."""
    answer = await client.http.get(path, headers=cookie(client))
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"].startswith("text/html")
    return answer.text
