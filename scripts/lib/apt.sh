# shellcheck shell=bash
# What scripts/packages does with apt: which packages are missing, how they are installed, and that no service of theirs
# starts. Needs $wanted, $programs and $as_root.

installed() { [[ $(dpkg-query -W -f '${db:Status-Abbrev}' "$1" 2>/dev/null) == ii* ]]; }

missing_packages() {
    local package version program
    for package in "${wanted[@]}"; do
        installed "$package" || printf '%s\n' "$package"
    done
    for program in "${programs[@]}"; do
        command -v "${program%%:*}" >/dev/null || printf '%s\n' "${program##*:}"
    done
    for version in $(find /usr/lib/postgresql -path '*/bin/initdb' 2>/dev/null | cut -d / -f 5 | sort -V | tail -n 1); do
        installed "postgresql-$version-pgtap" || printf 'postgresql-%s-pgtap\n' "$version"
    done
}

# Debian starts a service when its package is installed, and enables it for the next start of the machine. Services that
# were here before are the owner's and are left as they are.
readonly policy=/usr/sbin/policy-rc.d cluster_policy=/etc/postgresql-common/createcluster.d/farebox.conf

hide_services() {
    had_nginx='' had_policy='' had_postgres=''
    ! installed nginx-common || had_nginx=1
    ! installed postgresql-common || had_postgres=1
    [[ ! -e $policy ]] || had_policy=1
    [[ -n $had_policy ]] || {
        printf '#!/bin/sh\nexit 101\n' | "${as_root[@]}" tee "$policy" >/dev/null
        "${as_root[@]}" chmod 0755 "$policy"
    }
    [[ -n $had_postgres ]] || {
        "${as_root[@]}" mkdir -p "${cluster_policy%/*}"
        printf 'create_main_cluster = false\n' | "${as_root[@]}" tee "$cluster_policy" >/dev/null
    }
}

show_services() {
    [[ -n $had_policy ]] || "${as_root[@]}" rm -f "$policy"
    [[ -n $had_postgres ]] || "${as_root[@]}" rm -f "$cluster_policy"
    if [[ -z $had_nginx ]] && installed nginx-common && [[ -d /run/systemd/system ]]; then
        "${as_root[@]}" systemctl disable --quiet nginx.service || true
    fi
}

# run_apt TITLE ARGUMENTS...: apt-get with a line for every tenth package; its whole output only when it fails.
run_apt() {
    local log
    log=$(mktemp)
    say "packages: $1"
    shift
    if ! "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -o Dpkg::Use-Pty=0 -o DPkg::Lock::Timeout=120 "$@" \
        2>&1 </dev/null | tee "$log" | awk '
            / newly installed/ { for (i = 2; i <= NF; i++) if ($i == "newly") total = $(i - 1) }
            /^(Unpacking|Setting up) / { if (++n % 20 == 0) { printf "  %d of %d steps\n", n, 2 * total; fflush() } }'; then
        cat "$log" >&2
        rm -f "$log"
        fail "apt-get ${1} failed; its output is above"
    fi
    rm -f "$log"
}
