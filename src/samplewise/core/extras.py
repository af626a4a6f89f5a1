"""What is optional: which extra installs which package, and placeholders for names whose package is not installed.

A room can be imported, listed and documented without the packages of its extras. Using what needs them is an
`InputError` that names the extra.
"""

import sys
from collections.abc import Callable, Iterable, Mapping
from importlib import import_module
from importlib.util import find_spec
from types import ModuleType
from typing import Any, NoReturn

import lazy_loader

from samplewise.core.errors import InputError

# Importable name: (extra in pyproject.toml, name under which people know the package).
EXTRAS = {
    "torch": ("torch", "PyTorch"),
    "safetensors": ("torch", "safetensors"),
    "PIL": ("images", "Pillow"),
    "pyarrow": ("parquet", "pyarrow"),
    "openpyxl": ("tables", "openpyxl"),
    "faiss": ("large", "faiss"),
    "ot": ("ot", "POT"),
    "starlette": ("review", "Starlette"),
    "uvicorn": ("review", "uvicorn"),
    "ray": ("ray", "Ray"),
    "datasets": ("hf", "datasets"),
    "transformers": ("hf", "transformers"),
}
Attached = tuple[Callable[[str], Any], Callable[[], list[str]], list[str]]


def missing_extra(package: str, what: str, *, where: str = "", instead: str = "") -> InputError:
    """The error for a package of an extra that is not installed.

    Args:
        package: the importable name, a key of `EXTRAS`.   what: what needs it, in the singular.
        where: as in `InputError`.   instead: what may be done without the package.
    """
    extra, known_as = EXTRAS[package]
    fix = f'pip install "samplewise[{extra}]"' + (f", or {instead}" if instead else "")
    return InputError(f"{what} needs {known_as}", where=where, got=f"{known_as} is not installed", fix=fix)


def is_installed(package: str) -> bool:
    """Whether a package can be found, without loading it."""
    if package in sys.modules:  # reading the spec of a lazy module would load it
        return sys.modules[package] is not None
    try:
        return find_spec(package) is not None
    except ModuleNotFoundError:  # an import hook that refuses it
        return False


def require_extra(package: str, what: str, *, where: str = "", instead: str = "") -> None:
    """Refuse, in the words of `missing_extra`, to go on without a package."""
    if not is_installed(package):
        raise missing_extra(package, what, where=where, instead=instead)


def load(package: str, what: str) -> Any:
    """The module of an extra, loaded on first use; where it is not installed, using it is an `InputError`."""
    return lazy_loader.load(package) if is_installed(package) else _AbsentModule(package, what)


def attach(
    package_name: str, submodules: Iterable[str] = (), submod_attrs: Mapping[str, Iterable[str]] | None = None,
    from_packages: Mapping[str, Iterable[str]] | None = None,
) -> Attached:  # fmt: skip
    """`__getattr__`, `__dir__` and `__all__` of a package whose public names resolve on first use.

    As `lazy_loader.attach`, and `from_packages` maps a package outside this one to the names it gives. A name whose
    module cannot be imported because the package of an extra is not installed resolves to a placeholder; any other
    import error is let through. Placeholders are not kept: once the package has been installed, the name resolves.
    """
    listed = {module: list(names) for module, names in (submod_attrs or {}).items()}
    origin = {name: package for package, names in (from_packages or {}).items() for name in names}
    resolved, _, own = lazy_loader.attach(package_name, submodules=set(submodules), submod_attrs=listed)
    public = sorted({*own, *origin})
    placeholders: dict[str, Any] = {}

    def resolve(name: str) -> Any:
        try:
            if name not in origin:
                return resolved(name)
            given = getattr(import_module(origin[name]), name)
            absent = getattr(given, "_absent", "")
            return placeholders.setdefault(name, _placeholder(name, package_name, absent)) if absent else given
        except ModuleNotFoundError as fault:
            if fault.name not in EXTRAS or is_installed(fault.name):
                raise
            return placeholders.setdefault(name, _placeholder(name, package_name, fault.name))

    return resolve, public.copy, public


def _placeholder(name: str, package_name: str, absent: str) -> Any:
    """A class for the name of a class, else a function: documented, and an `InputError` when it is used."""
    error = missing_extra(absent, f"{package_name}.{name}")
    documented = {"__doc__": f"Not available: {error.what}, which is not installed.\n\nTo have it: {error.fix}"}
    if name[:1].isupper():
        return _AbsentClass(name, (), documented | {"__module__": package_name, "_absent": absent})

    def unavailable(*_: Any, **__: Any) -> NoReturn:
        raise missing_extra(absent, f"{package_name}.{name}")

    unavailable.__name__ = unavailable.__qualname__ = name
    unavailable.__module__, unavailable.__doc__ = package_name, documented["__doc__"]
    vars(unavailable)["_absent"] = absent
    return unavailable


class _AbsentClass(type):
    """The type of placeholders of classes: no object is an instance of one, and none can be made, extended or read."""

    _absent: str

    def __new__(cls, name: str, bases: tuple[type, ...], members: dict[str, Any]) -> "_AbsentClass":
        """A placeholder; with a base, it is the base that is used."""
        for base in bases:
            if isinstance(base, _AbsentClass):
                raise base._error()
        return super().__new__(cls, name, bases, members)

    def __call__(cls, *_: Any, **__: Any) -> NoReturn:
        raise cls._error()

    def __getattr__(cls, name: str) -> NoReturn:
        """Public names are uses too (`CoTeaching.for_noise`); Python itself reads the others."""
        raise AttributeError(name) if name.startswith("_") else cls._error()

    def _error(cls) -> InputError:
        return missing_extra(cls._absent, f"{cls.__module__}.{cls.__name__}")


class _AbsentModule(ModuleType):
    """A module that is not installed: reading anything from it is an `InputError`."""

    def __init__(self, package: str, what: str) -> None:
        super().__init__(package, f"Not installed: {EXTRAS[package][1]}.")
        self._what = what

    def __getattr__(self, name: str) -> NoReturn:
        if name.startswith("__"):
            raise AttributeError(name)
        raise missing_extra(self.__name__, self._what)
