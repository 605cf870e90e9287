"""Orders of a shop. Five lines, each marked, let in who has a key for it."""

from typing import Any

from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.api.authentication import ApiKeyAuthentication  # 1
from apps.api.permissions import HasScope  # 2

ORDERS: list[dict[str, Any]] = [{"id": 1, "total": 12.5, "shipped": False}]


class Orders(APIView):
    authentication_classes = (ApiKeyAuthentication,)  # 3
    permission_classes = (HasScope,)  # 4
    resource = "orders"  # 5: GET needs orders:read, POST needs orders:write, as the catalogue says

    def get(self, request: Request) -> Response:
        return Response({"orders": ORDERS, "asked_by": request.user.key.key_id})

    def post(self, request: Request) -> Response:
        ORDERS.append({"id": len(ORDERS) + 1, "total": request.data["total"], "shipped": False})
        return Response(ORDERS[-1], status=201)


class Ship(APIView):
    authentication_classes = (ApiKeyAuthentication,)
    permission_classes = (HasScope,)
    resource = "orders"
    operation = "ship"  # what is more than a method has a name: POST needs orders:ship

    def post(self, request: Request, order_id: int) -> Response:
        order = ORDERS[order_id - 1]
        order["shipped"] = True
        return Response(order)
