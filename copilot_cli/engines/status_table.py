"""Every refusal of the Copilot host that has a meaning of its own, as one table.

`TABLE` is read from the top: the first row that fits a refusal tells what it means. Codes come
before statuses, because the service puts the same code under several of them; a code may carry the
plan behind a colon, which is taken off. docs/troubleshooting.md explains each row's words.

Sources: microsoft/vscode-copilot-chat for codes and statuses; the plain texts are from issue
threads of opencode, litellm and fast-agent; 403 for limits: microsoft/vscode#285790.
"""

from collections.abc import Collection
from typing import NamedTuple

from copilot_cli.engines.failure import (
    BACKOFF,
    LIMIT,
    NEVER,
    ONCE,
    Failure,
    Misdirected,
    Retry,
    Unauthorized,
)
from copilot_cli.engines.token_counts import SIGNS
from copilot_cli.errors import (
    CopilotChatError,
    FilteredError,
    LimitError,
    ModelUnavailable,
    NotAllowedError,
    QuotaError,
    ServiceError,
    SettingsError,
    SignInError,
    TooLongError,
)


class Row(NamedTuple):
    """One meaning: where one of `codes` or `statuses` fits and, if there are `texts`, one of them.

    `texts` are parts of the service's text, in lower case; `limits` asks instead that its headers
    or its text speak of a rate limit. `says` is the message, `hint` the next step. `outage` is
    whether the service is at fault, which failover counts; `failure` what an engine may cure.
    """

    says: str
    error: type[CopilotChatError]
    codes: tuple[str, ...] = ()
    statuses: Collection[int] = ()
    texts: tuple[str, ...] = ()
    limits: bool = False
    hint: str | None = None
    kind: str | None = None
    retry: Retry = NEVER
    outage: bool = False
    failure: type[Failure] = Failure


_ONBOARD = "sign in again with `copilot-chat onboard --force`"
IDENTITY = (
    "update editor_identity in the settings: see `copilot-chat config list` and docs/environment.md"
)
ANEW = "`copilot-chat usage` shows when it starts anew"
_BILLING = "see https://github.com/settings/billing; `copilot-chat usage` shows what is left"
_POLICY = (
    "a policy of yours or of your organisation may forbid it:"
    " https://github.com/settings/copilot/features"
)
_OTHER_MODEL = "choose another model with -m, or name some in the setting failover"
_MODELS = "`copilot-chat models` lists those that are"
_LESS = "send less, or choose a model with a larger window: `copilot-chat models`"
_WHOLE = "-vv shows all that the service said"
_LATER = "try again in a moment; https://www.githubstatus.com says more"

_FLAWED = ("bad_request", "invalid_request_body", "unsupported_parameter")

# fmt: off
TABLE: tuple[Row, ...] = (
    # Quotas: 402, and the same codes elsewhere. A minute does not help.
    Row("your plan's quota is used up", QuotaError, codes=("quota_exceeded",), hint=ANEW),
    Row("the free plan's quota is used up", QuotaError, codes=("free_quota_exceeded",), hint=ANEW),
    Row("the limit on what goes beyond your plan is reached", QuotaError,
        codes=("overage_limit_reached",), hint=_BILLING),
    Row("the quota of this session is used up", QuotaError,
        codes=("session_quota_exceeded",), hint=ANEW),
    Row("the limit on additional spending is reached", QuotaError,
        codes=("additional_spend_limit_reached",), hint=_BILLING),
    Row("billing is not set up for your account", QuotaError,
        codes=("billing_not_configured",), hint=_BILLING),
    # Rate limits: 429, and the same codes elsewhere.
    Row("the rate limit is reached", LimitError, codes=("rate_limited",), retry=LIMIT),
    Row("the rate limit of your account is reached", LimitError,
        codes=("user_global_rate_limited",), retry=LIMIT),
    Row("the rate limit of this model is reached", LimitError,
        codes=("user_model_rate_limited",), hint=_OTHER_MODEL, retry=LIMIT),
    Row("the weekly limit of your account is reached", LimitError,
        codes=("user_weekly_rate_limited",), hint=ANEW),
    Row("the rate limit of this client identity is reached", LimitError,
        codes=("integration_rate_limited",), retry=LIMIT),
    Row("the limit on requests of agents is reached", LimitError,
        codes=("agent_mode_limit_exceeded",), retry=LIMIT),
    Row("the model is overloaded", LimitError,
        codes=("model_overloaded",), hint=_OTHER_MODEL, retry=LIMIT),
    Row("the model's provider is at its limit", LimitError,
        codes=("upstream_provider_rate_limit",), hint=_OTHER_MODEL, retry=LIMIT),
    Row("requests of this client identity are blocked", LimitError,
        codes=("extension_blocked",), hint=IDENTITY),
    # The model.
    Row("the model is not available to you", ModelUnavailable,
        codes=("model_not_supported", "model_not_found", "no_available_model_endpoints"),
        hint=_MODELS),
    Row("this model is not served by the endpoint that was asked", ModelUnavailable,
        codes=("unsupported_api_for_model",),
        hint="choose another with -m; `copilot-chat models` shows each one's endpoints"),
    # The size, whatever the status.
    Row("the request is too long for the model", TooLongError, hint=_LESS,
        codes=("model_max_prompt_tokens_exceeded", "context_length_exceeded", "request_too_large"),
        statuses=(413,)),
    Row("the request is too long for the model", TooLongError, hint=_LESS,
        codes=_FLAWED, statuses=(200, 400), texts=SIGNS),
    # Content.
    Row("a content filter refused the request", FilteredError, hint="ask in other words",
        codes=("content_filter",), statuses=(422,)),
    Row("the service finds the question off topic", CopilotChatError,
        codes=("off_topic",), hint="ask in other words"),
    # Codes that may come without a status of their own.
    Row("the service has forgotten the answer that this one goes on from", CopilotChatError,
        codes=("previous_response_not_found",), hint="ask again, or begin anew with /new"),
    Row("the service knows no such path or model", CopilotChatError,
        codes=("not_found",), statuses=(404,), hint=_MODELS),
    Row("the service has ended the session", ServiceError,
        codes=("session_expired",), hint=_LATER, retry=ONCE),
    Row("the service failed", ServiceError, hint=_LATER, retry=BACKOFF, outage=True,
        codes=("service_unavailable", "internal_error"), statuses=(500, 502, 503, 504)),
    Row("the service failed", ServiceError, hint=_LATER, retry=BACKOFF, outage=True,
        statuses=range(520, 530)),
    # What is wrong with the credential or the identity, said as a bad request.
    Row("the service does not know this client identity", SettingsError, kind="identity",
        codes=_FLAWED, statuses=(400,), texts=("editor-version",), hint=IDENTITY),
    Row("the service does not take this kind of token", SignInError, kind="token_kind",
        codes=_FLAWED, statuses=(400,),
        texts=("authorization header is badly formatted", "personal access tokens"),
        hint=_ONBOARD),
    Row("the service refused the request", CopilotChatError,
        codes=_FLAWED, statuses=(400,), hint=_WHOLE),
    # The sign-in.
    Row("the token may not use Copilot", SignInError, statuses=(401,), texts=("copilot requests",),
        kind="token_permission",
        hint="give the token the permission `Copilot Requests`, or sign in with a device code"),
    Row("the service refused the sign-in", SignInError, statuses=(401,), failure=Unauthorized,
        hint=_ONBOARD),
    Row("your plan's quota is used up", QuotaError, statuses=(402,), hint=ANEW),
    # What is not allowed; GitHub answers limits with 403, too.
    Row("a rate limit is reached", LimitError, statuses=(403,), limits=True, retry=LIMIT),
    Row("the service refused this client identity", NotAllowedError,
        statuses=(403,), texts=("access to this endpoint is forbidden",), hint=IDENTITY),
    Row("this is not allowed to your account", NotAllowedError, statuses=(403,), hint=_POLICY),
    # The rest of 4xx.
    Row("the service did not take the request", ServiceError,
        statuses=(408, 409, 425), hint=_LATER, retry=BACKOFF),
    Row("this host serves another plan than yours", ServiceError, kind="misdirected",
        statuses=(421,), failure=Misdirected,
        hint="unset copilot_api_url, or sign in again with `copilot-chat onboard --force`"),
    Row("what the service depends on failed", ServiceError,
        statuses=(424,), hint=_LATER, retry=ONCE),
    Row("a rate limit is reached", LimitError, statuses=(429,), retry=LIMIT),
    Row("the service no longer takes this client identity", SettingsError,
        statuses=(466,), kind="identity", hint=IDENTITY),
    Row("the service says the request was cancelled", ServiceError,
        statuses=(499,), kind="cancelled", hint="ask again"),
    # A failure inside a reply that began well, and what is no answer at all.
    Row("the service reported a failure", ServiceError, statuses=(200,), hint=_LATER,
        retry=BACKOFF, outage=True),
    Row("not a Copilot answer", ServiceError, statuses=(*range(100, 200), *range(201, 300)),
        hint="a login page of the network, or a proxy, may have answered in its place"),
    Row("the service redirects to {target}, which is not followed", ServiceError,
        statuses=range(300, 400),
        hint="look at copilot_api_url; a login page of the network, or a proxy, may redirect"),
    Row("the service refused the request", CopilotChatError,
        statuses=(*range(405, 500), 501, 505), hint=_WHOLE),
    Row("the service failed", ServiceError, statuses=range(1000), hint=_LATER),
)
# fmt: on
