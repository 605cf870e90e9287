"""How a method of a view is described: by a function with `@describes`, which is given where the view stands."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from inspect import cleandoc
from typing import Any

from apps.core.catalogue import Catalogue
from apps.core.fields import Field
from apps.core.resources import Resource

Schema = dict[str, Any]


@dataclass(frozen=True, slots=True)
class At:
    """Where an operation stands: in a catalogue, and, if it is about records, at a resource with these fields.

    `operation` is what the catalogue calls it, where the HTTP method does not tell. `prefix` is what the component
    schemas of the resource begin with (`Lead`).
    """

    catalogue: Catalogue
    entry: Resource | None = None
    fields: tuple[Field, ...] = ()
    operation: str = ""
    prefix: str = ""

    @property
    def resource(self) -> Resource:
        if self.entry is None:
            raise LookupError("The operation is not about a resource.")
        return self.entry

    @property
    def thing(self) -> str:
        """A record of the resource, as people say it: `knowledge base`."""
        return self.resource.singular.replace("_", " ")


@dataclass(frozen=True, slots=True)
class Answer:
    """What a success is answered with; no `schema`, no body. `location`: the header names what was made."""

    schema: Schema | None = None
    description: str = "Done."
    location: bool = False


@dataclass(frozen=True, slots=True)
class Operation:
    """`codes`: of problems that it can be answered with, beside those of every operation of its kind.

    `id` and `summary` are the name of the describing function and the first line of its docstring unless given.
    """

    answers: Mapping[int, Answer]
    body: Schema | None = None
    is_body_needed: bool = True
    query: Sequence[Schema] = ()
    codes: Sequence[str] = ()
    example: Any = None
    id: str = ""
    summary: str = ""
    description: str = ""


Describe = Callable[[At], Operation]


@dataclass(frozen=True, slots=True)
class Description:
    make: Describe
    id: str
    text: str

    def at(self, at: At) -> Operation:
        """The operation with its name, its summary and what else is to be said of it."""
        made = self.make(at)
        summary, _, rest = self.text.partition("\n")
        return Operation(
            **{
                **{name: getattr(made, name) for name in Operation.__slots__},
                "id": made.id or self.id,
                "summary": (made.summary or summary).rstrip("."),
                "description": made.description or " ".join(rest.split()),
            }
        )


@dataclass(slots=True)
class Registry:
    """All descriptions, by the name of the view's class and the method."""

    by_method: dict[tuple[str, str], Description] = field(default_factory=dict)

    def find(self, view: str, method: str) -> Description | None:
        return self.by_method.get((view, method))


REGISTRY = Registry()


def describes(view: type[Any] | str, method: str) -> Callable[[Describe], Describe]:
    """Registers the description of a view's method. A path that no view of Django serves has a name in its place."""
    name = view if isinstance(view, str) else view.__name__

    def register(make: Describe) -> Describe:
        if (name, method) in REGISTRY.by_method:
            raise TypeError(f"{name} {method} is described twice.")
        REGISTRY.by_method[name, method] = Description(make, make.__name__, cleandoc(make.__doc__ or ""))
        return make

    return register


def ref(name: str) -> Schema:
    return {"$ref": f"#/components/schemas/{name}"}


def returns(schema: Schema, description: str, status: int = 200) -> Mapping[int, Answer]:
    """The one success that an operation has; of a 201 with its `Location`."""
    return {status: Answer(schema, description, location=status == 201)}


NOTHING: Mapping[int, Answer] = {204: Answer(None, "Done. There is nothing more to say.")}
