#!/bin/sh
# Installs what the tests need beside Python: DHCP clients, a relay, PostgreSQL, a browser, a decoder.
# With the argument "bench": what `make bench` needs, the other DHCP servers among it.
# Without root or apt it only says what is missing; the tests that need it are then skipped.
set -eu
wanted="iproute2 iputils-ping isc-dhcp-client isc-dhcp-relay udhcpc dhcpcd5 postgresql tshark chromium ethtool procps socat tcpdump docker-compose faketime dnsmasq-base kea-dhcp4-server qemu-system-x86 ipxe-qemu ovmf ipxe"
if [ "${1:-}" = bench ]; then
    wanted="iproute2 procps postgresql kea-dhcp4-server kea-admin dnsmasq-base isc-dhcp-server"
fi
missing=""
for package in $wanted; do
    dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q "install ok installed" || missing="$missing $package"
done
[ -n "$missing" ] || exit 0
if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
    echo "NOT INSTALLED, tests that need them are skipped:$missing" >&2
    exit 0
fi
export DEBIAN_FRONTEND=noninteractive
apt-get update -qq
# shellcheck disable=SC2086  # a list of packages
apt-get install -y -qq --no-install-recommends $missing >/dev/null
