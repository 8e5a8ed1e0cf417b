"""Asks one emulator for every call that the provider makes, and checks the effect.

Usage: probe.py ENDPOINT. Prints one JSON object a line: operation, outcome, and a note.
Outcomes: `yes` (works, and the effect can be read back), `lost` (accepted, no effect),
`lax` (accepts what AWS refuses), `no` (refused, missing, or wrong).
`cargo xtask gen` turns the answers of both emulators into tests/emulator-gaps.md.
"""

import json
import sys
import time

from botocore.exceptions import BotoCoreError, ClientError
from botocore.parsers import ResponseParserError

from common import PROBES, Lax, Lost

# Importing a module registers its probes, in this order.
import probe_identity  # noqa: F401
import probe_kms  # noqa: F401
import probe_role  # noqa: F401
import probe_network  # noqa: F401
import probe_s3  # noqa: F401
import probe_trail  # noqa: F401
import probe_control  # noqa: F401
import probe_account  # noqa: F401


def note(error):
    return " ".join(str(error).split())[:110]


for operation, function in PROBES:
    started = time.time()
    try:
        function()
        outcome, text = "yes", ""
    except Lost as error:
        outcome, text = "lost", note(error)
    except Lax as error:
        outcome, text = "lax", note(error)
    except ClientError as error:
        code = error.response["Error"].get("Code", "")
        outcome, text = "no", f"{error.operation_name} answers {code}"
    except (BotoCoreError, ResponseParserError) as error:
        outcome, text = "no", type(error).__name__
    except (KeyError, IndexError, TypeError, AttributeError) as error:
        outcome, text = "no", f"the answer lacks {error}"
    print(json.dumps({"operation": operation, "outcome": outcome, "note": text}), flush=True)
    if time.time() - started > 15:
        print(f"slow: {operation}", file=sys.stderr)
