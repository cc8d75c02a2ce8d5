"""Message catalogues: which texts the code and templates hold, per slice, and whether all are translated."""

import io
from collections.abc import Collection, Iterator
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_file
from babel.messages.pofile import read_po, write_po

from cishan.plumbing.i18n import LOCALES
from cishan.settings import ROOT

TARGET = LOCALES / "zh_CN" / "LC_MESSAGES"
KEYWORDS = {"_": None, "N_": None, "gettext": None, "ngettext": (1, 2)}
CORE_CODE = ("kernel", "plumbing", "gateways", "portal", "main.py")
CORE_TEMPLATES = ("layout", "errors", "core")
HEADER = b"""msgid ""
msgstr ""
"Content-Type: text/plain; charset=utf-8\\n"
"Plural-Forms: nplurals=1; plural=0;\\n"

"""
JINJA_OPTIONS = {
    "trimmed": "true",
    "silent": "false",
    "newstyle_gettext": "true",
    "extensions": "jinja2.ext.do",
}


def slices() -> list[str]:
    """Return the names of all catalogues: core, and one per slice that has texts."""
    code = {p.name for p in (ROOT / "src" / "cishan").iterdir() if p.is_dir() and p.name[0] not in "._"}
    return ["core", *sorted(code - set(CORE_CODE))]


def wanted(slice_name: str) -> Catalog:
    """Return the texts that stand in the code and templates of a slice today."""
    catalog = Catalog(locale="zh_CN", domain=slice_name, charset="utf-8", fuzzy=False)
    for path in _sources(slice_name):
        method = "python" if path.suffix == ".py" else "jinja2.ext:babel_extract"
        options = {} if path.suffix == ".py" else JINJA_OPTIONS
        for _, message, comments, context in extract_from_file(
            method, path, keywords=KEYWORDS, comment_tags=("L10N:",), options=options
        ):
            where = [(path.relative_to(ROOT).as_posix(), None)]
            catalog.add(message, None, where, auto_comments=comments, context=context)  # type: ignore[arg-type]
    return catalog


def _sources(slice_name: str) -> Iterator[Path]:
    source, templates = ROOT / "src" / "cishan", ROOT / "frontend" / "templates"
    if slice_name == "core":
        folders = [source / name for name in CORE_CODE] + [templates / name for name in CORE_TEMPLATES]
        folders.append(ROOT / "frontend" / "components")
    else:
        folders = [source / slice_name, templates / slice_name]
    for folder in folders:
        if folder.is_file():
            yield folder
        for pattern in ("**/*.py", "**/*.html", "**/*.txt", "**/*.typ.j2"):
            yield from sorted(folder.glob(pattern))


def files(slice_name: str) -> list[Path]:
    """Return the files of a catalogue: `warehouse.po`, and `warehouse_kits.po` where parts have their own."""
    return [TARGET / f"{slice_name}.po", *sorted(TARGET.glob(f"{slice_name}_*.po"))]


def present(slice_name: str) -> Catalog:
    """Return the catalogue as it stands on disk, of all its files."""
    whole = Catalog(locale="zh_CN", domain=slice_name, charset="utf-8", fuzzy=False)
    for path in files(slice_name):
        for message in _read(path):
            if message.id:
                whole[message.id] = message
    return whole


def _read(path: Path) -> Catalog:
    if not path.exists():
        return Catalog(locale="zh_CN", charset="utf-8", fuzzy=False)
    with path.open("rb") as file:
        return read_po(file, locale="zh_CN")


def update() -> list[str]:
    """Write every catalogue anew, keeping translations; return what still lacks one.

    A text stays in the files in which it is; a new one goes to the slice's own.
    """
    for name in slices():
        new = wanted(name)
        own, *parts = files(name)
        elsewhere: set[object] = set()
        for path in parts:
            held = {message.id for message in _read(path) if message.id}
            _write(path, _only(new, held))
            elsewhere |= held
        mine = {message.id for message in _read(own) if message.id}
        _write(own, _only(new, {m.id for m in new if m.id and (m.id in mine or m.id not in elsewhere)}))
    return check()


def _only(catalog: Catalog, ids: Collection[object]) -> Catalog:
    """Return a catalogue with some of the messages of another."""
    part = Catalog(locale="zh_CN", charset="utf-8", fuzzy=False)
    for message in catalog:
        if message.id and message.id in ids:
            part[message.id] = message
    return part


def _write(path: Path, new: Catalog) -> None:
    if len(new) == 0:
        path.unlink(missing_ok=True)
        return
    catalog = _read(path)
    catalog.update(new, no_fuzzy_matching=True)
    catalog.obsolete.clear()
    catalog.fuzzy = False
    buffer = io.BytesIO()
    write_po(buffer, catalog, width=110, omit_header=True, sort_output=True, include_lineno=False)
    TARGET.mkdir(parents=True, exist_ok=True)
    path.write_bytes(HEADER + buffer.getvalue())


def check() -> list[str]:
    """Return one complaint for each text without translation and each translation without text."""
    complaints = []
    for name in slices():
        new, old = wanted(name), present(name)
        needed = {message.id for message in new if message.id}
        done = {m.id for m in old if m.id and not m.fuzzy and _filled(m.string)}
        complaints += [f"{name}.po lacks: {text!r}" for text in sorted(map(str, needed - done))]
        stale = {m.id for m in old if m.id} - needed
        complaints += [f"{name}.po has what no text uses: {text!r}" for text in sorted(map(str, stale))]
    return complaints + _quarrels()


def _quarrels() -> list[str]:
    """Return one complaint for each text that two catalogues translate differently: only one can be shown."""
    said: dict[str, dict[str, str]] = {}
    for path in (path for name in slices() for path in files(name)):
        for message in _read(path):
            if message.id and _filled(message.string):
                said.setdefault(f"{message.context or ''}{message.id}", {})[path.stem] = str(message.string)
    return [
        f"{', '.join(f'{name}.po' for name in sorted(ways))} differ on {text!r}"
        for text, ways in sorted(said.items())
        if len(set(ways.values())) > 1
    ]


def _filled(string: object) -> bool:
    return all(string) if isinstance(string, tuple | list) else bool(string)
