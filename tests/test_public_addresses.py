"""Which addresses are of the public internet."""

import socket

import pytest

from copilot_cli.public_addresses import is_public, resolve


@pytest.mark.parametrize(
    "address",
    ["93.184.216.34", "1.1.1.1", "2606:4700:4700::1111", "2a00:1450::1", "::ffff:93.184.216.34"],
)
def test_public_addresses(address: str) -> None:
    """Those that anybody on the internet can be sent to."""
    assert is_public(address)


@pytest.mark.parametrize(
    "address",
    [
        *("0.0.0.0", "127.0.0.1", "127.8.9.10", "10.0.0.1", "172.16.0.1", "192.168.1.1"),
        *("169.254.169.254", "100.64.0.1", "198.18.0.1", "192.0.2.1", "203.0.113.9"),
        *("224.0.0.1", "239.255.255.250", "240.0.0.1", "255.255.255.255"),
        *("::", "::1", "fe80::1", "fe80::1%eth0", "fc00::1", "fd12:3456::1", "fec0::1"),
        *("ff02::1", "ff0e::1", "2001:db8::1", "100::1", "::127.0.0.1", "4000::1"),
        *("::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:169.254.169.254"),
        *("64:ff9b::7f00:1", "64:ff9b::808:808", "64:ff9b:1::1", "2002:7f00:1::", "2002:808:808::"),
        *("2001::1", "2001:0:808:808::1"),
        *("", "localhost", "127.1", "0x7f000001", "2130706433", "93.184.216.34/32"),
    ],
)
def test_other_addresses(address: str) -> None:
    """This machine, its network, what carries an IPv4 address inside, and what is no address."""
    assert not is_public(address)


@pytest.mark.real
def test_a_name_is_resolved_to_every_address_once() -> None:
    """As the system has them."""
    found = resolve("localhost", 80)
    assert "127.0.0.1" in found or "::1" in found
    assert len(set(found)) == len(found)


@pytest.mark.real
@pytest.mark.parametrize("name", ["127.1", "0x7f.1", "2130706433"])
def test_a_number_by_another_name_is_what_the_system_makes_of_it(name: str) -> None:
    """So that it is refused for what it is."""
    try:
        found = resolve(name, 80)
    except OSError:
        return  # this system reads no such numbers
    assert not any(map(is_public, found))


@pytest.mark.real
def test_a_name_without_an_address() -> None:
    """It is an error of the system's."""
    with pytest.raises((OSError, UnicodeError)):
        resolve("a" * 64 + ".invalid", socket.IPPORT_RESERVED)
