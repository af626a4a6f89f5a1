"""MkDocs hook: adds the generated pages and their navigation, and refuses a site that would fetch anything."""

import re
from pathlib import Path
from typing import Any

from generators import pages
from mkdocs.exceptions import PluginError
from mkdocs.structure.files import File, Files

# What a browser would fetch by itself; links a reader may follow are no such thing.
FETCHED = re.compile(
    r"""<(?:script|img|iframe|link rel="(?:stylesheet|preconnect|icon)")[^>]*(?:src|href)="(https?:[^"]+)"""
)


def on_config(config: Any) -> Any:
    """Fill the sections of the navigation that are drawn from the source."""
    drawn = pages.navigation()
    config.nav = [
        {name: drawn.get(name, entry) for name, entry in item.items()} if isinstance(item, dict) else item
        for item in config.nav
    ]
    return config


def on_files(files: Files, *, config: Any) -> Files:
    """Add the pages nobody writes by hand."""
    for address, text in pages.generated().items():
        files.append(File.generated(config, address, content=text))
    return files


def on_post_build(*, config: Any) -> None:
    """No page may load a script, style, font or picture from elsewhere."""
    for path in Path(config.site_dir).rglob("*.html"):
        fetched = FETCHED.findall(path.read_text(encoding="utf-8"))
        if fetched:
            raise PluginError(f"{path} would fetch {fetched[0]}")
