"""Two users of a database that take turns: `secrets.rotation.kind: postgres-alternating`.

The present revision names one user, and the other may not log in. In a rotation that one gets a
new password, the next revision names it, the pods move over; once no pod and no session is left
of the first, that may not log in any more. At each moment what a pod holds is good.

What a killed command began shows in the database alone: both users may log in. So the next one
first brings every pod to the present revision, whichever that is, and shuts the other user out.
"""

from __future__ import annotations

import time
from urllib.parse import quote, unquote, urlsplit

from morrow.tool.base.errors import Failure, problem
from morrow.tool.base.terminal import terminal
from morrow.tool.cluster.objects import has_ended
from morrow.tool.cluster.site import Site
from morrow.tool.environment.model import Rotation
from morrow.tool.secrets.postgres import Administrator
from morrow.tool.stores.objects import holders
from morrow.tool.stores.store import fresh, store_of

PATIENCE = 60.0  # seconds for what is left, beyond what a pod takes to leave


class Users:
    """The user that the present revision names, and the one whose turn is next."""

    def __init__(self, site: Site, rotation: Rotation) -> None:
        label, key = site.environment.label, rotation.key
        self.label, self.key = label, key
        url = store_of(site.environment).values(site).get(key, b"").decode(errors="replace")
        self.present = user_of(url)
        users = rotation.users
        if self.present not in users or len(users) != 2:
            cause = f"the present value names {self.present or 'no user'}"
            cause += f", and secrets.rotation.users are {' and '.join(users) or 'none'}"
            user = users[0] if users else "USER"
            raise Failure(
                problem("database-value", key, cause, environment=label, key=key, user=user)
            )
        (self.next,) = {*users} - {self.present}
        self._password = fresh("").decode()
        self.value = renamed(url, self.next, self._password).encode()
        self._database = unquote(urlsplit(url).path.lstrip("/"))
        self._administrator = Administrator()
        may = self._administrator.users(*users)
        missing = [user for user in users if user not in may]
        if missing:
            cause = "the server has no role of that name"
            raise Failure(*(problem("database-user-missing", user, cause) for user in missing))
        self.unfinished = may[self.next]
        """Whether a rotation began and did not end: then pods may hold the next user."""

    def begin(self) -> None:
        """Give the next user its password, and try it; the environment's lock is held."""
        if self._administrator.users(self.next)[self.next]:
            raise self._busy(self.next, "another command has let it in meanwhile")
        self._administrator.let_in(self.next, self._password)
        terminal.say(f"  PostgreSQL: {self.next} has a new password")
        try:
            self._administrator.try_login(self.next, self._password, self._database)
        except Failure:
            self._administrator.shut_out(self.next)
            raise

    def shut_out(self, site: Site, user: str) -> None:
        """Shut a user out, once no pod and no session is left that needs it."""
        leaving = sum(float(site.environment.value(key) or 0) for key in ("drain", "grace"))
        end = time.monotonic() + leaving + PATIENCE
        while left := self._left(site, user):
            if time.monotonic() > end:
                raise self._busy(user, f"{left}, so it may still log in")
            terminal.status(f"{user} is not shut out yet: {left} …")
            time.sleep(1)
        self._administrator.shut_out(user)
        terminal.say(f"  PostgreSQL: {user} may not log in any more")

    def _left(self, site: Site, user: str) -> str:
        """Say what still needs a user, or ""."""
        if site.environment.in_cluster and (pod := _pod_of_another(site)):
            return f"Pod {pod} holds other secrets than the present ones"
        sessions = self._administrator.sessions(user)
        return f"{sessions} sessions are its own" if sessions else ""

    def _busy(self, user: str, cause: str) -> Failure:
        label = self.label
        return Failure(problem("database-user-busy", user, cause, environment=label, key=self.key))


def _pod_of_another(site: Site) -> str:
    """Name a pod that runs, or leaves, with another Secret than the present one."""
    present = site.environment.secrets.object_name
    others = (pod for pod, held in holders(site) if held != present and not has_ended(pod))
    return next((str(pod["metadata"]["name"]) for pod in others), "")


def user_of(url: str) -> str:
    """Return the user that a URL names.

    >>> user_of("postgresql://shop%5Fa:word@db.example.com/shop"), user_of("no URL")
    ('shop_a', '')
    >>> user_of("postgresql://a:w[rd@db.example.com/shop")
    ''
    """
    return unquote(_login_of(url)[0].partition(":")[0])


def renamed(url: str, user: str, password: str) -> str:
    """Return a URL with another user, all else as it was.

    >>> renamed("postgresql://a:x@one:5432,two:5432/shop?sslmode=require", "b", "y z")
    'postgresql://b:y%20z@one:5432,two:5432/shop?sslmode=require'
    """
    place = urlsplit(url)
    login = f"{quote(user, safe='')}:{quote(password, safe='')}"
    return place._replace(netloc=f"{login}@{_login_of(url)[1]}").geturl()


def _login_of(url: str) -> tuple[str, str]:
    """Return what stands before and behind the @ of a URL; nothing of what is none."""
    try:
        login, at, hosts = urlsplit(url).netloc.rpartition("@")
    except ValueError:  # a bracket in a password; the message repeats some of it
        return "", ""
    return (login, hosts) if at else ("", hosts)
