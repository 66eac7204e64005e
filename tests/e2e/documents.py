"""The Markdown files of the project, as tests read them: fenced blocks, tables, anchors."""
import dataclasses
import re
import textwrap

import harness

MARKDOWN = sorted(path for path in harness.SOURCE.rglob("*.md")
                  if not {"build", "node_modules"} & set(path.relative_to(harness.SOURCE).parts))


def text_of(path):
    return (harness.SOURCE / path).read_text()


def anchors(markdown):
    """As GitHub makes them of headings."""
    found = set()
    for heading in re.findall(r"^#+ (.*)$", markdown, re.MULTILINE):
        plain = re.sub(r"[^\w\- ]", "", heading.lower())
        found.add(plain.strip().replace(" ", "-"))
    return found


@dataclasses.dataclass
class Block:
    """A fenced block."""
    place: str  # "docs/fleet.md:12"
    kind: str  # what stands behind the fence: "sh"
    section: tuple  # the file and the heading above it
    text: str


def blocks():
    """All fenced blocks, in order; those in lists are dedented."""
    for path in MARKDOWN:
        name = path.relative_to(harness.SOURCE)
        heading, fence, lines = "", None, []
        for number, line in enumerate(path.read_text().splitlines(), 1):
            edge = re.fullmatch(r" *```(.*)", line)
            if edge and fence is None:
                fence, lines = (number, edge[1]), []
            elif edge:
                yield Block(f"{name}:{fence[0]}", fence[1], (str(name), heading),
                            textwrap.dedent("\n".join(lines) + "\n"))
                fence = None
            elif fence is not None:
                lines.append(line)
            elif line.startswith("#"):
                heading = line


def tables(markdown):
    """(heading, cells) of each row below a line of dashes."""
    heading, inside = "", False
    for line in markdown.splitlines():
        if line.startswith("#"):
            heading = line.lstrip("# ")
        if not line.startswith("|"):
            inside = False
        elif re.fullmatch(r"[|\-: ]+", line) and "-" in line:
            inside = True
        elif inside:
            yield heading, [cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]]


def code(text):
    """What stands in backquotes."""
    return re.findall(r"`([^`]+)`", text)
