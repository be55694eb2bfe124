"""Every place where tenants' data is kept or told, and what keeps tenants apart there.

Each is found in the code or in the running servers by the tests; one that is not listed here fails them.
Look at it with two tenants in mind, then enter it.
"""

COLLECTIONS: dict[str, bool] = {
    "audit_log": True,
    "certificates": True,
    "charge_points": True,
    "commands": True,
    "configurations": True,
    "counters": False,
    "dead_letters": True,
    "deviations": False,
    "diagnostics_jobs": True,
    "firmware_files": True,
    "firmware_jobs": True,
    "id_tags": True,
    "idempotency_keys": False,
    "installed_profiles": False,
    "local_lists": True,
    "meter_values": True,
    "ocpp_messages": True,
    "outbox": False,
    "profile_templates": True,
    "refused_identities": True,
    "reservations": True,
    "security_events": True,
    "sessions": True,
    "webhook_deliveries": True,
    "webhooks": True,
}
"""Of a tenant's database; True where the owner's marker must be found after the day that both have lived."""

PLATFORM_COLLECTIONS: dict[str, str] = {
    "api_keys": "`tenant_id`.",
    "audit_log": "Of what platform admins do: names tenants.",
    "counters": "Of the installation: no tenant's.",
    "idempotency_keys": "Of platform admins: no tenant's.",
    "leases": "Which process works: no tenant's.",
    "login_failures": "By a digest of tenant and email.",
    "login_sessions": "`tenant_id`, and the user.",
    "mqtt_credentials": "`tenant_id`.",
    "signed_certificates": "`tenant_id`; asked for by fingerprint, answers whose it is.",
    "tenants": "`_id` is the tenant.",
    "users": "`tenant_id`.",
}
"""Of the platform's database: no document holds data of two tenants."""

REDIS_KEYS: dict[str, str] = {
    "alive:{gateway_id}": "How many are connected, by tenant.",
    "gateways": "No tenant's.",
    "gw:{gateway_id}": "Each entry is a batch or a command of one tenant.",
    "live:{tenant_id}": "The key.",
    "login:{session_id}": "Of one user.",
    "outbox:wake": "Ids of tenants that have news; read by the relay only.",
    "rate:{limit.kind}:{limit.name}": "A tenant's id, a user's, an address: numbers only.",
    "seen:{tenant_id}": "The key.",
    "silent:{tenant_id}": "The key.",
    "ticket:{name}": "By a digest of the ticket, and locked with it; what is inside names the tenant.",
    "webhooks:wake": "Ids of tenants that have news; read by the sender only.",
}
"""What follows KEY_PREFIX, as the code writes it."""

NAMES_ONLY = ("alive:", "outbox:wake", "webhooks:wake")
"""How keys begin that may hold several tenants' ids and numbers, and nothing else of them."""

CELERY_KEYS = r"cel:(calls|ocpp\.(?P<tenant_id>.+)|_kombu\..+|unacked.*|sweeps|.*pidbox.*)"

SHARED_QUEUE_KEYS = ("cel:calls", "cel:unacked")
"""How keys begin whose entries are tasks of the shared queue: a task may carry batches of several tenants,
each under its own tenant's id."""

METRIC_LABELS: dict[str, str] = {
    "action": "Of OCPP, one that we know.",
    "code": "Of an error, as OCPP names it.",
    "kind": "A word.",
    "le": "A bucket.",
    "limit": "Whose it was: a kind.",
    "method": "Of HTTP, or `other`.",
    "outcome": "A word.",
    "part": "A word.",
    "queue": "Of Celery: the shared one, or a tenant's own, which is named after it.",
    "reason": "A word.",
    "route": "The rule, never a path.",
    "status": "A number.",
    "tenant": "The tenant's id.",
    "tier": "`shared` or `own`: the kind of queue.",
}

MEMORY: dict[str, str] = {
    "app/health.py:_running": "By server.",
    "app/api/issuer_keys.py:_keys": "Of the installation's issuer: no tenant's.",
    "app/api/paging.py:metadata": "Documentation of a list.",
    "app/messaging/topics.py:escape": "A name, and how it is written in topics.",
    "app/ocpp/catalog.py:_actions_of_ocpp": "Actions.",
    "app/ocpp/catalog.py:_handlers": "By action.",
    "app/ocpp/catalog.py:_kinds": "By action.",
    "app/ocpp/catalog.py:_schemas": "By action.",
    "app/ocpp/catalog.py:load_catalog": "Actions.",
    "app/ocpp/dead_letters.py:_letters": "Of one batch, which is of one tenant.",
    "app/services/keys.py:_known": "Digests of salted hash and key: the hash differs for each charge point.",
    "app/services/rate_limits.py:_buckets": "By kind and name: a tenant's id, a user's, an address.",
    "app/services/security_events.py:_noted": "By ChargePointRef.",
    "app/services/stats.py:_remembered": "By tenant and question.",
    "app/services/tenants.py:_by_id": "By tenant.",
    "app/services/webhooks.py:_lately": "By tenant.",
    "app/storage/batches.py:repeated": "Of one batch, which is of one tenant.",
    "app/storage/counters.py:_left": "By tenant and counter.",
    "gateway/admission.py:_buckets": "By address and path; says only how often somebody came.",
    "gateway/admission.py:_by_tenant": "By tenant.",
    "gateway/admission.py:_in_progress": "By connection, with its tenant.",
    "gateway/admission.py:_silent": "Connections that have not said anything yet.",
    "gateway/admission.py:refused": "By reason; nobody is named.",
    "gateway/answers.py:_known": "Of one connection, handed on to the next of the same ChargePointRef.",
    "gateway/beside.py:_tasks": "Beginnings under way; nothing is read from it.",
    "gateway/connection.py:_shared": "Settings by their own values: whoever has the same shares them.",
    "gateway/deliveries.py:_failed": "By connection, with its ChargePointRef.",
    "gateway/deliveries.py:_tasks": "Deliveries under way; nothing is read from it.",
    "gateway/departures.py:_queues": "Waiting batches by queue, each of one tenant.",
    "gateway/departures.py:_tasks": "By batch, each of one tenant; says only how many of a task are open.",
    "gateway/dispatcher.py:_by_tenant": "By tenant.",
    "gateway/dispatcher.py:_sent_commands": "By tenant and command id.",
    "gateway/dispatcher.py:_to_flush": "Ids of tenants.",
    "gateway/dispatcher.py:_under_way": "By batch, each of one tenant.",
    "gateway/gathered.py:_TASKS": "Lookings-up under way; nothing is read from it.",
    "gateway/gathered.py:_waiting": "By tenant.",
    "gateway/keepalive.py:_due": "By time, each of one connection.",
    "gateway/keepalive.py:_watched": "By connection.",
    "gateway/measures.py:commands": "By outcome; nobody is named.",
    "gateway/measures.py:errors": "By code; nobody is named.",
    "gateway/measures.py:messages": "By action and tier; nobody is named.",
    "gateway/pace.py:_buckets": "By ChargePointRef.",
    "gateway/pace.py:_lines": "By tenant.",
    "gateway/pace.py:_waiting": "Of one tenant's line.",
    "gateway/pace.py:counts": "By tenant, kind and outcome.",
    "gateway/pongs.py:_seen": "By tenant, then by charge point.",
    "gateway/presence.py:_by_tenant": "By tenant.",
    "gateway/presence.py:_connections": "By ChargePointRef.",
    "gateway/presence.py:_turns": "By ChargePointRef.",
    "gateway/presence.py:opened": "By kind; nobody is named.",
    "gateway/refusals.py:_alarms": "By ChargePointRef.",
    "gateway/refusals.py:_refused": "By ChargePointRef.",
    "gateway/seats.py:_expected": "By tenant, then ChargePointRef.",
    "gateway/seats.py:elsewhere": "By tenant.",
    "gateway/traced.py:_spans": "By batch, each of one tenant.",
    "gateway/writer.py:_TASKS": "Closings under way; nothing is read from it.",
    "workers/command_shares.py:held": "Numbers of shares: no tenant's.",
    "workers/events.py:_to_visit": "Ids of tenants.",
    "workers/pool_metrics.py:_ports": "By worker: ports of this machine.",
    "workers/pools.py:_not_before": "By tenant and number.",
    "workers/pools.py:_running": "By tenant and number.",
    "workers/main.py:process": "The process itself.",
    "workers/watchdog.py:_passed_over": "By queue, which is a tenant's own.",
    "workers/webhooks.py:_closing": "Closings under way; nothing is read from it.",
    "workers/webhooks.py:_lanes": "By tenant and webhook.",
}
"""What processes remember between calls: containers in attributes, and caches of functions."""
