"""The commands: what each does, and what it says before anything is imported."""

from __future__ import annotations

# name: what it does, and what it says it is doing before anything is imported.
# In the order in which people need them.
COMMANDS = {
    "init": ("Make the repository in this folder one that Morrow can run.", ""),
    "run": ("Serve an application in the foreground.", ""),
    "settings": ("Show what a service reads from its environment.", ""),
    "env": ("List, show or compare environments, or make a new one.", "reading"),
    "build": ("Build the service's image, push it, name its digest.", "reading"),
    "doctor": ("Find what would stop a deploy, with the fix.", "examining"),
    "plan": ("Show what `up` would change, field by field.", "planning"),
    "render": ("Print the YAML that Helm applies, without a cluster.", "rendering"),
    "up": ("Bring an environment up, or change it to what its file says.", "reading"),
    "status": ("Show what runs.", "looking at"),
    "logs": ("Show the service's log lines.", "reading the logs of"),
    "dash": ("Draw the dashboard as one page, without Grafana.", "drawing"),
    "verify": ("Prove that the service keeps its promises, also under load.", "verifying"),
    "scan": ("Judge what a scanner found in an image.", ""),
    "promote": ("Carry a proven digest to the next environment.", "judging"),
    "history": ("List the releases that are remembered.", "reading"),
    "rollback": ("Go back to the release before.", "reading"),
    "restart": ("Replace what runs by the same again.", "reading"),
    "scale": ("Run another number of pods until the next `up`.", "reading"),
    "exec": ("Run a command or a shell beside the service.", ""),
    "task": ("Run a command once, with what the release has.", "reading"),
    "open": ("Open the service in a browser.", "reading"),
    "port-forward": ("Forward ports of a pod to this machine.", "reading"),
    "down": ("Take an environment down.", "reading"),
    "secrets": ("List, set or rotate secrets.", "reading"),
    "platform": ("Plan, make and hand over an environment's AWS.", "reading"),
    "eject": ("Write a copy of the chart or the Terraform module, to own.", ""),
    "explain": ("Explain an error code.", ""),
}


GROUPS = ("env", "platform", "secrets")  # commands with verbs of their own


HELP = ("-h", "--help")


def overview() -> str:
    """Return `morrow --help`; no command and no library is needed for it."""
    return "\n".join(
        [
            "Usage: morrow [OPTIONS] COMMAND [ARGS]...",
            "",
            "  Take a Python web service to Kubernetes and keep it up.",
            "",
            "Options:",
            "  --version   Show the version and exit.",
            "  -h, --help  Show this message and exit.",
            "",
            "Commands:",
            *(f"  {name:<12}  {summary}" for name, (summary, _) in COMMANDS.items()),
        ]
    )


def opening(words: list[str]) -> str:
    """Return the first line to say: it answers at once, before the imports take their time."""
    doing = COMMANDS.get(words[0], ("", ""))[1]
    named = words[2 if words[0] in GROUPS else 1 :]
    if not doing or not named or named[0].startswith("-") or not {*words}.isdisjoint(HELP):
        return ""
    return f"{doing} {named[0]} …"
