"""The operators' site: everything can be looked at, and what can be changed is changed by the services.

Only what is registered here is on it. One signs in by the page for everybody, with its limits.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar, TypeVar

from allauth.account.decorators import secure_admin_login
from django import forms
from django.contrib import admin, messages
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone

from apps.accounts import service as accounts
from apps.accounts.models import User
from apps.audit.models import Event
from apps.core.actor import Actor
from apps.core.errors import BoltkeysError
from apps.dashboard.access import actor_of
from apps.dashboard.forms import clean_by
from apps.keys import rules, summary
from apps.keys import service as keys
from apps.keys.models import Key
from apps.keys.users import delete_user
from apps.projects import service as projects
from apps.projects.models import Membership, Project

M = TypeVar("M", bound=Model)


class OperatorSite(admin.AdminSite):
    site_header = "boltkeys: operators"
    site_title = "boltkeys"
    index_title = "This installation"

    def login(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> Any:
        return secure_admin_login(super().login)(request)

    def password_change(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> Any:
        return redirect("account_change_password")


class ReadOnlyAdmin(admin.ModelAdmin[M]):
    """Rows to look at. An action needs the permission to change the model."""

    list_per_page = 50
    show_full_result_count = False

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_operate_permission(self, request: HttpRequest) -> bool:
        return super().has_change_permission(request)

    def each(self, request: HttpRequest, rows: QuerySet[M], act: Callable[[Actor, M], object], done: str) -> None:
        """Does `act` to each row, and says how many it was done to and what was refused."""
        actor, changed = operator(request), 0
        for row in rows:
            try:
                act(actor, row)
                changed += 1
            except BoltkeysError as error:
                self.message_user(request, f"{row}: {error.detail}", messages.ERROR)
        self.message_user(request, f"{done}: {changed}", messages.SUCCESS if changed else messages.INFO)


class UserAdmin(ReadOnlyAdmin[User]):
    list_display = ("email", "name", "is_active", "is_staff", "last_login", "created_at")
    list_filter = ("is_active", "is_staff")
    search_fields = ("email", "name")
    fields = ("id", "email", "name", "is_active", "is_staff", "is_superuser", "last_login", "created_at")
    actions = ("disable", "enable", "delete")

    def get_queryset(self, request: HttpRequest) -> QuerySet[User]:
        """Without the rows that are left of who was deleted: there is nothing to be done about them."""
        return super().get_queryset(request).filter(deleted_at=None)

    @admin.action(description="Disable: sign out, refuse their keys", permissions=["operate"])
    def disable(self, request: HttpRequest, users: QuerySet[User]) -> None:
        others = users.exclude(email=request.user.get_username())
        self.each(request, others, lambda actor, user: accounts.disable_user(actor=actor, user=user), "Disabled")

    @admin.action(description="Enable again", permissions=["operate"])
    def enable(self, request: HttpRequest, users: QuerySet[User]) -> None:
        self.each(request, users, lambda actor, user: accounts.enable_user(actor=actor, user=user), "Enabled")

    @admin.action(description="Delete: end their keys, take them out of all projects", permissions=["operate"])
    def delete(self, request: HttpRequest, users: QuerySet[User]) -> HttpResponse | None:
        others = users.exclude(email=request.user.get_username())
        if "sure" not in request.POST:
            return self._ask(request, others)
        self.each(request, others, lambda actor, user: delete_user(actor=actor, user=user), "Deleted")
        return None

    def _ask(self, request: HttpRequest, users: QuerySet[User]) -> HttpResponse:
        """What stops working, and the button that does it: nothing brings it back."""
        now = timezone.now()
        rows = [(user, summary.of_owner(user, None, now), user.memberships.count()) for user in users]
        context = {**site.each_context(request), "title": "Delete users", "rows": rows}
        return render(request, "operator/delete_users.html", context)


class MembershipInline(admin.TabularInline[Membership, Project]):
    model = Membership
    fields = readonly_fields = ("user", "role", "created_at")
    can_delete = False

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class ProjectAdmin(ReadOnlyAdmin[Project]):
    list_display = ("name", "slug", "catalogue", "environment", "suspended_at", "created_at")
    list_filter = ("catalogue", "environment")
    search_fields = ("name", "slug", "id")
    fields = ("id", "name", "slug", "catalogue", "environment", "suspended_at", "created_at")
    inlines = (MembershipInline,)
    actions = ("suspend", "resume")

    @admin.action(description="Suspend: refuse all keys", permissions=["operate"])
    def suspend(self, request: HttpRequest, rows: QuerySet[Project]) -> None:
        self.each(request, rows, lambda actor, row: projects.suspend_project(actor=actor, project=row), "Suspended")

    @admin.action(description="Resume", permissions=["operate"])
    def resume(self, request: HttpRequest, rows: QuerySet[Project]) -> None:
        self.each(request, rows, lambda actor, row: projects.resume_project(actor=actor, project=row), "Resumed")


class RateLimitForm(forms.ModelForm[Key]):
    class Meta:
        model = Key
        fields = ("rate_limit",)

    def clean_rate_limit(self) -> int:
        return clean_by(rules.check_rate_limit, self.cleaned_data["rate_limit"])


class KeyAdmin(ReadOnlyAdmin[Key]):
    """The rate limit is the one thing about a key that an operator changes here."""

    form = RateLimitForm
    list_display = ("name", "id", "mask", "project", "owner", "rate_limit", "created_at", "expires_at", "revoked_at")
    list_filter = ("environment",)
    list_select_related = ("project", "owner")
    search_fields = ("name", "id", "mask", "project__slug", "owner__email")
    readonly_fields = (
        *("id", "name", "mask", "project", "owner", "environment", "unrestricted", "granted", "allowed_ips"),
        *("created_at", "created_by", "expires_at", "revoked_at", "revoked_by", "revoke_reason", "deleted_at"),
    )
    fields = ("rate_limit", *readonly_fields)

    @admin.display(description="permissions")
    def granted(self, key: Key) -> str:
        return ", ".join(key.scopes) or ("all" if key.unrestricted else "none")

    def has_change_permission(self, request: HttpRequest, obj: Key | None = None) -> bool:
        has_ended = obj is not None and (obj.revoked_at or obj.deleted_at)
        return not has_ended and self.has_operate_permission(request)

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> Any:
        """Without the transaction that Django puts around it: the service has its own, which must be the outermost."""
        return self._changeform_view(request, object_id, form_url, extra_context)  # type: ignore[attr-defined]

    def save_model(self, request: HttpRequest, obj: Key, form: Any, change: bool) -> None:
        try:
            keys.set_rate_limit(actor=operator(request), key=Key.objects.get(pk=obj.pk), limit=obj.rate_limit)
        except BoltkeysError as error:
            self.message_user(request, error.detail, messages.ERROR)


class EventAdmin(ReadOnlyAdmin[Event]):
    list_display = ("at", "type", "actor_label", "target_label", "project_id", "ip")
    list_filter = ("type",)
    search_fields = ("actor_label", "target_label", "target_id", "project_id", "request_id")
    fields: ClassVar[Any] = [field.name for field in Event._meta.fields]


def operator(request: HttpRequest) -> Actor:
    """Who works on the site: it lets nobody in who is not a signed-in user."""
    user = request.user
    if not isinstance(user, User):
        raise TypeError(user)
    return actor_of(request, user)


site = OperatorSite(name="admin")
site.register(User, UserAdmin)
site.register(Project, ProjectAdmin)
site.register(Key, KeyAdmin)
site.register(Event, EventAdmin)
