"""The form of an endpoint: where to, and which events."""

from __future__ import annotations

from dataclasses import dataclass

from django import forms

from apps.core.catalogue import Catalogue
from apps.webhooks import events


@dataclass(frozen=True, slots=True)
class Choice:
    """One event as a checkbox. `label` is its accessible name: `Leads: created`; `verb` what is seen of it."""

    name: str
    verb: str
    label: str
    description: str
    is_chosen: bool


@dataclass(frozen=True, slots=True)
class Group:
    label: str
    choices: list[Choice]


class EndpointForm(forms.Form):
    """Everything but the kind of the values is judged by the service, which the API calls too."""

    use_required_attribute = False

    url = forms.CharField(
        label="URL",
        required=False,
        help_text="https, and reachable from the public Internet. Events are sent there by POST.",
        widget=forms.URLInput(attrs={"autocomplete": "off", "placeholder": "https://example.com/webhooks"}),
    )
    events = forms.MultipleChoiceField(
        label="Events",
        required=False,
        error_messages={"invalid_choice": "There is no event “%(value)s” in this project."},
    )

    def __init__(self, catalogue: Catalogue, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        self._offered = events.offered(catalogue)
        field = self.fields["events"]
        if isinstance(field, forms.MultipleChoiceField):
            field.choices = [(name, name) for _, group in self._offered for name in group]

    def groups(self) -> list[Group]:
        """For the template: the records' events by resource, those of keys at the end."""
        chosen = set(self["events"].value() or [])
        return [
            Group(label, [_choice(label, name, said, name in chosen) for name, said in group.items()])
            for label, group in self._offered
        ]


def _choice(label: str, name: str, description: str, is_chosen: bool) -> Choice:
    verb = name.partition(".")[2].replace("_", " ")
    return Choice(name, verb, f"{label}: {verb}", description, is_chosen)
