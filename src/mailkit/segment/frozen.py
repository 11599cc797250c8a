"""How the classes of the tree are made: as attrs would, in a tenth of the time that takes to import.

attrs writes and compiles a constructor and half a dozen methods for each class. The tree has
some forty classes, of which a program builds a handful of values each, so here all of them
share methods that look up the fields when called (see docs/decisions/0019-import-time.md).
`attrs.fields`, `attrs.evolve` and `attrs.asdict` work on these classes, too.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, NoReturn, TypeVar, dataclass_transform

__all__ = ["Attribute", "attributes", "evolve", "field", "frozen"]

T = TypeVar("T")
_NOTHING: Final = object()


class Attribute:
    """What is known of a field, under the names that attrs gives it."""

    __slots__ = ("alias", "converter", "default", "eq", "factory", "init", "name", "repr", "validator")

    def __init__(
        self,
        default: Any,
        factory: Callable[[], Any] | None,
        converter: Callable[[Any], Any] | None,
        validator: Callable[[Any, Any, Any], None] | None,
        init: bool,
        repr: bool,  # noqa: A002 - so attrs calls it
        eq: bool | Callable[[Any], Any],
    ) -> None:
        self.name = self.alias = ""
        self.default, self.factory, self.converter, self.validator = default, factory, converter, validator
        self.init, self.repr, self.eq = init, repr, eq


def field(
    *,
    default: Any = _NOTHING,
    factory: Callable[[], Any] | None = None,
    converter: Callable[[Any], Any] | None = None,
    validator: Callable[[Any, Any, Any], None] | None = None,
    init: bool = True,
    repr: bool = True,  # noqa: A002 - so attrs calls it
    eq: bool | Callable[[Any], Any] = True,
) -> Any:
    """A field of a frozen class; arguments are those of `attrs.field`."""
    return Attribute(default, factory, converter, validator, init, repr, eq)


@dataclass_transform(frozen_default=True, kw_only_default=True, field_specifiers=(field,))
def frozen(cls: type[T]) -> type[T]:
    """Make a class's instances values: built by keywords, compared and hashed by content, never changed."""
    body = {name: value for name, value in cls.__dict__.items() if name not in ("__dict__", "__weakref__")}
    own = []
    for name in cls.__annotations__:
        given = body.pop(name, _NOTHING)
        attribute = given if isinstance(given, Attribute) else field(default=given)
        attribute.name = attribute.alias = name
        own.append(attribute)
    body["__slots__"] = tuple(attribute.name for attribute in own)
    inherited: tuple[Attribute, ...] | None = getattr(cls, "__attrs_attrs__", None)
    if inherited is None:
        body = {**_METHODS, **body}
        body["__slots__"] += ("__weakref__",)
    body["__attrs_attrs__"] = (*(inherited or ()), *own)
    made: type[T] = type(cls)(cls.__name__, cls.__bases__, body)  # type: ignore[misc]  # slots need a new class
    return made


def attributes(value: object) -> tuple[Attribute, ...]:
    """The fields of a value of a frozen class, in the order written, those of the class above it first."""
    found: tuple[Attribute, ...] = type(value).__attrs_attrs__  # type: ignore[attr-defined]  # of a frozen class
    return found


def evolve(value: T, /, **changes: Any) -> T:
    """A value of the same class with some fields changed."""
    same = {one.name: getattr(value, one.name) for one in attributes(value) if one.init}
    return type(value)(**{**same, **changes})


def _init(self: Any, /, **given: Any) -> None:
    put, known = object.__setattr__, attributes(self)
    for attribute in known:
        if attribute.init and attribute.name in given:
            value = given.pop(attribute.name)
        elif attribute.factory is not None:
            value = attribute.factory()
        elif attribute.default is not _NOTHING:
            value = attribute.default
        else:
            _misused(self, given, attribute.name)
        put(self, attribute.name, value if attribute.converter is None else attribute.converter(value))
    if given:
        _misused(self, given, "")
    for attribute in known:
        if attribute.validator is not None:
            attribute.validator(self, attribute, getattr(self, attribute.name))
    self._check()
    self.__post_init__()


def _misused(self: Any, given: dict[str, Any], missing: str) -> NoReturn:
    from mailkit.errors import did_you_mean

    known = [attribute.name for attribute in attributes(self) if attribute.init]
    name = type(self).__name__
    for other in given:
        if other not in known:
            mend = did_you_mean(other, known) or f"; there are {', '.join(known) or 'none'}"
            raise TypeError(f"{name}() has no argument {other!r}{mend}")
    raise TypeError(f"{name}() needs the argument {missing!r}")


def _nothing(self: Any) -> None:
    pass


def _content(self: Any) -> tuple[Any, ...]:
    return tuple(
        getattr(self, attribute.name) if attribute.eq is True else attribute.eq(getattr(self, attribute.name))
        for attribute in attributes(self)
        if attribute.eq
    )


def _eq(self: object, other: object) -> Any:
    if type(other) is not type(self):
        return NotImplemented
    return self is other or _content(self) == _content(other)


def _hash(self: Any) -> int:
    return hash((type(self), _content(self)))


def _repr(self: Any) -> str:
    shown = (f"{a.name}={getattr(self, a.name)!r}" for a in attributes(self) if a.repr)
    return f"{type(self).__qualname__}({', '.join(shown)})"


def _refuse(self: Any, name: str, value: object = None) -> NoReturn:
    from attrs.exceptions import FrozenInstanceError

    raise FrozenInstanceError


def _getstate(self: Any) -> dict[str, Any]:
    return {attribute.name: getattr(self, attribute.name) for attribute in attributes(self)}


def _setstate(self: Any, state: dict[str, Any]) -> None:
    for name, value in state.items():
        object.__setattr__(self, name, value)


class _Signature:
    """What `help` and the reference show; worked out when asked for, as it takes a module of its own."""

    def __get__(self, instance: object, owner: type) -> Any:
        from inspect import Parameter, Signature

        known: tuple[Attribute, ...] = owner.__attrs_attrs__  # type: ignore[attr-defined]  # of a frozen class
        annotations = {
            name: kind for cls in owner.__mro__ for name, kind in vars(cls).get("__annotations__", {}).items()
        }
        parameters = []
        for one in known:
            default = one.default if one.factory is None else one.factory()
            default = Parameter.empty if default is _NOTHING else default
            if one.init:
                kind, note = Parameter.KEYWORD_ONLY, annotations[one.name]
                parameters.append(Parameter(one.name, kind, default=default, annotation=note))
        return Signature(parameters)


_METHODS: Final[dict[str, Any]] = {
    "__init__": _init,
    "__post_init__": _nothing,
    "_check": _nothing,
    "__eq__": _eq,
    "__hash__": _hash,
    "__repr__": _repr,
    "__setattr__": _refuse,
    "__delattr__": _refuse,
    "__getstate__": _getstate,
    "__setstate__": _setstate,
    "__signature__": _Signature(),
}
