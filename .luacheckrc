-- The scripts run inside Redis; each is loaded with prelude.lua in front of it.
std = "lua51"
max_line_length = 120
read_globals = { "redis", "cjson", "KEYS", "ARGV" }
local prelude = {
  "P", "call", "floor", "find", "sub", "byte", "gsub", "clock", "text", "precedes", "page_before", "escaped",
  "task_key", "customer_key", "ranks", "load", "load_losses", "load_work", "publish", "TIMELINE_LIMIT", "extended",
  "is_called_back", "queue_callback", "disarm", "event_at", "trigger", "settle", "settle_cancel", "backlog", "claim",
  "fire", "add", "TIME_EVENT", "message_test", "condition_test", "data_test", "look_back",
}
files["lua/*.lua"] = { read_globals = prelude }
files["lua/prelude.lua"] = { read_globals = { "redis", "cjson", "KEYS", "ARGV" }, ignore = { "211" } }
files["lua/matching.lua"] = { ignore = { "211" } }
files["lua/leasing.lua"] = { ignore = { "211", "431" } }
