"""Reading our own documentation: tables, code, links."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
DOCUMENTS = [ROOT / "README.md", ROOT / "bench" / "README.md", *sorted((ROOT / "docs").glob("*.md"))]

_BLOCK = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"\]\(([^)\s]+)\)")
_TICKED = re.compile(r"`([^`\n]+)`")
_DASHES = re.compile(r"\|[-| ]*-[-| ]*\|")


def text_of(path: Path | str) -> str:
    """A document's text; a name is taken from the root."""
    return (ROOT / path).read_text(encoding="utf-8")


def section(path: Path | str, name: str) -> str:
    """What stands between `<!-- name: begin -->` and `<!-- name: end -->`."""
    found = re.search(rf"<!-- {name}: begin -->\n(.*?)<!-- {name}: end -->", text_of(path), re.DOTALL)
    assert found is not None, f"{path} has no section {name}"
    return found[1]


def rows(path: Path | str, name: str) -> list[list[str]]:
    """The cells of a section's table, without its heading."""
    lines = [line for line in section(path, name).splitlines() if line.startswith("|")]
    dashes = next(number for number, line in enumerate(lines) if _DASHES.fullmatch(line))
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[dashes + 1 :]]


def ticked(text: str) -> list[str]:
    """Everything in backticks outside of code blocks."""
    return _TICKED.findall(prose(text))


def blocks(text: str, language: str) -> list[str]:
    """The code blocks in this language."""
    return [body for found, body in _BLOCK.findall(text) if found == language]


def shell_lines(text: str) -> list[str]:
    """The lines of all shell blocks, continued lines joined."""
    return "\n".join(blocks(text, "sh")).replace("\\\n", " ").splitlines()


def prose(text: str) -> str:
    """Without code blocks."""
    return _BLOCK.sub("", text)


def links(text: str) -> list[str]:
    """Targets of links."""
    return _LINK.findall(prose(text))


def anchors(text: str) -> set[str]:
    """Names that headings go by, as the usual renderers make them."""
    headings = re.findall(r"^#+ (.+)$", prose(text), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}
