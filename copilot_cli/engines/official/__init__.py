"""The engine `official`: GitHub's own Copilot runtime answers, driven through its SDK.

Rule: our transcript is the truth, and a session of the runtime only a cache of it; the SDK is
imported in `sdk.py` alone, and an event loop runs here alone, on a thread of its own.

    Chat ── engine.py ── binding.py    which session has been told how much of the transcript
               │   ▲
               │   └──── attempt.py    one try at an answer: its own queue of what comes
               ▼                 ▲ ▲
           runtime.py ───────────┘ │   process, client and loop; deadlines; who watches and kills
               │  sdk.py events.py │   the SDK, and its events as ours
               ▼                   │
           the runtime (a child)   │
               │ its HTTP          │
               ▼                   │
           requests.py ────────────┘   every model request of the runtime is sent by us
               │  rewriting.py
               ▼
           Copilot's API, or an endpoint of the person's own

1. `answer` takes the session that knows a prefix of the request's messages, or makes a new one, and
   sends the last message to it.
2. The runtime composes a request of the model and gives it to the SDK's request handler, which is
   `ModelRequests`. There what it says of the conversation is replaced by the transcript, whole: so
   the model gets what was written down, in its roles, whatever the session remembers. The runtime's
   own date, sampling and effort go with it. The key and the address of an endpoint are put in there
   too, so that the runtime never has them.
3. The reply goes to the runtime as it comes, and the same bytes are read by the wire's own decoder:
   that is what is shown. The runtime's deltas are later by a millisecond or two for each piece, are
   repeated when it retries, stop when it dies, and leave out sealed reasoning, arguments as the
   model wrote them, cost and quotas. Its events say how its turn ended.
4. Where the model asks for tools, the runtime waits for their results. The answer ends with
   `tool_calls` as any engine's does, `chat.py` runs its loop, and the next request brings the
   results, for which the session has waited. If it is gone, a new one gets them with the rest.
5. A reply that fails is never tried again by the runtime, which gets a refusal that it takes for
   final: whether it is sent again is one decision, that of all engines (`status_table.py`).

What was stopped, cut or refused leaves no session behind: the next turn makes a new one.
"""
