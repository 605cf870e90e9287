-- Asks boltkeys whether a request may go on: `http-request lua.boltkeys URL`. Only where it may, the variable
-- `txn.boltkeys` is "allowed" afterwards. URL is that of the gate, with the prefix of the API's paths:
-- http://127.0.0.1:8000/gate/api

local TIMEOUT = 2000 -- milliseconds; HAProxy asks up to four times
local TOLD = { "authorization", "x-api-key", "x-project", "user-agent" }
local IDENTITY = { "x-boltkeys-key-id", "x-boltkeys-project-id", "x-boltkeys-scopes", "x-boltkeys-owner" }
local PROBLEM = "application/problem+json"
local UNAVAILABLE = '{"type": "about:blank", "title": "Temporarily unavailable", "status": 503, "code": "unavailable"}'

-- All values of a header, each of them: one that came twice is refused by boltkeys. HAProxy counts from 0.
local function values(headers, name)
    local found = {}
    if headers and headers[name] then
        for index = 0, #headers[name] do
            found[#found + 1] = headers[name][index]
        end
    end
    return found
end

local function question(txn)
    local sent = txn.http:req_get_headers()
    local headers = {
        ["x-original-method"] = { txn.sf:method() },
        ["x-original-uri"] = { txn.sf:pathq() },
        ["x-forwarded-for"] = { txn.sf:src() },
    }
    for _, name in ipairs(TOLD) do
        local given = values(sent, name)
        if #given > 0 then
            headers[name] = given
        end
    end
    return headers
end

-- Whatever is no problem of boltkeys, such as what HAProxy itself says of a boltkeys that is away, becomes one.
local function refuse(txn, answer)
    local known = answer and answer.status >= 400 and values(answer.headers, "content-type")[1] == PROBLEM
    local reply = txn:reply({ status = known and answer.status or 503 })
    if known then
        for name, list in pairs(answer.headers) do
            if name:sub(1, 11) ~= "x-boltkeys-" and name ~= "content-length" and name ~= "connection" then
                for _, value in pairs(list) do
                    reply:add_header(name, value)
                end
            end
        end
        reply:set_body(answer.body or "")
    else
        reply:add_header("content-type", PROBLEM)
        reply:add_header("cache-control", "no-store")
        reply:set_body(UNAVAILABLE)
    end
    txn:done(reply)
end

core.register_action("boltkeys", { "http-req" }, function(txn, url)
    local answer = core.httpclient():get({ url = url, headers = question(txn), timeout = TIMEOUT })
    if not answer or answer.status ~= 204 then
        refuse(txn, answer)
        return
    end
    for _, name in ipairs(IDENTITY) do
        txn.http:req_set_header(name, values(answer.headers, name)[1] or "")
    end
    txn:set_var("txn.boltkeys_rate", values(answer.headers, "ratelimit")[1] or "")
    txn:set_var("txn.boltkeys_rate_policy", values(answer.headers, "ratelimit-policy")[1] or "")
    txn:set_var("txn.boltkeys", "allowed")
end, 1)
