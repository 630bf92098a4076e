/// The scripts of `lua/`, as they are sent (see ``Composition``). Their texts are inside the binary.
package struct ScriptLibrary: Sendable {
    package let receive, match, cancel, retry, fire, update, status, list, stats, history: RedisScript
    package let callbacks, replayCallbacks: RedisScript
    package let claim, renew, finish, release, sweep, settleCallback, heartbeat, leave, fence: RedisScript
    package let holdConnector, releaseConnector: RedisScript
    package let inspect, rearm, recount: RedisScript
    /// ``inspect`` for those who only look: Redis refuses it every write.
    package let look: RedisScript

    /// See ``RedisScript/isUrgent``.
    private static let urgent: Set = [
        "cancel", "claim", "renew", "finish", "release", "sweep", "settle_callback", "heartbeat", "leave",
        "hold_connector", "release_connector",
    ]

    /// What instances never call.
    private static let doctors: Set = ["inspect", "rearm", "recount"]

    /// The read of the clock, once in the prelude and nowhere else.
    package static let clockRead = "redis.call('TIME')"

    /// What production runs: Redis's own clock.
    package static let production = ScriptLibrary(clockRead: clockRead)

    /// The same scripts with the one clock read replaced, so that tests can let days pass.
    ///
    /// - Parameter clockRead: a Lua expression that returns `{seconds, microseconds}` as `TIME` does.
    package init(clockRead: String) {
        self.init { code in code.replacing(Self.clockRead, with: clockRead) }
    }

    /// The same scripts with what follows their first lines rewritten, so that tests can let days pass and calls fail.
    init(code rewritten: (String) -> String) {
        let shared = [PackageResources.prelude_lua, PackageResources.matching_lua, PackageResources.leasing_lua]
        let prelude = shared.map { String(decoding: $0, as: UTF8.self) }.joined(separator: "\n")
        func script(_ name: String, _ bytes: [UInt8]) -> RedisScript {
            let (shebang, code) = Composition.compose(String(decoding: bytes, as: UTF8.self), prelude: prelude)
            let commands = code.matches(of: #/call\('([A-Z]+)'/#).map { String($0.1) }
            return RedisScript(
                name: name, text: shebang + "\n" + rewritten(code), isUrgent: Self.urgent.contains(name),
                rights: Self.doctors.contains(name) ? [] : Set(commands))
        }
        receive = script("receive", PackageResources.receive_lua)
        match = script("match", PackageResources.match_lua)
        cancel = script("cancel", PackageResources.cancel_lua)
        retry = script("retry", PackageResources.retry_lua)
        fire = script("fire", PackageResources.fire_lua)
        update = script("update", PackageResources.update_lua)
        status = script("status", PackageResources.status_lua)
        list = script("list", PackageResources.list_lua)
        stats = script("stats", PackageResources.stats_lua)
        history = script("history", PackageResources.history_lua)
        callbacks = script("callbacks", PackageResources.callbacks_lua)
        replayCallbacks = script("replay_callbacks", PackageResources.replay_callbacks_lua)
        claim = script("claim", PackageResources.claim_lua)
        renew = script("renew", PackageResources.renew_lua)
        finish = script("finish", PackageResources.finish_lua)
        release = script("release", PackageResources.release_lua)
        sweep = script("sweep", PackageResources.sweep_lua)
        settleCallback = script("settle_callback", PackageResources.settle_callback_lua)
        heartbeat = script("heartbeat", PackageResources.heartbeat_lua)
        leave = script("leave", PackageResources.leave_lua)
        holdConnector = script("hold_connector", PackageResources.hold_connector_lua)
        releaseConnector = script("release_connector", PackageResources.release_connector_lua)
        inspect = script("inspect", PackageResources.inspect_lua)
        rearm = script("rearm", PackageResources.rearm_lua)
        recount = script("recount", PackageResources.recount_lua)
        look = inspect.readingOnly
        fence = script("fence", PackageResources.fence_lua)
    }

    /// All of them, to be loaded on connect.
    package var all: [RedisScript] {
        [
            receive, match, cancel, retry, fire, update, status, list, stats, history, callbacks, replayCallbacks,
            claim, renew, finish, release, sweep, settleCallback, heartbeat, leave, inspect, rearm, recount, fence,
            holdConnector, releaseConnector,
        ]
    }
}

extension RedisScript {
    fileprivate var readingOnly: RedisScript {
        RedisScript(name: name, text: "#!lua flags=no-writes" + text.drop { $0 != "\n" })
    }
}
