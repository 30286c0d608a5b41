"""What the kit itself reads: the variables that begin with MORROW_."""

from collections.abc import Iterator, Mapping
from typing import Literal

import morrow
from morrow.kit.settings.loading import SettingProblem
from morrow.kit.settings.settings import Settings, setting
from morrow.kit.settings.values import Duration, Size

# Read by the command `morrow` and by this repository's tools; a shell may export them.
READ_BY_OTHERS = frozenset(
    {"MORROW_CACHE", "MORROW_CONTEXT", "MORROW_KUBECTL", "MORROW_HELM", "MORROW_TERRAFORM"}
    | {"MORROW_TRACEBACK"}
)


class KitSettings(Settings):
    """How the service is served. The chart sets these; a person seldom does.

    >>> KitSettings.load({"MORROW_DRAIN": "5s"}).morrow_drain
    5.0
    """

    morrow_host: str = setting("127.0.0.1", help="The address to listen on.")
    morrow_port: int = setting(5000, minimum=0, maximum=65535, help="The service's port.")
    morrow_admin_port: int = setting(
        8081, minimum=0, maximum=65535, help="The port of probes, metrics and info."
    )
    morrow_threads: int | None = setting(
        None, minimum=1, maximum=512, help="Requests handled at once; unset: from the CPU limit."
    )
    morrow_concurrency: int = setting(
        100, minimum=1, maximum=100_000, help="Requests handled at once, for ASGI applications."
    )
    morrow_drain: Duration = setting(
        Duration(0), minimum=0, help="How long to go on serving after SIGTERM."
    )
    morrow_grace: Duration = setting(
        Duration(20), minimum=0, help="How long running requests may take after the drain."
    )
    morrow_body_limit: Size = setting(
        Size(10 * 1024**2), minimum=0, help="The largest body of a request."
    )
    morrow_trusted_proxies: list[str] = setting(
        [], help="Networks whose X-Forwarded-* headers are believed.", example="10.0.0.0/8"
    )
    morrow_log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"] = setting(
        "INFO", help="The least level that the kit itself logs."
    )
    morrow_service: str = setting(
        "", help="The service whose settings a worker or a task needs.", example="shop:service"
    )
    morrow_handover: str = setting(
        "", help="The path of a unix socket over which a new process takes the ports over."
    )
    morrow_environment: str = setting("", help="The environment's name.")
    morrow_protected: bool = setting(False, help="Whether the environment is a protected one.")
    morrow_release: str = setting("", help="The release or version that runs.")
    morrow_secrets_revision: str = setting("", help="The revision of the secrets in use.")
    morrow_secrets_dir: str = setting("", help="The folder of mounted secrets.")


def info(own: KitSettings) -> dict[str, str]:
    """Return what runs, as metrics and `/info` say it.

    >>> info(KitSettings.load({"MORROW_RELEASE": "1.2"}))["version"]
    '1.2'
    """
    return {
        "morrow": morrow.__version__,
        "version": own.morrow_release,
        "environment": own.morrow_environment,
        "secrets_revision": own.morrow_secrets_revision,
    }


def unknown(
    environ: Mapping[str, str], declared: type[Settings] = Settings
) -> Iterator[SettingProblem]:
    """Yield a problem for each MORROW_ variable that nobody reads.

    >>> [problem.message for problem in unknown({"MORROW_DRIAN": "5"})]
    ['is not known: did you mean MORROW_DRAIN?']
    """
    own = {variable.name for variable in KitSettings.variables}
    known = own | READ_BY_OTHERS | {variable.name for variable in declared.variables}
    for name in environ:
        if name.startswith("MORROW_") and name.removesuffix("_FILE") not in known:
            from difflib import get_close_matches

            near = get_close_matches(name, sorted(own), n=1, cutoff=0.85)
            mend = f"did you mean {near[0]}?" if near else "remove it"
            yield SettingProblem(name, "setting-unknown", f"is not known: {mend}")
