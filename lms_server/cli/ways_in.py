"""Where others find a server that is being started: what to type on laptops, and for the admin's pages."""

import socket

_EVERYWHERE = frozenset({"0.0.0.0", "::"})  # noqa: S104 # compared, not bound
_ONLY_HERE = frozenset({"127.0.0.1", "::1", "localhost"})
# Nobody lives there, and nothing is sent: asking for the way there tells our own address in the network.
_FAR_AWAY = ("198.51.100.1", 9)


def reachable(host: str, here: str) -> str:
    """An address that others can use: "all interfaces" is none."""
    return _at(socket.gethostname(), here) if host in _EVERYWHERE else here


def ways_in(host: str, here: str, public_url: str = "") -> list[str]:
    """Sentences for whoever starts the server, with addresses that can be typed elsewhere."""
    if public_url:
        return [f"for laptops: {public_url}", _admin(public_url)]
    if host in _ONLY_HERE:
        return ["for laptops: none; to let them in: lms-server serve --host 0.0.0.0", _admin(here)]
    address = _at(_own_address(), here) if host in _EVERYWHERE else here
    return [f"for laptops: {address}", _admin(address)]


def _admin(address: str) -> str:
    return f"for admins, in a browser: {address}/admin"


def _at(name: str, here: str) -> str:
    return f"http://{name}:{here.rpartition(':')[2]}"


def _own_address() -> str:
    """Where the network finds us; our name while there is none."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as nobody:
        try:
            nobody.connect(_FAR_AWAY)
        except OSError:
            return socket.gethostname()
        return str(nobody.getsockname()[0])
