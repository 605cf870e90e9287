#!/bin/sh
# May this key read leads? Prints the verdict, or the problem, and fails when it may not.
# KEY=sk_live_… BOLTKEYS_URL=http://127.0.0.1:8000 sh verify.sh leads read
answer=$(
    curl --silent --show-error --max-time 5 --write-out '\n%{http_code}' \
        --header @- --json "{\"resource\": \"$1\", \"action\": \"$2\"}" "$BOLTKEYS_URL/v1/verify" <<HEADERS
Authorization: Bearer $KEY
HEADERS
) || exit
status=${answer##*
}
printf %s "${answer%
*}"
[ "$status" = 200 ] # a redirect is no yes, either
