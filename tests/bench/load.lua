-- Load for wrk over HTTP: spends, each with an Idempotency-Key of its own, or balance reads, of a random user.
--
--   wrk -t1 ... -s load.lua URL -- OPERATION FIRST LAST RUN      (one thread: the keys count in one place)
--
--   OPERATION     spend or balance
--   FIRST LAST    the users' numbers
--   RUN           starts every key, so that the run's entries can be counted in the journal
--
-- The credential is API_SECRET_KEY of the environment: an argument could be read by every user of the machine. When the
-- run is over it prints one line of JSON; times are microseconds.

local authorization = "Authorization: Bearer " .. os.getenv("API_SECRET_KEY") .. "\r\n"
local body = '{"amount":1,"description":"bench"}'
local after_user, after_key, first, last, run
local count = 0

local function spend()
    count = count + 1
    return "POST /api/v1/users/" .. math.random(first, last) .. after_user .. run .. "-" .. count .. after_key
end

local function balance()
    return "GET /api/v1/users/" .. math.random(first, last) .. after_user
end

-- The request is put together here: wrk.format would walk a table of headers for each.
function init(arguments)
    local operation
    operation, first, last, run = arguments[1], tonumber(arguments[2]), tonumber(arguments[3]), arguments[4]
    math.randomseed(tonumber(run:match("%d+")))
    local head = " HTTP/1.1\r\nHost: " .. wrk.host .. "\r\n" .. authorization
    if operation == "spend" then
        after_user = "/spend" .. head .. "Content-Type: application/json\r\nContent-Length: " .. #body ..
            "\r\nIdempotency-Key: "
        after_key = "\r\n\r\n" .. body
        request = spend
    else
        after_user = "/balance" .. head .. "\r\n"
        request = balance
    end
end

function done(summary, latency)
    local errors = summary.errors
    print(string.format(
        '{"answered": %d, "duration_us": %d, "p50_us": %d, "p99_us": %d, "errors": %d}',
        summary.requests, summary.duration, latency:percentile(50), latency:percentile(99),
        errors.connect + errors.read + errors.write + errors.status + errors.timeout))
end
