"""Models behind an HTTP API: `create_app` of `app` for ASGI servers, `dalmeum serve` for people."""
