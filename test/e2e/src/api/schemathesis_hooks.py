import os

import schemathesis


@schemathesis.hook
def before_call(ctx, case, kwargs):
    """Keeps the run from revoking the key that it uses: every request after that would be a 401."""
    if case.method == "DELETE" and case.path_parameters.get("id") == os.environ["RAPPORT_KEY_ID"]:
        case.path_parameters["id"] = "key_of-nobody"
