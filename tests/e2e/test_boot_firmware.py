"""Does real firmware boot from us? OVMF by PXE and by HTTP, and iPXE, each in a virtual machine."""

import shutil
import sys
from pathlib import Path

import pytest

from tests.e2e.conftest import Network, run, wait
from tests.e2e.test_wire import capture_on

OVMF = Path("/usr/share/OVMF")
IPXE = Path("/usr/lib/ipxe")
LACKS = [n for n in ("qemu-system-x86_64", "dnsmasq") if shutil.which(n) is None]
LACKS += [str(path) for path in (OVMF / "OVMF_CODE_4M.fd", IPXE / "ipxe.efi") if not path.exists()]
pytestmark = [
    pytest.mark.needs_root,
    pytest.mark.xdist_group("network"),
    pytest.mark.skipif(bool(LACKS), reason=f"needs {', '.join(LACKS)}"),
]
UEFI = ["-drive", f"if=pflash,unit=0,readonly=on,format=raw,file={OVMF}/OVMF_CODE_4M.fd",
        "-drive", f"if=pflash,unit=1,snapshot=on,format=raw,file={OVMF}/OVMF_VARS_4M.fd",
        "-device", "virtio-net-pci,netdev=n,mac=02:00:00:00:0b:01,romfile="]  # fmt: skip
NO_PXE = [word for family in ("IPv4", "IPv6")
          for word in ("-fw_cfg", f"name=opt/org.tianocore/{family}PXESupport,string=n")]  # fmt: skip
BIOS = ["-boot", "n", "-device", "e1000,netdev=n,mac=02:00:00:00:0b:02"]
SECONDS = 150


@pytest.fixture
def link(network: Network) -> Network:
    """A served link with files by TFTP and HTTP, and a port for a virtual machine."""
    network.plan("10.20.0")
    files = network.folder / "files"
    files.mkdir()
    shutil.copy(IPXE / "ipxe.efi", files)
    (files / "menu.ipxe").write_text("#!ipxe\nimgfetch http://10.20.0.1/reached\nshell\n")
    files.chmod(0o755)
    network.folder.chmod(0o755)
    network.server.start(
        "dnsmasq", "--keep-in-foreground", "--port=0", "--enable-tftp", f"--tftp-root={files}", "--user=root"
    )
    network.server.start(
        sys.executable, "-m", "http.server", "80", "--bind", "10.20.0.1", "--directory", str(files)
    )
    client = network.client
    client.ip("link", "add", "br0", "type", "bridge")
    client.ip("tuntap", "add", "tap0", "mode", "tap")
    for device in ("eth0", "tap0"):
        client.ip("link", "set", device, "master", "br0")
        client.ip("link", "set", device, "up")
    client.ip("link", "set", "br0", "up")
    return network


def preset(link: Network, **files: str) -> None:
    made = link.api("POST", "/client-classes/presets/pxe", json={"tftp_server": "10.20.0.1", **files})
    assert made.status_code == 201, made.text
    wait(link.live, 10, "the classes on the worker")


def boot(link: Network, *firmware: str) -> None:
    link.client.start(
        "qemu-system-x86_64", "-accel", "tcg", "-machine", "q35", "-m", "512", "-display", "none",
        "-nodefaults", "-netdev", "tap,id=n,ifname=tap0,script=no,downscript=no", *firmware,
    )  # fmt: skip


def asked(capture: str, field: str) -> list[str]:
    """Return what a protocol asked for, in order, each once."""
    text = run("tshark", "-r", capture, "-Y", field, "-T", "fields", "-e", field).stdout
    return list(dict.fromkeys(text.split()))


def test_uefi_loads_ipxe_by_tftp_and_ipxe_its_script_by_http(link: Network) -> None:
    preset(link, uefi_x64="ipxe.efi", ipxe_script="http://10.20.0.1/menu.ipxe")
    path = capture_on(link, link.server, "s0", "udp or tcp port 80")
    boot(link, *UEFI)
    wait(lambda: "/reached" in asked(path, "http.request.uri"), SECONDS, "the script of iPXE")
    assert asked(path, "tftp.source_file") == ["ipxe.efi"]
    assert asked(path, "http.request.uri") == ["/menu.ipxe", "/reached"]


def test_uefi_loads_by_http_what_option_67_names(link: Network) -> None:
    preset(link, http_x64="http://10.20.0.1/ipxe.efi")
    path = capture_on(link, link.server, "s0", "udp or tcp port 80")
    boot(link, *UEFI, *NO_PXE)
    wait(lambda: "/ipxe.efi" in asked(path, "http.request.uri"), SECONDS, "the boot file by HTTP")


def test_bios_rom_of_ipxe_goes_straight_to_its_script(link: Network) -> None:
    preset(link, bios="undionly.kpxe", ipxe_script="http://10.20.0.1/menu.ipxe")
    path = capture_on(link, link.server, "s0", "udp or tcp port 80")
    boot(link, *BIOS)
    wait(lambda: "/reached" in asked(path, "http.request.uri"), SECONDS, "the script of iPXE")
    assert asked(path, "tftp.source_file") == []
