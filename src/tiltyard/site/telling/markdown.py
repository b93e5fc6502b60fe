"""Markdown of organisers and teams as HTML that the site's policy on content allows."""

from collections.abc import Sequence
from functools import cache

from django.utils.safestring import SafeString
from markdown_it import MarkdownIt
from markdown_it.common.utils import escapeHtml
from markdown_it.renderer import RendererHTML
from markdown_it.token import Token
from markdown_it.utils import EnvType, OptionsDict


def rendered(text: str) -> SafeString:
    """HTML; what is HTML in the text is shown as text, headings begin at the second level."""
    return SafeString(_reader().render(text))


@cache
def _reader() -> MarkdownIt:
    reader = MarkdownIt("commonmark", {"html": False}).enable("table")
    for name in ("heading_open", "heading_close"):
        reader.add_render_rule(name, _lower)
    for name in ("th_open", "td_open"):
        reader.add_render_rule(name, _aligned_by_class)
    reader.add_render_rule("link_open", _outward)
    reader.add_render_rule("image", _picture)
    return reader


def _lower(self: RendererHTML, tokens: Sequence[Token], place: int, options: OptionsDict, env: EnvType) -> str:
    """The page has its own first heading."""
    token = tokens[place]
    token.tag = f"h{min(6, max(2, int(token.tag[1:])))}"
    return self.renderToken(tokens, place, options, env)


def _aligned_by_class(
    self: RendererHTML, tokens: Sequence[Token], place: int, options: OptionsDict, env: EnvType
) -> str:
    """A class where the reader puts a style, which the policy forbids."""
    style = str(tokens[place].attrs.pop("style", ""))
    if style:
        tokens[place].attrSet("class", style.removeprefix("text-align:"))
    return self.renderToken(tokens, place, options, env)


def _outward(self: RendererHTML, tokens: Sequence[Token], place: int, options: OptionsDict, env: EnvType) -> str:
    tokens[place].attrSet("rel", "nofollow noopener")
    return self.renderToken(tokens, place, options, env)


def _picture(self: RendererHTML, tokens: Sequence[Token], place: int, options: OptionsDict, env: EnvType) -> str:
    """Its words, where it is not in the text itself: a browser would ask for an address of the site as its reader."""
    if str(tokens[place].attrs["src"]).startswith("data:"):
        return self.image(tokens, place, options, env)
    return escapeHtml(self.renderInlineAsText(tokens[place].children, options, env))
