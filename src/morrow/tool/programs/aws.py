"""aws: questions to the account that Terraform cannot answer; nothing here changes it.

How others use it: `aws = Aws(region)`, then `aws.cluster("prod")` (None when absent),
`aws.balancers("prod")`, `aws.interfaces("prod")`, … each a list of names.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any

from morrow.tool.base.errors import Failure, problem
from morrow.tool.programs import runner
from morrow.tool.programs.runner import Result

LOGIN = re.compile(
    r"Unable to locate credentials|ExpiredToken|Token has expired|InvalidClientTokenId"
    r"|UnrecognizedClientException|NoCredentialProviders|no valid credential sources"
    r"|security token included in the request|Error loading SSO Token|SignatureDoesNotMatch"
)
DENIED = re.compile(r"(?:AccessDenied|UnauthorizedOperation)(?:.*?perform: (\S+))?", re.DOTALL)
QUIET = {"AWS_PAGER": "", "AWS_DEFAULT_OUTPUT": "json"}
# Who makes load balancers for a cluster, and how each marks them.
BALANCER_TAGS = ("elbv2.k8s.aws/cluster", "eks:eks-cluster-name")
# The same of what EC2 has.
AUTO_TAG = "eks:eks-cluster-name,Values={0}"
TAGS = ("kubernetes.io/cluster/{0},Values=owned", AUTO_TAG)
INTERFACE_TAGS = ("cluster.k8s.amazonaws.com/name,Values={0}", AUTO_TAG)


@dataclass(frozen=True)
class Aws:
    """The account of the environment's credentials, in one region."""

    region: str

    def ask(self, *words: str) -> dict[str, Any]:
        """Run one question; the answer is JSON."""
        answer: dict[str, Any] = json.loads(self._check(self._run(*words)) or "{}")
        return answer

    def cluster(self, name: str) -> dict[str, Any] | None:
        """Return a cluster as EKS shows it."""
        done = self._run("eks", "describe-cluster", "--name", name)
        if "ResourceNotFoundException" in done.err:
            return None
        cluster: dict[str, Any] = json.loads(self._check(done))["cluster"]
        return cluster

    def balancers(self, cluster: str) -> list[str]:
        """Name the load balancers that controllers made for a cluster."""
        arns = set()
        for tag in BALANCER_TAGS:
            answer = self.ask(
                "resourcegroupstaggingapi",
                "get-resources",
                *("--resource-type-filters", "elasticloadbalancing:loadbalancer"),
                *("--tag-filters", f"Key={tag},Values={cluster}"),
            )
            arns |= {one["ResourceARN"] for one in answer["ResourceTagMappingList"]}
        return sorted(arn.split(":loadbalancer/")[-1] for arn in arns)

    def interfaces(self, cluster: str, but: str = "") -> list[str]:
        """Name a cluster's network interfaces that nothing uses, but those described as `but`."""
        free = "Name=status,Values=available"
        answers = self._marked(cluster, INTERFACE_TAGS, "describe-network-interfaces", free)
        found = [one for answer in answers for one in answer["NetworkInterfaces"]]
        return sorted(
            {one["NetworkInterfaceId"] for one in found if not but or one.get("Description") != but}
        )

    def instances(self, cluster: str) -> list[str]:
        """Name the machines that belong to a cluster and run."""
        alive = "Name=instance-state-name,Values=pending,running"
        answers = self._marked(cluster, TAGS, "describe-instances", alive)
        groups = [group for answer in answers for group in answer["Reservations"]]
        return sorted({one["InstanceId"] for group in groups for one in group["Instances"]})

    def volumes(self, cluster: str) -> list[str]:
        """Name the disks that a cluster's claims made and that were left."""
        answers = self._marked(cluster, TAGS, "describe-volumes")
        return sorted({one["VolumeId"] for answer in answers for one in answer["Volumes"]})

    def _marked(
        self, cluster: str, tags: tuple[str, str], question: str, *filters: str
    ) -> list[dict[str, Any]]:
        """Ask EC2 for what carries either mark of a cluster: its controllers', or Auto Mode's."""
        marks = (f"Name=tag:{tag.format(cluster)}" for tag in tags)
        return [self.ask("ec2", question, "--filters", mark, *filters) for mark in marks]

    def log_groups(self, cluster: str) -> list[str]:
        """Name the log groups that EKS made again after theirs was deleted."""
        prefix = f"/aws/eks/{cluster}/"
        answer = self.ask("logs", "describe-log-groups", "--log-group-name-prefix", prefix)
        return sorted(one["logGroupName"] for one in answer["logGroups"])

    def support_ends(self, version: str) -> str:
        """Return the day on which a version leaves standard support; empty: AWS does not say."""
        words = ("eks", "describe-cluster-versions", "--cluster-versions", version)
        versions = self.ask(*words)["clusterVersions"]
        return str(versions[0].get("endOfStandardSupportDate") or "")[:10] if versions else ""

    def update_kubeconfig(self, cluster: str) -> None:
        """Write the context of a cluster into the kubeconfig."""
        self._check(self._run("eks", "update-kubeconfig", "--name", cluster))

    def _run(self, *words: str) -> Result:
        where = ("--region", self.region)
        return runner.run("aws", *words, *where, environment=QUIET, timeout=120)

    def _check(self, done: Result) -> str:
        """Return what it printed; name what AWS refused."""
        if not done.code:
            return done.out
        if LOGIN.search(done.err):
            raise Failure(problem("aws-login", "AWS", done.last_error))
        if denied := DENIED.search(done.err):
            what = denied[1] or done.arguments[1]
            raise Failure(problem("aws-denied", what, done.last_error))
        raise done.failure()
