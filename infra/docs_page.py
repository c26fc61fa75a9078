"""`/docs`: the OpenAPI document as one page of HTML, without scripts and without anything from elsewhere."""

import json
from collections.abc import Iterable, Mapping
from html import escape
from typing import Any, Final

Schema = Mapping[str, Any]

_STYLE: Final = """
body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color:#1b1f24;background:#fff}
h2{margin-top:2.5rem;text-transform:capitalize}details{border:1px solid #d0d7de;border-radius:6px;margin:.4rem 0}
summary{padding:.45rem .7rem;cursor:pointer}details[open]>summary{border-bottom:1px solid #d0d7de}
.in{padding:.2rem 1rem 1rem}code,pre{font:14px/1.45 ui-monospace,monospace}b.m{display:inline-block;min-width:3.4rem}
pre{background:#f6f8fa;padding:.7rem;overflow:auto;border-radius:6px}table{border-collapse:collapse}
td,th{text-align:left;padding:.15rem .9rem .15rem 0;vertical-align:top}small{color:#57606a}
@media(prefers-color-scheme:dark){body{background:#0d1117;color:#e6edf3}pre{background:#161b22}small{color:#8d96a0}}
"""


def docs_page(document: Schema) -> str:
    """The page."""
    info = document["info"]
    tags: dict[str, list[str]] = {}
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            tag = operation.get("tags", ["other"])[0]
            tags.setdefault(tag, []).append(_operation(document, method, path, operation))
    sections = "".join(f"<h2>{escape(tag)}</h2>{''.join(tags[tag])}" for tag in sorted(tags))
    return (
        f'<!doctype html><html lang="en"><meta charset="utf-8"><title>{escape(info["title"])}</title>'
        f'<meta name="viewport" content="width=device-width"><style>{_STYLE}</style>'
        f"<h1>{escape(info['title'])} <small>{escape(info['version'])}</small></h1>"
        f'<p>{escape(info["description"])}</p><p><a href="/openapi.json">openapi.json</a></p>{sections}</html>'
    )


def _operation(document: Schema, method: str, path: str, operation: Schema) -> str:
    about = "".join(f"<p>{escape(part)}</p>" for part in operation.get("description", "").split("\n\n"))
    permission = operation.get("x-permission")
    needs = f"<p>Needs the permission <code>{escape(permission)}</code>.</p>" if permission else ""
    return (
        f"<details><summary><b class=m>{method.upper()}</b> <code>{escape(path)}</code> "
        f"<small>{escape(operation.get('summary', ''))}</small></summary><div class=in>{about}{needs}"
        f"{_parameters(document, operation.get('parameters', []))}{_body(document, operation.get('requestBody'))}"
        f"{_responses(document, operation['responses'])}</div></details>"
    )


def _parameters(document: Schema, parameters: Iterable[Schema]) -> str:
    rows = "".join(
        _row(f"{one['name']}{'' if one.get('required') else '?'}", one["in"], _kind(document, one["schema"]))
        for one in parameters
    )
    return f"<h4>Parameters</h4><table>{rows}</table>" if rows else ""


def _body(document: Schema, body: Schema | None) -> str:
    if body is None:
        return ""
    media_type, described = next(iter(body["content"].items()))
    if media_type != "application/json":
        return f"<h4>Body</h4><p>A file: <code>{escape(media_type)}</code></p>"
    return f"<h4>Body</h4>{_shape(document, described['schema'])}"


def _responses(document: Schema, responses: Mapping[str, Schema]) -> str:
    said = {status: _shared(document, one).get("description", "") for status, one in responses.items()}
    rows = "".join(_row(status, about) for status, about in said.items())
    success = next((one for status, one in responses.items() if status.startswith("2")), {})
    schema = success.get("content", {}).get("application/json", {}).get("schema")
    answer = f"<h4>Answer</h4>{_shape(document, schema)}" if schema else ""
    return f"{answer}<h4>Statuses</h4><table>{rows}</table>"


def _shared(document: Schema, response: Schema) -> Schema:
    """`response`, or the one of all operations that it refers to."""
    if "$ref" not in response:
        return response
    found: Schema = document["components"]["responses"][response["$ref"].rpartition("/")[2]]
    return found


def _shape(document: Schema, schema: Schema) -> str:
    """The members of an object and their kinds, as JSON with a kind where a value would be."""
    return f"<pre>{escape(json.dumps(_outline(document, schema, 0), indent=2, ensure_ascii=False))}</pre>"


def _outline(document: Schema, schema: Schema, depth: int) -> Any:  # noqa: ANN401 - any JSON
    found = _resolved(document, schema)
    members = found.get("properties")
    if not members or depth > _DEEPEST:
        return _kind(document, schema)
    required = found.get("required", ())
    return {
        name if name in required else f"{name}?": _member(document, member, depth + 1)
        for name, member in members.items()
    }


_DEEPEST: Final = 4


def _member(document: Schema, schema: Schema, depth: int) -> Any:  # noqa: ANN401 - any JSON
    found = _resolved(document, schema)
    if "items" in found:
        return [_outline(document, found["items"], depth)]
    return _outline(document, schema, depth)


def _kind(document: Schema, schema: Schema) -> str:
    """Such as `date`, `one of "a", "b"`, or `string, at most 200 characters`."""
    found = _resolved(document, schema)
    for several in ("anyOf", "oneOf"):
        if several in found:
            return " or ".join(dict.fromkeys(_kind(document, one) for one in found[several]))
    if "const" in found or "enum" in found:
        return "one of " + ", ".join(json.dumps(one) for one in found.get("enum", [found.get("const")]))
    if "items" in found:
        return f"list of {_kind(document, found['items'])}"
    if found.get("properties"):
        return str(found.get("title", "object"))
    kind = str(found.get("format", found.get("type", "anything")))
    return kind + (f", at most {found['maxLength']} characters" if "maxLength" in found else "")


def _resolved(document: Schema, schema: Schema) -> Schema:
    """`schema`, or what it refers to; an optional thing is as the thing itself."""
    found = schema
    while True:
        if "$ref" in found:
            found = document["components"]["schemas"][found["$ref"].rpartition("/")[2]]
            continue
        choices = [one for one in found.get("anyOf", ()) if one.get("type") != "null"]
        if len(choices) != 1:
            return found
        found = choices[0]


def _row(*cells: str) -> str:
    return "<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in cells) + "</tr>"
