"""Which front-end files are served? Copies them, with their licences, from node_modules to static/vendor."""

import re
import shutil
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
MODULES = ROOT / "node_modules"
FILES = {
    "htmx.org/dist/htmx.min.js": "htmx.js",
    "htmx.org/LICENSE": "htmx.LICENSE",
    "@tabler/core/dist/css/tabler.min.css": "tabler.css",
    "@tabler/core/dist/css/tabler.rtl.min.css": "tabler.rtl.css",
    "@tabler/icons/LICENSE": "icons.LICENSE",
    "uplot/dist/uPlot.iife.min.js": "uplot.js",
    "uplot/dist/uPlot.min.css": "uplot.css",
    "uplot/LICENSE": "uplot.LICENSE",
    "swagger-ui-dist/swagger-ui-bundle.js": "swagger-ui.js",
    "swagger-ui-dist/swagger-ui.css": "swagger-ui.css",
    "swagger-ui-dist/LICENSE": "swagger-ui.LICENSE",
    "swagger-ui-dist/swagger-ui-bundle.js.LICENSE.txt": "swagger-ui.parts.LICENSE",
    "@fontsource-variable/inter/files/inter-latin-wght-normal.woff2": "inter.woff2",
    "@fontsource-variable/inter/LICENSE": "inter.LICENSE",
}
ICONS = (
    "activity adjustments alert-triangle arrow-back-up arrow-left arrow-right ban bell binary-tree bolt book bookmark "
    "box-multiple check chevron-down chevron-right chevron-up circle-check clipboard-list clock columns copy cpu database "
    "device-desktop devices dots download edit external-link eye file-export file-import filter git-branch grid-dots help "
    "history info-circle key layout-dashboard lifebuoy list-details lock logout menu-2 moon network pencil "
    "player-pause player-play plus route router search selector server settings shield-lock stack-2 sun table tags trash "
    "upload user users webhook wifi world x language arrows-split-2 arrows-maximize arrows-minimize"
).split()
SYMBOL = '<symbol id="{}" viewBox="0 0 24 24" fill="none" stroke="currentColor" stroke-width="1.75" '
SYMBOL += 'stroke-linecap="round" stroke-linejoin="round">{}</symbol>'


def sprite() -> str:
    """Return one SVG file with the icons that the pages use."""
    symbols = []
    for name in ICONS:
        text = (MODULES / "@tabler/icons/icons/outline" / f"{name}.svg").read_text()
        body = re.search(r"<svg[^>]*>(.*)</svg>", text, re.DOTALL)
        assert body is not None, name
        shapes = re.sub(r'<path stroke="none" d="M0 0h24v24H0z" fill="none" ?/>', "", body[1])
        symbols.append(SYMBOL.format(name, re.sub(r"\s*\n\s*", "", shapes)))
    return '<svg xmlns="http://www.w3.org/2000/svg">' + "".join(symbols) + "</svg>\n"


def tabler_licence() -> str:
    """Return the notice in Tabler's style sheet with the MIT text, which its package names but does not carry."""
    notice = re.search(r"/\*!(.*?)\*/", (MODULES / "@tabler/core/dist/css/tabler.css").read_text(), re.DOTALL)
    assert notice is not None
    text = (MODULES / "@tabler/icons/LICENSE").read_text()
    return notice[1] + "\n" + text[text.index("Permission is hereby") :]


def main() -> None:
    """Make static/vendor anew."""
    target = ROOT / "static" / "vendor"
    shutil.rmtree(target, ignore_errors=True)
    target.mkdir(parents=True)
    for source, name in FILES.items():
        shutil.copyfile(MODULES / source, target / name)
    (target / "icons.svg").write_text(sprite())
    (target / "tabler.LICENSE").write_text(tabler_licence())


if __name__ == "__main__":
    main()
