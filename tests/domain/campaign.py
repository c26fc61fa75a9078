"""How long the machines of random commands run: a few seconds, the same each time, unless `make proof` asks for more.

`PROOF_STORIES` is how many stories each machine tells. Stories of a proof are new ones each time; pytest prints the
shortest one that fails and how to tell it again. With `PROOF_ANY_STORY` the first that fails will do, which is quicker.
"""

import os

from hypothesis import HealthCheck, Phase, settings

CAMPAIGN = settings(
    max_examples=int(os.environ.get("PROOF_STORIES", "40")),
    stateful_step_count=40,
    derandomize="PROOF_STORIES" not in os.environ,
    phases=[Phase.generate, *([] if "PROOF_ANY_STORY" in os.environ else [Phase.shrink])],
    deadline=None,
    print_blob=True,
    suppress_health_check=[HealthCheck.too_slow],
)
