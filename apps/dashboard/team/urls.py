"""The pages about people, below /projects/<slug>/team/."""

from django.urls import path, register_converter

from apps.dashboard.team import grants, members, page
from apps.dashboard.team import invitations as invited


class MemberIdConverter:
    """The ID of a membership and nothing else."""

    regex = "mem_[0-9A-Za-z]{22}"

    def to_python(self, value: str) -> str:
        return value

    def to_url(self, value: str) -> str:
        return value


class InvitationIdConverter(MemberIdConverter):
    """The ID of an invitation and nothing else."""

    regex = "inv_[0-9A-Za-z]{22}"


register_converter(MemberIdConverter, "member_id")
register_converter(InvitationIdConverter, "invitation_id")

urlpatterns = [
    path("projects/<slug:slug>/team/", page.team, name="team"),
    path("projects/<slug:slug>/team/invite/", invited.invite, name="team_invite"),
    path("projects/<slug:slug>/team/<member_id:member_id>/role/", members.role, name="member_role"),
    path("projects/<slug:slug>/team/<member_id:member_id>/grants/", grants.grants, name="member_grants"),
    path("projects/<slug:slug>/team/<member_id:member_id>/remove/", members.remove, name="member_remove"),
    path(
        "projects/<slug:slug>/team/invitations/<invitation_id:invitation_id>/grants/",
        grants.invited,
        name="invitation_grants",
    ),
    path(
        "projects/<slug:slug>/team/invitations/<invitation_id:invitation_id>/withdraw/",
        invited.withdraw,
        name="invitation_withdraw",
    ),
]
