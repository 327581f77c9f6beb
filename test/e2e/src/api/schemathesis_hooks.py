import json
import os

import schemathesis


@schemathesis.serializer("text/csv")
def csv_serializer(ctx, value):
    """A text as it is, whatever stands in it; what the schema does not allow, as JSON."""
    text = value if isinstance(value, str) else json.dumps(value)
    return text.encode("utf-8", "replace")


@schemathesis.hook
def before_call(ctx, case, kwargs):
    """Keeps the run from revoking the key that it uses: every request after that would be a 401."""
    if case.method == "DELETE" and case.path_parameters.get("id") == os.environ["RAPPORT_KEY_ID"]:
        case.path_parameters["id"] = "key_of-nobody"
