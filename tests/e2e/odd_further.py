"""Odd and good deploys beside the faults of faults_further.py: each is like one of them."""

from __future__ import annotations

from tests.e2e.faults_further import step
from tests.e2e.faults_unseen import PYTHON, alone
from tests.e2e.slow_deploys import Slow
from tests.e2e.tool_project import laid_over

LATER = alone({"command": [*PYTHON, "import time; time.sleep(25)"]}, restartPolicy="Never")

ODD = (
    Slow("a pod that runs on beside a step", laid_over(
        alone({}, restartPolicy="Never"), step("import time; time.sleep(9)")), least=9),
    Slow("a pod that ends while a step runs", laid_over(
        LATER, step("import time; time.sleep(30)")), least=30),
)  # fmt: skip
