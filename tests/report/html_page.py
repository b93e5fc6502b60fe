"""Reads a page as a browser would, strictly: what tests of reports ask about it."""

from html.parser import HTMLParser

VOID = {"meta", "img", "br", "link", "input", "hr"}
LOADING = {"src", "href", "xlink:href", "data", "action", "srcset", "poster"}


class Page(HTMLParser):
    """Elements and text of a page; an element that is not closed in order is an assertion error."""

    def __init__(self, source: str) -> None:
        super().__init__()
        self.source = source
        self.open: list[str] = []
        self.elements: list[tuple[str, dict[str, str]]] = []
        self.text = ""
        self.feed(source)
        self.close()
        assert not self.open, f"never closed: {self.open}"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, {name: value or "" for name, value in attrs}))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, {name: value or "" for name, value in attrs}))

    def handle_endtag(self, tag: str) -> None:
        assert self.open, f"</{tag}> closes nothing"
        assert self.open.pop() == tag, f"</{tag}> is out of order"

    def handle_data(self, data: str) -> None:
        if "style" not in self.open:
            self.text += data

    def tags(self) -> set[str]:
        return {tag for tag, _ in self.elements}

    def values(self, *names: str) -> list[str]:
        return [value for _, attributes in self.elements for name, value in attributes.items() if name in names]


def check_self_contained(page: Page) -> None:
    """Nothing is loaded, nothing runs, ids are unique, every picture is described."""
    own = ("#", "data:image/png;base64,", "data:image/jpeg;base64,")
    assert all(value.startswith(own) for value in page.values(*LOADING))
    assert "@import" not in page.source
    assert "url(http" not in page.source
    assert not page.tags() & {"script", "link", "iframe", "object", "embed", "form"}
    assert not [name for _, attributes in page.elements for name in attributes if name.startswith("on")]
    identities = page.values("id")
    assert len(identities) == len(set(identities))
    described = [attributes for tag, attributes in page.elements if tag == "img"]
    assert all(attributes.get("alt") for attributes in described)


def check_adaptive(page: Page) -> None:
    """Light and dark, narrow and wide, printed."""
    for rule in ("prefers-color-scheme: dark", "max-width: 40rem", "@media print"):
        assert rule in page.source
    assert 'name="viewport"' in page.source
