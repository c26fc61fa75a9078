"""No body is larger than the settings allow, whether it says so beforehand or not."""

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from infra.problems import TooLarge


class BodyLimit:
    """Pure ASGI: refuses by `Content-Length`, or else as soon as too much has come."""

    def __init__(self, app: ASGIApp, most: int) -> None:
        """`most` is in bytes."""
        self._app = app
        self._most = most

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on.

        Raises:
            TooLarge: its body is.
        """
        if scope["type"] == "http":
            for name, value in scope["headers"]:
                if name == b"content-length" and int(value) > self._most:
                    raise self._refused()
                if name == b"transfer-encoding":
                    receive = self._counted(receive)
        await self._app(scope, receive, send)

    def _counted(self, receive: Receive) -> Receive:
        came = 0

        async def counted() -> Message:
            nonlocal came
            message = await receive()
            came += len(message.get("body", b""))
            if came > self._most:
                raise self._refused()
            return message

        return counted

    def _refused(self) -> TooLarge:
        return TooLarge(f"A body may have {self._most:,} bytes.", most=self._most)
