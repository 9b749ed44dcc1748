"""Which plan holds one object of every kind, and how is each kind of change made over HTTP?

A step is (method, path, body); the paths are those of /api/v1.
"""

from typing import Any, Final

from tests.builders import PASSWORD

Step = tuple[str, str, Any]
NTP: Final = {"option": "ntp-servers", "value": ["10.0.0.9"], "always": False}
OWN: Final = {"option": "door-code", "value": 7}
LABELS: Final = {"tags": ["lab"], "custom_fields": {"site": "north"}}
LABELLED: Final = ("subnets", "pools", "reservations", "addresses", "vlans")


def mac(number: int) -> dict[str, str]:
    return {"type": "mac", "value": f"02:00:00:00:00:{number:02x}"}


WORLD: Final[list[Step]] = [
    *(("POST", "/custom-fields", {"resource": kind, "name": "site", "type": "text"}) for kind in LABELLED),
    ("POST", "/tags", {"name": "lab", "color": "#2563eb", "description": "testers"}),
    ("POST", "/option-definitions", {"code": 224, "name": "door-code", "kind": "u16"}),
    ("POST", "/client-classes", {
        "name": "phones", "expression": 'vendor_class startswith "phone"', "options": [NTP],
    }),
    ("POST", "/client-classes", {"name": "late", "expression": 'class("phones")', "position": 7}),
    ("POST", "/vlans", {"vid": 7, "group": "hall", "name": "seven", **LABELS}),
    ("PUT", "/shared-networks/floor", {"options": [NTP], "boot_file": "ipxe.efi"}),
    ("POST", "/subnets", {
        "cidr": "10.0.0.0/24", "name": "office", "gateway": "10.0.0.1", "vlan": 7, "vlan_group": "hall",
        "relays": ["10.9.9.9"], "lease_time": 600, "renew_time": 200, "options": [NTP, OWN], **LABELS,
    }),
    ("POST", "/subnets", {"cidr": "10.0.1.0/24", "shared_network": "floor", "client_class": "phones"}),
    ("POST", "/subnets", {"cidr": "10.0.0.0/8", "dhcp_enabled": False}),
    ("POST", "/subnets", {"cidr": "2001:db8::/64", "name": "planned", **LABELS}),
    ("POST", "/pools", {
        "subnet_id": 1, "start": "10.0.0.50", "end": "10.0.0.120", "client_class": "phones",
        "options": [OWN], **LABELS,
    }),
    ("POST", "/pools", {"subnet_id": 1, "start": "10.0.0.62", "end": "10.0.0.66", "kind": "excluded"}),
    ("POST", "/reservations", {
        "ip": "10.0.0.20", "identifiers": [mac(1), {"type": "client_id", "value": "01aa"}], "hostname": "printer",
        "options": [NTP, OWN], "next_server": "10.0.0.9", "boot_file": "a.0", "expires_at": "2899-01-01T00:00:00Z",
        **LABELS,
    }),
    ("POST", "/reservations", {"subnet_id": 1, "identifiers": [mac(2)], "hostname": "anywhere"}),
    ("PUT", "/addresses/10.0.0.30", {"hostname": "server", "mac": "02:00:00:00:00:30", "owner": "olga", **LABELS}),
    ("PUT", "/addresses/10.0.0.230", {"notes": "outside a smaller one"}),
    ("POST", "/denied-clients", {"mac": "00:1b:21", "description": "one vendor"}),
    ("PATCH", "/settings", {"options": [OWN], "lease_time": 7200}),
    ("POST", "/users", {"name": "vera", "password": PASSWORD, "role": "operator", "subnets": [1]}),
    ("PATCH", "/users/2", {"disabled": True}),
    *(("POST", "/alert-rules", {"name": f"full {id_}", "kind": "pool_usage", "threshold": 90, "subnet_id": id_})
      for id_ in (1, 2)),
    ("POST", "/webhooks", {"name": "hook", "url": "https://192.0.2.1/hook", "topics": ["audit"]}),
]  # fmt: skip

TAKEN_BACK: Final[dict[str, Step]] = {
    "create subnets": ("POST", "/subnets", {
        "cidr": "10.4.0.0/24", "vlan": 7, "vlan_group": "hall", "tags": ["lab"],
    }),
    "update subnets": ("PATCH", "/subnets/1", {
        "name": "x", "lease_time": None, "gateway": None, "vlan": None, "options": [], "relays": [],
        "custom_fields": {},
    }),
    "delete subnets": ("DELETE", "/subnets/1", None),
    "delete subnets of IPv6": ("DELETE", "/subnets/4", None),
    "bulk subnets": ("POST", "/subnets/bulk", {"ops": [
        {"op": "update", "key": 2, "data": {"client_class": None, "shared_network": None}},
        {"op": "delete", "key": 1},
        {"op": "create", "data": {"cidr": "10.0.0.0/25", "name": "half"}},
    ]}),
    "split subnets": ("POST", "/subnets/1/split", {"prefix_len": 26}),
    "split subnets apart": ("POST", "/subnets/1/split", {"at": "10.0.0.64", "same_link": False}),
    "merge subnets": ("POST", "/subnets/1/merge", {"subnets": [2]}),
    "resize subnets": ("POST", "/subnets/1/resize", {"cidr": "10.0.0.0/25"}),
    "create pools": ("POST", "/pools", {"subnet_id": 1, "start": "10.0.0.200", "end": "10.0.0.210"}),
    "update pools": ("PATCH", "/pools/1", {"start": "10.0.0.51", "client_class": None, "options": [], "tags": []}),
    "delete pools": ("DELETE", "/pools/1", None),
    "bulk pools": ("POST", "/pools/bulk", {"ops": [
        {"op": "delete", "key": 1},
        {"op": "create", "data": {"subnet_id": 1, "start": "10.0.0.100", "end": "10.0.0.109"}},
        {"op": "update", "key": 2, "data": {"end": "10.0.0.64"}},
    ]}),
    "create reservations": ("POST", "/reservations", {"subnet_id": 1, "identifiers": [mac(3)]}),
    "update reservations": ("PATCH", "/reservations/1", {
        "ip": "10.0.0.21", "identifiers": [mac(4)], "options": [], "expires_at": None, "boot_file": None,
    }),
    "delete reservations": ("DELETE", "/reservations/1", None),
    "bulk reservations": ("POST", "/reservations/bulk", {"ops": [
        {"op": "delete", "key": 1},
        {"op": "update", "key": 2, "data": {"ip": "10.0.0.20", "identifiers": [mac(1)]}},
        {"op": "create", "data": {"ip": "10.0.0.22", "identifiers": [mac(2)]}},
    ]}),
    "create addresses": ("PUT", "/addresses/10.0.0.31", {"hostname": "new"}),
    "update addresses": ("PUT", "/addresses/10.0.0.30", {"hostname": "other"}),
    "delete addresses": ("DELETE", "/addresses/10.0.0.30", None),
    "create shared_networks": ("PUT", "/shared-networks/hall", {"options": [NTP]}),
    "update shared_networks": ("PUT", "/shared-networks/floor", {"options": [], "next_server": "10.0.0.7"}),
    "delete shared_networks": ("DELETE", "/shared-networks/floor", None),
    "create vlans": ("POST", "/vlans", {"vid": 70}),
    "update vlans": ("PATCH", "/vlans/1", {"vid": 71, "group": "", "tags": []}),
    "bulk vlans": ("POST", "/vlans/bulk", {"ops": [
        {"op": "create", "data": {"vid": 70}}, {"op": "update", "key": 1, "data": {"vid": 71}},
    ]}),
    "create tags": ("POST", "/tags", {"name": "new"}),
    "update tags": ("PATCH", "/tags/1", {"name": "shop", "color": ""}),
    "delete tags": ("DELETE", "/tags/1", None),
    "create custom_fields": ("POST", "/custom-fields", {"resource": "pools", "name": "row", "type": "integer"}),
    "update custom_fields": ("PATCH", "/custom-fields/1", {
        "type": "choice", "choices": ["north", "south"], "label": "Site", "default": "south",
    }),
    **{f"delete custom_fields of {kind}": ("DELETE", f"/custom-fields/{number}", None)
       for number, kind in enumerate(LABELLED, start=1)},
    "create client_classes": ("POST", "/client-classes", {"name": "x", "expression": 'class("phones")'}),
    "update client_classes": ("PATCH", "/client-classes/1", {"name": "telephones", "options": [], "drop": True}),
    "delete client_classes": ("DELETE", "/client-classes/2", None),
    "bulk client_classes": ("POST", "/client-classes/bulk", {"ops": [
        {"op": "delete", "key": 2}, {"op": "update", "key": 1, "data": {"name": "telephones"}},
    ]}),
    "preset client_classes": ("POST", "/client-classes/presets/pxe", {"tftp_server": "10.0.0.9", "bios": "a.0"}),
    "create option_definitions": ("POST", "/option-definitions", {"code": 225, "name": "gate", "kind": "text"}),
    "update option_definitions": ("PATCH", "/option-definitions/1", {"name": "gate-code", "kind": "u32"}),
    "create denied_clients": ("POST", "/denied-clients", {"mac": "00:1b:22"}),
    "update denied_clients": ("PATCH", "/denied-clients/1", {"mac": "00:1b:23"}),
    "delete denied_clients": ("DELETE", "/denied-clients/1", None),
    "update settings": ("PATCH", "/settings", {"lease_time": 1200, "options": [], "domain": None}),
    "create users": ("POST", "/users", {"name": "olga", "password": PASSWORD}),
    "update users": ("PATCH", "/users/2", {"name": "eva", "role": "viewer", "subnets": None, "disabled": False}),
    "create alert_rules": ("POST", "/alert-rules", {"name": "silent", "kind": "worker_silent"}),
    "update alert_rules": ("PATCH", "/alert-rules/1", {"threshold": 80, "clear": 70, "subnet_id": None}),
    "delete alert_rules": ("DELETE", "/alert-rules/1", None),
    "create webhooks": ("POST", "/webhooks", {"name": "x", "url": "https://192.0.2.1/x", "topics": ["lease"]}),
    "update webhooks": ("PATCH", "/webhooks/1", {"enabled": False, "topics": ["lease", "alert"]}),
}  # fmt: skip
