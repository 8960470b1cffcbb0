# shellcheck shell=bash
# The endpoints, read from the programs themselves (`bin/spend --endpoints`): for nginx, for tests and for README. Nothing
# that is known of an endpoint is written down a second time.

# Every file of handlers/ is a handler, and every directory of handlers/local but the activator; as CMakeLists.txt has it.
handler_names() {
    local path name
    for path in "$root"/handlers/*.cpp "$root"/handlers/local/*/; do
        name=${path%/}
        name=${name##*/}
        [[ ! -e $path || $name == activator ]] || printf '%s ' "${name%.cpp}"
    done
}

# endpoint_rows BIN HANDLERS...: a JSON object a line, {"handler": ..., and what the program prints.
endpoint_rows() {
    local bin=$1 name rows row
    shift
    for name in "$@"; do
        rows=$("$bin/$name" --endpoints) || fail "$bin/$name does not print its endpoints"
        while IFS= read -r row; do
            [[ -z $row ]] || printf '{"handler":"%s",%s\n' "$name" "${row#\{}"
        done <<<"$rows"
    done
}

# nginx_locations: rows on standard input, locations on standard output. A name of a pattern is one segment, escapes
# decoded; the handler decides on the method, the credential and whether the path exists after all. What is more literal
# stands first, since nginx takes the first regular expression that matches.
nginx_locations() {
    local lines
    lines=$(awk '
        function text(name) { return match($0, "\"" name "\":\"[^\"]*\"") ? substr($0, RSTART + length(name) + 4, RLENGTH - length(name) - 5) : "" }
        function number(name) { return match($0, "\"" name "\":[0-9]+") ? substr($0, RSTART + length(name) + 3, RLENGTH - length(name) - 3) + 0 : 0 }
        function refuse(what) { print "endpoints: " text("method") " " pattern " of " handler ": " what >"/dev/stderr"; failed = 1; exit 1 }
        /^$/ { next }
        {
            handler = text("handler"); pattern = text("pattern"); rate = text("rate")
            if (pattern == "" || pattern !~ /^\/$|^(\/([A-Za-z0-9_.~-]+|\{[a-z_]+\}))*(\/\{[a-z_]+\.\.\.\})?$/) refuse("is no pattern that nginx could have")
            form = ""; expression = ""; literal = 1
            count = split(substr(pattern, 2), segments, "/")
            for (i = 1; i <= count; i++) {
                if (segments[i] ~ /^\{.*\.\.\.\}$/) { form = form "/2"; expression = expression "/.+"; literal = 0 }
                else if (segments[i] ~ /^\{/) { form = form "/1"; expression = expression "/[^/]+"; literal = 0 }
                else { form = form "/0" segments[i]; gsub(/\./, "\\.", segments[i]); expression = expression "/" segments[i] }
            }
            if (form in owner && owner[form] != handler) refuse(owner[form] " answers this path already")
            if (form in owner && rates[form] != rate) refuse("another method of this path has another rate")
            owner[form] = handler; rates[form] = rate
            places[form] = literal ? "= " pattern : "~ \"(?s)^" expression "\\z\""
            if (number("body_max") > bodies[form]) bodies[form] = number("body_max")
            if (number("timeout_ms") > times[form]) times[form] = number("timeout_ms")
        }
        END {
            if (failed) exit 1
            for (form in owner) {
                line = "location " places[form] " {"
                if (rates[form] != "none") line = line " include \"@CONF@/rate_" rates[form] ".conf\";"
                if (bodies[form] != 65536) line = line " client_max_body_size " bodies[form] ";"
                if (bodies[form] > 65536) line = line " client_body_buffer_size 256k;"
                # A few seconds more than the handler takes, so that the handler answers first.
                if (times[form] > 0) line = line " fastcgi_read_timeout " int((times[form] + 999) / 1000) + 8 "s;"
                print form "\t" line " fastcgi_pass farebox_" owner[form] "; }"
            }
        }') || fail "the tables of the handlers contradict each other"
    [[ -z $lines ]] || sort <<<"$lines" | cut -f 2-
}

# nginx_upstreams HANDLERS...: where each listens.
nginx_upstreams() {
    local name
    for name in "$@"; do
        printf 'upstream farebox_%s { server "unix:@RUN@/%s.sock"; include "@CONF@/keep.conf"; }\n' "$name" "$name"
    done
}
