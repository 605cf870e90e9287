"""Of allauth's pages those that we have, by the names that it knows them by; and the link of an invitation."""

from allauth.account import views as allauth
from django.urls import path, re_path

from apps.dashboard.account import everywhere, invitation, sign_in

urlpatterns = [
    path("accounts/login/", sign_in.SignIn.as_view(), name="account_login"),
    path("accounts/logout/", allauth.logout, name="account_logout"),
    path("accounts/logout/everywhere/", everywhere.sign_out_everywhere, name="account_logout_everywhere"),
    path("accounts/password/change/", allauth.password_change, name="account_change_password"),
    path("accounts/password/reset/", allauth.password_reset, name="account_reset_password"),
    path("accounts/password/reset/done/", allauth.password_reset_done, name="account_reset_password_done"),
    re_path(
        r"^accounts/password/reset/key/(?P<uidb36>[0-9A-Za-z]+)-(?P<key>[0-9A-Za-z-]+)/$",
        allauth.password_reset_from_key,
        name="account_reset_password_from_key",
    ),
    path(
        "accounts/password/reset/key/done/",
        allauth.password_reset_from_key_done,
        name="account_reset_password_from_key_done",
    ),
    path("invitations/<str:token>/", invitation.show, name="invitation"),
    path("invitations/<str:token>/accept/", invitation.accept, name="invitation_accept"),
    path("invitations/<str:token>/join/", invitation.join, name="invitation_join"),
]
