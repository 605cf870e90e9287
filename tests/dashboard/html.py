"""Pages as their readers find them: tables by their columns, controls by their names."""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any

VOID = {"meta", "link", "input", "br", "hr", "img", "line", "rect", "path", "circle"}


@dataclass
class Element:
    tag: str
    attributes: dict[str, str]
    children: list[Element | str] = field(default_factory=list)

    @property
    def text(self) -> str:
        """All text inside, with single spaces."""
        return " ".join("".join(self._texts()).split())

    def _texts(self) -> list[str]:
        return [text for child in self.children for text in ([child] if isinstance(child, str) else child._texts())]

    def all(self, tag: str, **attributes: str) -> list[Element]:
        """The elements inside with this tag and these attributes (`name_` for `name`)."""
        wanted = {name.rstrip("_").replace("_", "-"): value for name, value in attributes.items()}
        found = []
        for child in self.children:
            if isinstance(child, Element):
                if child.tag == tag and wanted.items() <= child.attributes.items():
                    found.append(child)
                found += child.all(tag, **attributes)
        return found

    def one(self, tag: str, **attributes: str) -> Element:
        found = self.all(tag, **attributes)
        assert len(found) == 1, f"{len(found)} of <{tag}> {attributes}"
        return found[0]

    def rows(self) -> list[dict[str, str]]:
        """The body of the first table, each row by its columns' names."""
        table = self.all("table")[0]
        head = [cell.text for cell in _cells(table.all("tr")[0])]
        return [dict(zip(head, [c.text for c in _cells(row)], strict=True)) for row in table.one("tbody").all("tr")]

    def hidden(self) -> list[tuple[str, str]]:
        """Names and values of the hidden inputs, but for the CSRF token."""
        inputs = [i.attributes for i in self.all("input", type="hidden")]
        return [(i["name"], i["value"]) for i in inputs if i["name"] != "csrfmiddlewaretoken"]

    def alerts(self) -> list[str]:
        return [e.text for tag in ("div", "p") for e in self.all(tag, role="alert")]


def _cells(row: Element) -> list[Element]:
    return [child for child in row.children if isinstance(child, Element) and child.tag in {"td", "th"}]


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.open = [Element("", {})]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        element = Element(tag, {name: value or "" for name, value in attrs})
        self.open[-1].children.append(element)
        if tag not in VOID:
            self.open.append(element)

    def handle_endtag(self, tag: str) -> None:
        if tag not in VOID:
            assert self.open.pop().tag == tag

    def handle_data(self, data: str) -> None:
        self.open[-1].children.append(data)


def read(response: Any) -> Element:
    """The page of a response. Fails when tags do not match."""
    reader = _Reader()
    reader.feed(response.content.decode())
    assert len(reader.open) == 1, f"<{reader.open[-1].tag}> is not closed"
    return reader.open[0]
